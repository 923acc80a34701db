"""Log-mel frames of WAV files by librosa, with the settings of the analysis.

    python3 librosa_log_mel.py PASSES WAV...

Prints the seconds of the fastest pass over all files, reading included, the number of frames, and the mean of all values.
"""

import sys
import time

import librosa
import numpy as np


def log_mel(path):
    samples, rate = librosa.load(path, sr=None)
    assert rate == 16_000, f"{path} is at {rate} Hz"
    # librosa puts a window shorter than the transform in its middle: zeros of that margin put it back in place.
    mel = librosa.feature.melspectrogram(
        y=np.pad(samples, 56), sr=rate, n_fft=512, win_length=400, hop_length=160, center=False,
        power=2.0, n_mels=64, fmin=50.0, fmax=7600.0, htk=True, norm=None,
    )  # fmt: skip
    return np.log(mel + 1e-7)


passes, paths = int(sys.argv[1]), sys.argv[2:]
# The warm-up: imports, compilers, filter banks, and the files.
values = np.concatenate([log_mel(path) for path in paths], axis=1)
fastest = float("inf")
for _ in range(passes):
    start = time.perf_counter()
    for path in paths:
        log_mel(path)
    fastest = min(fastest, time.perf_counter() - start)
print(fastest, values.shape[1], values.mean(dtype="f8"))
