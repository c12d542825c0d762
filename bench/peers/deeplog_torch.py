"""DeepLog's log-key model in plain PyTorch with the same trick (distinct windows, weighted): the peer of bench/log_key.ts.

    python deeplog_torch.py <sessions.txt> <labels.txt> <epochs> <learning rate> <seed> <threads>

Protocol hdfs-4855: 4,855 normal sessions for training, 4,855 for validation, all others for testing. Prints one JSON object.
Fused Adam step, as torch.optim's fused=True on a CPU.
"""
import json
import random
import sys
import time
from collections import Counter

import torch
import torch.nn as nn
import torch.nn.functional as F

sessions_file, labels_file, epochs, rate, seed, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6])
torch.set_num_threads(threads)
torch.manual_seed(seed)
WINDOW, UNITS, BATCH, PAD = 10, 64, 512, 0
sessions = [tuple(map(int, line.split())) for line in open(sessions_file)]
labels = [int(x) for x in open(labels_file)]
started = time.time()
normal = [i for i, y in enumerate(labels) if not y]
drawn = random.Random(seed).sample(normal, 9710)
train, validation, held = drawn[:4855], drawn[4855:], set(drawn)
test = [i for i in range(len(sessions)) if i not in held]
size = max(max(s) for s in sessions if s) + 1


def windows(s):
    padded = (PAD,) * WINDOW + s
    for j in range(len(s)):
        yield padded[j:j + WINDOW], padded[j + WINDOW]


pairs = Counter()
for s, n in Counter(sessions[i] for i in train).items():
    for w in windows(s):
        pairs[w] += n
x = torch.tensor([w for w, _ in pairs])
y = torch.tensor([t for _, t in pairs])
weight = torch.tensor(list(pairs.values()), dtype=torch.float)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(size, UNITS, 2, batch_first=True)
        self.out = nn.Linear(UNITS, size)

    def forward(self, ids):
        return self.out(self.lstm(F.one_hot(ids, size).float())[0][:, -1])


class FusedAdam:
    """torch.optim.Adam(fused=True) without the parts of torch.optim that need packages a minimal install lacks."""

    def __init__(self, parameters):
        self.p = list(parameters)
        self.m = [torch.zeros_like(p) for p in self.p]
        self.v = [torch.zeros_like(p) for p in self.p]
        self.t = [torch.zeros((), dtype=torch.float32) for _ in self.p]

    def zero_grad(self):
        for p in self.p:
            p.grad = None

    @torch.no_grad()
    def step(self):
        torch._foreach_add_(self.t, 1)
        torch._fused_adam_(self.p, [p.grad for p in self.p], self.m, self.v, [], self.t, lr=rate, beta1=.9, beta2=.999, weight_decay=0., eps=1e-8, amsgrad=False, maximize=False)


model = Model()
adam = FusedAdam(model.parameters())
fit_started = time.time()
for _ in range(epochs):
    order = torch.randperm(len(x))
    for i in range(0, len(x), BATCH):
        j = order[i:i + BATCH]
        w = weight[j]
        loss = (F.cross_entropy(model(x[j]), y[j], reduction='none') * w).sum() / w.sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
fit_seconds = time.time() - fit_started

score_started = time.time()
wanted = {sessions[i] for i in validation} | {sessions[i] for i in test}
contexts = list({w: None for s in wanted for w, _ in windows(s)})
ranks = {}
with torch.no_grad():
    for i in range(0, len(contexts), 8192):
        part = contexts[i:i + 8192]
        for context, row in zip(part, model(torch.tensor(part)).argsort(1, descending=True).argsort(1).tolist()):
            ranks[context] = row
worst = {s: max((ranks[w][t] for w, t in windows(s)), default=0) for s in wanted}
on_validation = sorted(worst[sessions[i]] for i in validation)
out = dict(windows=len(pairs), fit_seconds=round(fit_seconds, 2), score_seconds=round(time.time() - score_started, 2), total_seconds=round(time.time() - started, 2), threads=threads, torch=torch.__version__)
for fpr in (.01, .001):
    g = on_validation[min(len(on_validation) - 1, int(len(on_validation) * (1 - fpr)))]
    tp = sum(1 for i in test if labels[i] and worst[sessions[i]] > g)
    fp = sum(1 for i in test if not labels[i] and worst[sessions[i]] > g)
    fn = sum(1 for i in test if labels[i]) - tp
    out[f'f1_at_{fpr}'] = round(2 * tp / max(1, 2 * tp + fp + fn), 4)
print(json.dumps(out))
