"""Scores sessions with an exported key model in Python, from its config.json alone: the steps of export.scoring, written anew.

    pip install onnxruntime numpy        (for --format onnx)
    pip install tensorflow               (for --format h5: Keras)
    python bench/peers/score_exported.py artifacts/export sessions.txt --format h5

sessions.txt has the event ids of one session per line; the output has its score and 1 (abnormal) or 0.
"""
import argparse
import json
import os

import numpy as np

PAD, UNK, END, FIRST_EVENT = 0, 1, 2, 3
TIE, UNKNOWN_NLL = 1e-5, 1000.0

parser = argparse.ArgumentParser()
parser.add_argument('export')
parser.add_argument('sessions')
parser.add_argument('--format', choices=['onnx', 'h5'], default='onnx')
args = parser.parse_args()

config = json.load(open(os.path.join(args.export, 'config.json')))
network = config['export']['networks'][0]
index = {event: i + FIRST_EVENT for i, event in enumerate(config['vocabulary'])}
tokens, width = len(index) + FIRST_EVENT, config['window_size']
file = os.path.join(args.export, network['files'][args.format])


def open_onnx():
    import onnxruntime
    session = onnxruntime.InferenceSession(file)
    return lambda windows: session.run(['log_probabilities'], {'windows': windows.astype('int32')})[0]


def open_keras():
    import keras
    whole = keras.models.load_model(file, compile=False)
    logits = keras.models.Model(whole.inputs, whole.get_layer(network['layers']['scoring_output']).output)

    def run(windows):
        z = logits.predict(np.eye(tokens, dtype='float32')[windows], batch_size=1024, verbose=0)
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return run


run = open_onnx() if args.format == 'onnx' else open_keras()
sessions = [[int(word) for word in line.split()] for line in open(args.sessions)]
windows, targets, owners = [], [], []
for s, events in enumerate(sessions):
    ids = [index.get(e, UNK) for e in events] + ([END] if config['predict_end'] and config['score'] != 'event-nll' else [])
    padded = [PAD] * width + ids
    for i, target in enumerate(ids):
        windows.append(padded[i:i + width])
        targets.append(target)
        owners.append(s)

log_p = run(np.array(windows))
scores = np.zeros(len(sessions))
for row, target, s in zip(log_p, targets, owners):
    if config['score'] == 'rank':
        value = tokens + 1 if target == UNK else 1 + int((row > row[target] + TIE).sum())
    else:
        value = UNKNOWN_NLL if target == UNK else round(float(-row[target]), 4)
    scores[s] = max(scores[s], value)
for score in scores:
    print('%.6g\t%d' % (score, score > config['threshold']))
