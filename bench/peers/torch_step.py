"""One training step in PyTorch, same shapes as bench/engine.ts: the peer that the engine is measured beside.

    python bench/peers/torch_step.py <model> <threads>                 # serves on stdin/stdout, see below
    echo 3 | python bench/peers/torch_step.py m1 2                     # about 3 s of steps, milliseconds as JSON
    echo 3 | python bench/peers/torch_step.py m2t20 1 cuda-graph 16    # eager | cuda | cuda-graph, the last two also with -tf32; synchronised every 16 steps
    echo 3 | python bench/peers/torch_step.py m1 1 eager 1 cpu         # processor time instead of the time that passes

Models: m1 (2 x LSTM 64, 30 keys, window 10, batch 512), trainer (the same, then dense 256 and 128 relu), m2t20 and m2t128
(encoder, hidden 256, 4 layers, 4 heads, feed-forward 1024, 400 tokens, batch 32), logbert (the same with feed-forward 512, 40 keys,
T=24, dropout .1 after the embedding and each half layer, masked-key and hypersphere loss), logbert_small (hidden 64, 2 layers),
loganomaly (LSTM 128 over vectors of 100 and LSTM 128 over counts, 30 keys, window 10, batch 128), text (embedding 100,
LSTM 50 and LSTM 50 over tokens and the states' largest values, 66 tokens, T=48, batch 64, a fifth of the words hidden), windows (four LSTMs of 32 around a
code of 16, 20 lines of 52 numbers, batch 128). Fused Adam, float32.
Prints {"torch": version} when ready; then, for each line holding a number of seconds, a list of milliseconds per step.
"""
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class LogKey(nn.Module):
    def __init__(self, hidden, keys=30, units=64):
        super().__init__()
        self.lstm = nn.LSTM(keys, units, 2)
        widths = [units, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.output = nn.Linear(widths[-1], keys)

    def forward(self, x):  # [W, B, keys]
        states, _ = self.lstm(x)
        x = states[-1]
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.output(x)


class Encoder(nn.Module):
    def __init__(self, length, tokens=400, width=256, layers=4, heads=4, wide=1024):
        super().__init__()
        self.tokens = nn.Embedding(tokens, width)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.02)
        self.norm = nn.LayerNorm(width)
        layer = nn.TransformerEncoderLayer(width, heads, wide, dropout=0.0, activation="gelu", batch_first=True)
        self.trunk = nn.TransformerEncoder(layer, layers)
        self.head = nn.Linear(width, tokens)

    def forward(self, ids):  # [B, T]
        return self.head(self.trunk(self.norm(self.tokens(ids) + self.positions)))


class LogBert(nn.Module):
    """Dropout where ours has it: none on the attention's weights or inside the feed-forward part."""

    def __init__(self, width, layers, length=24, keys=40, longest=512, heads=4, dropout=0.1):
        super().__init__()
        self.tokens = nn.Embedding(keys + 2, width)
        self.positions = nn.Parameter(torch.randn(longest, width) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout=dropout, activation="gelu", batch_first=True)
        layer.self_attn.dropout = 0.0
        layer.dropout = nn.Identity()
        self.trunk = nn.TransformerEncoder(layer, layers)
        self.head = nn.Linear(width, keys)
        self.register_buffer("weights", (torch.randint(0, 3, (32 * length,)) > 0).float())
        self.register_buffer("centre", torch.full((width,), 0.1))

    def forward(self, ids):  # [B, T]
        placed = self.tokens(ids) + self.positions[: ids.shape[1]]
        return self.trunk(self.drop(self.norm(placed)), src_key_padding_mask=ids == 0)

    def loss(self, ids, targets):
        states = self(ids)
        each = F.cross_entropy(self.head(states).reshape(targets.shape[0], -1), targets, reduction="none")
        return (each * self.weights).sum() / self.weights.sum() + 0.1 * ((states[:, 0] - self.centre) ** 2).mean()


class LogAnomaly(nn.Module):
    def __init__(self, keys=30, dimensions=100, units=128):
        super().__init__()
        self.sequence = nn.LSTM(dimensions, units)
        self.counts = nn.LSTM(keys, units)
        self.output = nn.Linear(2 * units, keys)
        self.dimensions = dimensions

    def forward(self, x):  # [W, B, dimensions + keys]: vectors and counts side by side
        vectors, counts = x[..., : self.dimensions], x[..., self.dimensions :]
        return self.output(torch.cat([self.sequence(vectors)[0][-1], self.counts(counts)[0][-1]], 1))


