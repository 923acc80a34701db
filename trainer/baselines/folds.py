"""What every baseline shares: the clips with the trainer's folds, and how a guess is judged."""

import csv

import numpy as np


def read(path):
    """The clips that `trainer scan --folds` wrote: `path`, `corpus`, `speaker`, `emotion` and `fold` of each."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def best(scores, classes, allowed):
    """For each row of `[clips, classes]` the best of the classes that are allowed, since a corpus has not all of them."""
    return classes[np.where(np.isin(classes, allowed), scores, -np.inf).argmax(axis=1)]


def uar(truth, guess):
    """The mean of the recalls of the classes that occur, in per cent."""
    return 100 * np.mean([np.mean(guess[truth == label] == label) for label in np.unique(truth)])
