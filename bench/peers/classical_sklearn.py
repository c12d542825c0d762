"""The classical detectors by scikit-learn, on the very same split: reads the data sets itself, splits and counts by itself.

    python bench/peers/classical_sklearn.py DATA_DIR hdfs-chrono bgl-chrono

Prints ROC-AUC and F1 (at each method's own threshold) over the test part; compare with `own F1` of
`deeplog benchmark --protocol hdfs-chrono,bgl-chrono --detectors classical,supervised`. Needs numpy and scikit-learn.
"""
import gzip
import os
import sys
from collections import Counter

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

C_ALPHA = 3.2905  # loglizer's, alpha = .001
AVERAGE_PATH_256 = 10.244770920119917


def load(data, protocol):
    """Bags of events, distinct ones once; per session its bag, label and share (0 left out, 1 train, 2 validation, 3 test)."""
    lines = lambda *p: gzip.open(os.path.join(data, *p), "rt")
    if protocol == "hdfs-chrono":
        sessions = [tuple(map(int, line.split())) for line in lines("hdfs", "sessions.txt.gz")]
        labels = np.array([int(line) for line in lines("hdfs", "labels.txt.gz")])
        a, b, purge = int(len(sessions) * 0.2), int(len(sessions) * 0.3), False
    elif protocol == "bgl-chrono":
        stream = [int(line) for line in lines("bgl", "content_keys_stream.txt.gz")]
        labels = np.array([int(line) for line in lines("bgl", "window20_stride10_labels.txt.gz")])[:390150]
        sessions = [tuple(stream[10 * k : 10 * k + 20]) for k in range(len(labels))]
        a, b, purge = int(len(sessions) * 0.4), int(len(sessions) * 0.5), True
    else:
        sys.exit(f"no protocol {protocol} here")
    share = np.r_[np.full(a, 1), np.full(b - a, 2), np.full(len(sessions) - b, 3)]
    if purge:
        share[[a, b]] = 0
    index, bags, of = {}, [], []
    for s in sessions:
        key = tuple(sorted(s))
        if key not in index:
            index[key] = len(bags)
            bags.append(Counter(s))
        of.append(index[key])
    return bags, np.array(of), labels, share


def counts(bags, of, train, fewest):
    """Count vectors with a last column for unknown events; log(N / sessions that have the event)."""
    having = Counter()
    for bag, n in Counter(of[train].tolist()).items():
        for event in bags[bag]:
            having[event] += n
    events = sorted(e for e, n in having.items() if n >= fewest)
    column = {e: i for i, e in enumerate(events)}
    out = np.zeros((len(bags), len(events) + 1))
    for i, bag in enumerate(bags):
        for event, n in bag.items():
            out[i, column.get(event, len(events))] += n
    return out, np.log(len(train) / np.array([having[e] for e in events] + [1.0]))


def run(data, protocol):
    bags, of, labels, share = load(data, protocol)
    test = np.where(share == 3)[0]
    truth = labels[test]

    def say(name, score, threshold, more=""):
        found = score[of[test]]
        print(f"{protocol:12} {name:22} ROC-AUC {roc_auc_score(truth, found):.4f}  F1 {f1_score(truth, found > threshold):.4f} {more}", flush=True)

    train = np.where((share == 1) & (labels == 0))[0]
    plain, idf = counts(bags, of, train, 1)
    features = plain * idf
    features -= features[of[train]].mean(0)
    x = features[of[train]]
    p = PCA(n_components=0.95, svd_solver="full").fit(x).components_
    residual = features - (features @ p.T) @ p
    variances = np.sort(np.linalg.eigvalsh(x.T @ x / len(x)))[::-1][len(p) :]
    phi = [(variances**i).sum() for i in (1, 2, 3)]
    h0 = 1 - 2 * phi[0] * phi[2] / (3 * phi[1] ** 2)
    limit = phi[0] * (C_ALPHA * np.sqrt(2 * phi[1] * h0**2) / phi[0] + 1 + phi[1] * h0 * (h0 - 1) / phi[0] ** 2) ** (1 / h0)
    say("pca", (residual**2).sum(1), limit, f"{len(p)} components")
    for seed in range(3):
        score = -IsolationForest(n_estimators=100, max_samples=256, random_state=seed).fit(plain[of[train]]).score_samples(plain)
        say("isolation-forest", np.where(plain[:, -1] > 0, 2 ** (-1 / AVERAGE_PATH_256), score), 0.5, f"seed {seed}")
        say("  unknown events unseen", score, 0.5, f"seed {seed}")

    train = np.where(share == 1)[0]
    plain, idf = counts(bags, of, train, 2)
    rows, weight = np.unique(np.c_[of[train], labels[train]], axis=0, return_counts=True)
    x, y = plain[rows[:, 0]], rows[:, 1]
    model = LogisticRegression(C=100, solver="newton-cholesky", tol=1e-10, max_iter=10000).fit(x * idf, y, sample_weight=weight)
    say("logistic-regression", model.decision_function(plain * idf), 0)
    model = LinearSVC(C=1, dual=False, tol=1e-8, max_iter=20000, intercept_scaling=100).fit(x * idf, y, sample_weight=weight)
    say("linear-svm", model.decision_function(plain * idf), 0)
    for seed in range(3):
        model = DecisionTreeClassifier(random_state=seed).fit(x, y, sample_weight=weight)
        say("decision-tree", model.predict_proba(plain)[:, 1], 0.5, f"seed {seed}, {model.get_n_leaves()} leaves")
    model = RandomForestClassifier(random_state=0).fit(plain[of[train]], labels[train])
    say("random-forest", model.predict_proba(plain)[:, 1], 0.5)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        run(sys.argv[1], name)
