"""Features of a sound by librosa, on the frames of the analysis: frame k's newest sample is number 160 k + 399.

    python3 librosa_features.py SIGNAL DIR

SIGNAL holds raw little-endian f32 samples at 16 kHz. Writes DIR/NAME.f32, rows of raw little-endian f32, for each feature.
"""

import sys
from pathlib import Path

import librosa
import numpy as np

RATE, HOP, WINDOW = 16_000, 160, 400
YIN_FRAME, CHROMA_FRAME = 1024, 2048

samples = np.fromfile(sys.argv[1], dtype="<f4")
folder = Path(sys.argv[2])


def ending_with_frames(length):
    """The samples behind so many zeros that windows of `length` end where the analysis' frames do."""
    return np.pad(samples, (length - WINDOW, 0))


def save(name, columns):
    np.ascontiguousarray(np.atleast_2d(columns).T, dtype="<f4").tofile(folder / f"{name}.f32")


# librosa puts a window shorter than the transform in its middle: zeros of that margin put it back in place.
margin = (512 - WINDOW) // 2
mel = librosa.feature.melspectrogram(
    y=np.pad(samples, margin), sr=RATE, n_fft=512, win_length=WINDOW, hop_length=HOP, center=False,
    power=2.0, n_mels=64, fmin=50.0, fmax=7600.0, htk=True, norm=None,
)  # fmt: skip
log_mel = np.log(mel + 1e-7)
save("log_mel", log_mel)

mfcc = librosa.feature.mfcc(S=log_mel, n_mfcc=20)
save("mfcc", mfcc)
save("deltas", librosa.feature.delta(mfcc, width=9, order=1, mode="nearest"))
save("second_deltas", librosa.feature.delta(mfcc, width=9, order=2, mode="nearest"))

spectrum = librosa.stft(ending_with_frames(CHROMA_FRAME), n_fft=CHROMA_FRAME, hop_length=HOP, center=False)
bank = librosa.filters.chroma(sr=RATE, n_fft=CHROMA_FRAME, tuning=0.0, ctroct=5.0, octwidth=2, base_c=True)
chroma = bank @ np.abs(spectrum) ** 2
save("chroma_power", chroma.max(axis=0))
save("chroma", librosa.util.normalize(chroma, norm=np.inf, axis=0))

frames = {"sr": RATE, "frame_length": YIN_FRAME, "hop_length": HOP, "center": False}
padded = ending_with_frames(YIN_FRAME)
save("yin", librosa.yin(padded, fmin=60, fmax=1000, trough_threshold=0.1, **frames))
f0, voiced, _ = librosa.pyin(padded, fmin=60, fmax=1000, **frames)
save("pyin", np.where(voiced, f0, 0.0))

grid = {"frame_length": WINDOW, "hop_length": HOP, "center": False}
rms = librosa.feature.rms(y=samples, **grid)
save("level_db", np.maximum(20 * np.log10(np.maximum(rms, 1e-30) * np.sqrt(2)), -120.0))
save("zero_crossing_rate", librosa.feature.zero_crossing_rate(samples, **grid))
