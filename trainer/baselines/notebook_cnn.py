"""The network of the notebook that claims 97.25 %, on voices that it has not heard: what stands beside ours in the README.

    cargo run --release -p pathos-trainer -- scan CORPORA --folds folds.csv --config trainer/recipes/pathos.toml
    python3 -m venv venv && venv/bin/pip install librosa==0.11.0 torch==2.9.1
    venv/bin/python trainer/baselines/notebook_cnn.py folds.csv --fold 0 --cache rows.npz --out notebook

What a row is, the network of 7.19 million parameters, its optimiser and its batches are those of
`mostafaabdlhamed/speech-emotion-recognition-97-25-accuracy` (Kaggle); the split is by speaker in place of by row, and each
clip is judged by its own row, without the copies. About 2 billion multiplications and additions a row, so an epoch of one copy of
each clip takes two cores ten minutes, and 50 of four copies days: `--epochs` and `--copies` say how much of it is done. What stands in
the README is of `--copies 1 --epochs 12`. A run that was stopped goes on from its last epoch. With `MALLOC_MMAP_MAX_=0
MALLOC_TRIM_THRESHOLD_=60000000000` in the environment glibc keeps its memory, which saves a quarter of the time.
Prints each epoch's loss and, of the fold, the unweighted average recall (UAR) of each set over the classes that it has, and the
accuracy of all, in per cent. The last epoch counts: none is chosen.
"""

import argparse
import os

import librosa
import numpy as np
import torch
from folds import best, read, uar
from torch import nn
from torch.nn import functional

RATE = 22_050  # Hz
OFFSET_S, LENGTH_S = 0.6, 2.5
FRAME, HOP, CEPSTRA = 2048, 512, 20
FRAMES = 1 + int(LENGTH_S * RATE) // HOP
COPIES = ["as it is", "with noise", "shifted", "with noise and shifted"]
SEMITONES = 0.7
LARGEST_NOISE = 0.035
EMOTIONS = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
BATCH, RATE_OF_LEARNING = 64, 1e-3
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def row(samples):
    """Zero crossings, level and cepstra of each frame, one after the other; zeros where the clip has ended."""
    crossings = librosa.feature.zero_crossing_rate(samples, frame_length=FRAME, hop_length=HOP)[0]
    level = librosa.feature.rms(y=samples, frame_length=FRAME, hop_length=HOP)[0]
    cepstra = librosa.feature.mfcc(y=samples, sr=RATE, n_mfcc=CEPSTRA, n_fft=FRAME, hop_length=HOP)
    numbers = np.concatenate([crossings, level, cepstra.T.ravel()]).astype(np.float32)
    return np.pad(numbers, (0, FRAMES * (2 + CEPSTRA) - len(numbers)))


def rows_of(path, copies, random):
    """The rows of the first `copies` of a clip's copies."""
    samples, _ = librosa.load(path, sr=RATE, offset=OFFSET_S, duration=LENGTH_S)
    deviation = LARGEST_NOISE * random.uniform() * np.max(samples, initial=0)
    noisy = samples + deviation * random.standard_normal(len(samples)).astype(np.float32)
    made = [row(samples)]
    if copies > 1:
        made.append(row(noisy))
    for source in [samples, noisy][: copies - 2] if copies > 2 else []:
        made.append(row(librosa.effects.pitch_shift(source, sr=RATE, n_steps=SEMITONES)))
    return made


def features(clips, copies, cache):
    """`[clips, copies, numbers]`; kept in a file, since the shifted copies take half an hour."""
    if os.path.exists(cache):
        kept = np.load(cache)["rows"]
        if kept.shape[:2] != (len(clips), copies):
            raise SystemExit(f"{cache} holds {kept.shape[:2]} clips and copies, not {(len(clips), copies)}: delete it")
        return kept
    made = []
    for number, clip in enumerate(clips):
        made.append(rows_of(clip["path"], copies, np.random.default_rng(number)))
        if number % 500 == 0:
            print(f"{number} of {len(clips)} clips", flush=True)
    made = np.asarray(made, np.float32)
    np.savez(cache, rows=made)
    return made