class TextAutoencoder(nn.Module):
    def __init__(self, tokens=66, embedding=100, latent=50):
        super().__init__()
        self.embedding = nn.Embedding(tokens, embedding)
        self.encoder = nn.LSTM(embedding, latent)
        self.decoder = nn.LSTM(embedding + latent, latent)
        self.output = nn.Linear(latent, tokens)

    def loss(self, ids, _):  # [T, B]
        vectors = self.embedding(ids)
        latent = self.encoder(vectors)[0].max(0).values
        keep = (torch.rand(ids.shape, device=ids.device) >= 0.2).float().unsqueeze(-1) / 0.8
        before = torch.cat([self.embedding(torch.full_like(ids[:1], 2)), vectors[:-1]]) * keep
        written, _ = self.decoder(torch.cat([before, latent.expand(ids.shape[0], -1, -1)], 2))
        return F.cross_entropy(self.output(written).flatten(0, 1), ids.flatten())


class WindowAutoencoder(nn.Module):
    def __init__(self, dimensions=52, units=32, code=16):
        super().__init__()
        self.read = nn.ModuleList(nn.LSTM(dimensions, units) for _ in range(2))
        self.code = nn.Linear(2 * units, code)
        self.write = nn.ModuleList(nn.LSTM(code, units) for _ in range(2))
        self.line = nn.ModuleList(nn.Linear(units, dimensions) for _ in range(2))

    def loss(self, x, _):  # [W, B, dimensions]
        both = [x, x.flip(0)]
        code = torch.tanh(self.code(torch.cat([read(own)[0][-1] for read, own in zip(self.read, both)], 1)))
        again = [line(write(code.expand(x.shape[0], -1, -1))[0]) for write, line in zip(self.write, self.line)]
        return (F.mse_loss(again[0], both[0]) + F.mse_loss(again[1], both[1])) / 2


class FusedAdam:
    """torch.optim.Adam(fused=True) without its Python bookkeeping: the fastest CPU update PyTorch has."""

    def __init__(self, parameters):
        self.p = list(parameters)
        self.m = [torch.zeros_like(p) for p in self.p]
        self.v = [torch.zeros_like(p) for p in self.p]
        self.t = [torch.zeros((), dtype=torch.float32) for _ in self.p]

    def zero_grad(self, set_to_none=True):
        for p in self.p:
            p.grad = None

    @torch.no_grad()
    def step(self):
        torch._foreach_add_(self.t, 1)
        torch._fused_adam_(
            self.p, [p.grad for p in self.p], self.m, self.v, [], self.t,
            lr=1e-3, beta1=0.9, beta2=0.999, weight_decay=0.0, eps=1e-8, amsgrad=False, maximize=False,
        )


def build(name, device):
    if name in ("m1", "trainer"):
        x = F.one_hot(torch.randint(0, 30, (10, 512)), 30).float().to(device)
        return LogKey([256, 128] if name == "trainer" else []).to(device), x, torch.randint(0, 30, (512,)).to(device)
    if name.startswith("logbert"):
        model = LogBert(64, 2) if name == "logbert_small" else LogBert(256, 4)
        return model.to(device), torch.randint(3, 40, (32, 24)).to(device), torch.randint(3, 40, (32 * 24,)).to(device)
    if name == "loganomaly":
        return LogAnomaly().to(device), torch.rand(10, 128, 130).to(device), torch.randint(0, 30, (128,)).to(device)
    if name == "text":
        return TextAutoencoder().to(device), torch.randint(3, 66, (48, 64)).to(device), None
    if name == "windows":
        return WindowAutoencoder().to(device), (torch.rand(20, 128, 52) * 2 - 1).to(device), None
    length = int(name[3:])
    return Encoder(length).to(device), torch.randint(0, 400, (32, length)).to(device), torch.randint(0, 400, (32 * length,)).to(device)


def stepper(name, mode):
    tf32 = mode.endswith("-tf32")
    mode = mode.removesuffix("-tf32")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    device = "cpu" if mode == "eager" else "cuda"
    model, x, y = build(name, device)
    model.train()
    optimizer = FusedAdam(model.parameters()) if device == "cpu" else torch.optim.Adam(model.parameters(), 1e-3, fused=True, capturable=True)

    def forward_backward():
        loss = model.loss(x, y) if hasattr(model, "loss") else F.cross_entropy(model(x).reshape(y.shape[0], -1), y)
        loss.backward()
        return loss

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = forward_backward()
        optimizer.step()
        return loss

    if mode == "eager":
        return lambda: step().item()
    if mode == "cuda":
        return step
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    optimizer.zero_grad(set_to_none=True)
    with torch.cuda.graph(graph):
        forward_backward()
        optimizer.step()
    return graph.replay


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    mode = sys.argv[3] if len(sys.argv) > 3 else "eager"
    block = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    clock = time.process_time if sys.argv[5:] == ["cpu"] else time.perf_counter
    wait = (lambda: None) if mode == "eager" else torch.cuda.synchronize
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    step = stepper(name, mode)
    for _ in range(3):
        step()
    wait()
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        seconds = float(line)
        times = []
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            before = clock()
            for _ in range(block):
                step()
            wait()
            times.append(round((clock() - before) * 1e3 / block, 4))
        print(json.dumps(times), flush=True)


main()