class Pool(nn.Module):
    """The maximum of each `width` steps, every second one, with the padding that Keras calls `same`."""

    def __init__(self, width):
        super().__init__()
        self.width = width

    def forward(self, x):
        length = x.shape[-1]
        missing = max(2 * ((length + 1) // 2 - 1) + self.width - length, 0)
        x = functional.pad(x, (missing // 2, missing - missing // 2), value=-torch.inf)
        return functional.max_pool2d(x, (1, self.width), (1, 2))


class Convolved(torch.autograd.Function):
    """A two-dimensional convolution of height 1 whose weights' gradient is one product of matrices for each of its taps.

    Of float32 on a CPU, libtorch's own takes more than twice as long.
    """

    @staticmethod
    def forward(ctx, x, weight, bias):
        """`x`: `[rows, channels, 1, steps]`, channels last."""
        ctx.save_for_backward(x, weight)
        return functional.conv2d(x, weight, bias, padding="same")

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensors
        width = weight.shape[-1]
        half = width // 2
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = functional.conv2d(gradient, weight.flip(3).transpose(0, 1), padding="same")
        # The rows one after the other, `[steps, channels]`, with as many zeros between them as a tap can reach.
        long_x, long_gradient = (
            functional.pad(each, (half, half)).permute(0, 2, 3, 1).reshape(-1, each.shape[1]) for each in [x, gradient]
        )
        steps = len(long_x) - 2 * half
        middle = long_gradient[half : half + steps].T
        of_weight = torch.stack([middle @ long_x[tap : tap + steps] for tap in range(width)], dim=2)[:, :, None]
        return of_x, of_weight, gradient.sum((0, 2, 3))


class Convolution(nn.Conv2d):
    """Along the last axis, as long as before."""

    def forward(self, x):
        return Convolved.apply(x, self.weight, self.bias)


def network():
    """Five convolutions over the row, whatever its numbers mean, and two dense layers.

    What batch norm judges by follows ten times as fast as Keras has it, whose mean over a hundred steps lags behind the weights until there
    are far more steps than are affordable here; nothing that is learned depends on it.
    """
    layers, channels = [], 1
    # Two-dimensional layers of height 1: what libtorch has fast kernels for.
    for wide, width, pool, dropout in [(512, 5, 5, 0), (512, 5, 5, 0.2), (256, 5, 5, 0), (256, 3, 5, 0.2), (128, 3, 3, 0.2)]:
        layers += [
            Convolution(channels, wide, (1, width)),
            nn.ReLU(),
            nn.BatchNorm2d(wide, eps=1e-3),
            Pool(pool),
            nn.Dropout(dropout),
        ]
        channels = wide
    steps = FRAMES * (2 + CEPSTRA)
    for _ in range(5):
        steps = (steps + 1) // 2
    layers += [nn.Flatten(), nn.Linear(channels * steps, 512), nn.ReLU()]
    layers += [nn.BatchNorm1d(512, eps=1e-3), nn.Linear(512, len(EMOTIONS))]
    made = nn.Sequential(*layers)
    for layer in made:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return made.to(DEVICE, memory_format=torch.channels_last)


def logits(net, rows):
    """`[rows, emotions]`."""
    return net(rows.to(DEVICE)[:, None, None, :].contiguous(memory_format=torch.channels_last))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folds", help="what `trainer scan --folds` wrote")
    parser.add_argument("--fold", type=int, default=0, help="the fold of speakers that is judged")
    parser.add_argument("--copies", type=int, default=len(COPIES), choices=[1, 2, 3, 4], help="of each clip: " + ", ".join(COPIES))
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--cache", required=True, help="where the rows are kept, as .npz")
    parser.add_argument("--out", required=True, help="where the network is kept after each epoch")
    arguments = parser.parse_args()
    clips = read(arguments.folds)
    # Before the rows, which take half an hour.
    task = [arguments.fold, arguments.copies, len(clips)]
    kept = torch.load(arguments.out, map_location=DEVICE) if os.path.exists(arguments.out) else None
    if kept and kept["task"] != task:
        parser.error(f"{arguments.out} is of fold, copies and clips {kept['task']}, not {task}: name another --out")
    rows = features(clips, arguments.copies, arguments.cache)
    labels = np.array([EMOTIONS.index(clip["emotion"]) for clip in clips])
    corpora = np.array([clip["corpus"] for clip in clips])
    test = np.array([int(clip["fold"]) for clip in clips]) == arguments.fold
    if not test.any() or test.all():
        parser.error(f"{arguments.folds} has no fold {arguments.fold}, or nothing else")

    learned = rows[~test].reshape(-1, rows.shape[-1])
    mean, deviation = learned.mean(axis=0), learned.std(axis=0)
    deviation[deviation == 0] = 1
    learned = torch.from_numpy((learned - mean) / deviation)
    targets = torch.from_numpy(labels[~test].repeat(arguments.copies))
    judged = torch.from_numpy((rows[test, 0] - mean) / deviation)

    torch.manual_seed(1)
    net = network()
    print(f"{sum(p.numel() for p in net.parameters()):,} parameters, {len(learned):,} rows", flush=True)
    optimiser = torch.optim.Adam(net.parameters(), RATE_OF_LEARNING, eps=1e-7)
    done = 0
    if kept:
        net.load_state_dict(kept["network"])
        optimiser.load_state_dict(kept["optimiser"])
        done = kept["epochs"]

    for epoch in range(done, arguments.epochs):
        torch.manual_seed(1000 + epoch)
        net.train()
        total = 0.0
        for batch in torch.randperm(len(learned)).split(BATCH):
            optimiser.zero_grad()
            loss = functional.cross_entropy(logits(net, learned[batch]), targets[batch].to(DEVICE))
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
        state = {"task": task, "network": net.state_dict(), "optimiser": optimiser.state_dict(), "epochs": epoch + 1}
        torch.save(state, arguments.out + ".part")
        os.replace(arguments.out + ".part", arguments.out)

        net.eval()
        with torch.no_grad():
            scores = torch.cat([logits(net, part) for part in judged.split(BATCH)]).cpu().numpy()
        said = [f"epoch {epoch + 1}: loss {total / len(learned):.3f}"]
        right = 0
        for corpus in np.unique(corpora[test]):
            own = corpora[test] == corpus
            truth = labels[test][own]
            guess = best(scores[own], np.arange(len(EMOTIONS)), labels[corpora == corpus])
            right += np.sum(guess == truth)
            said.append(f"{corpus} {uar(truth, guess):.1f}")
        print(", ".join(said + [f"accuracy of all {100 * right / test.sum():.1f}"]), flush=True)


if __name__ == "__main__":
    main()
