"""openSMILE's functionals with a linear SVM, on the trainer's own folds: what stands beside the network in the README.

    cargo run --release -p pathos-trainer -- scan CORPORA --folds folds.csv --config trainer/recipes/pathos.toml
    python3 -m venv venv && venv/bin/pip install opensmile==2.6.0 scikit-learn soundfile
    venv/bin/python trainer/baselines/opensmile_svm.py folds.csv --set eGeMAPSv02 --cache features.npz

Features are standardised by the training clips; the SVM's C is chosen among four by three folds over the training speakers (over
the clips, where there is one speaker alone); classes count alike. A network of Pathos's learns from all corpora together, so the SVM
does too (`together`); beside it, one a corpus (`apart`).
Prints the unweighted average recall (UAR), in per cent, of each set: of the first fold, and of all pooled, with its 95 % interval by
bootstrap over speakers. With ComParE_2016, whose 6373 functionals make an SVM a matter of minutes, `--fold 0` judges one fold alone.
"""

import argparse
import os

import numpy as np
import opensmile
import soundfile
from folds import best, read, uar
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

COMPLEXITIES = [1e-5, 1e-4, 1e-3, 1e-2]


def features(rows, name, cache):
    """One row of functionals a clip; kept in a file, since they take an hour."""
    if os.path.exists(cache):
        return np.load(cache)["features"]
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet[name],
        feature_level=opensmile.FeatureLevel.Functionals,
    )
    values = []
    for number, row in enumerate(rows):
        samples, rate = soundfile.read(row["path"])
        values.append(smile.process_signal(samples, rate).to_numpy()[0])
        if number % 500 == 0:
            print(f"{number} of {len(rows)} clips", flush=True)
    values = np.nan_to_num(np.asarray(values, np.float32))
    np.savez(cache, features=values)
    return values


def interval(truth, guess, speakers, rounds=1000):
    """The 95 % interval of the UAR by bootstrap over speakers."""
    random = np.random.default_rng(1)
    by_speaker = [np.flatnonzero(speakers == speaker) for speaker in np.unique(speakers)]
    drawn = []
    for _ in range(rounds):
        pick = random.integers(0, len(by_speaker), len(by_speaker))
        clips = np.concatenate([by_speaker[index] for index in pick])
        drawn.append(uar(truth[clips], guess[clips]))
    return np.percentile(drawn, [2.5, 97.5])


def fit(values, labels, speakers):
    """A standardised linear SVM, its C chosen on speakers that it has not seen."""
    svm = LinearSVC(class_weight="balanced", dual=values.shape[1] > len(labels), max_iter=3000)
    people = len(np.unique(speakers))
    folds = GroupKFold(min(3, people)) if people > 1 else StratifiedKFold(3)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), svm),
        {"linearsvc__C": COMPLEXITIES},
        scoring="balanced_accuracy",
        cv=folds,
    )
    return search.fit(values, labels, groups=speakers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folds", help="what `trainer scan --folds` wrote")
    parser.add_argument("--set", default="eGeMAPSv02", choices=["eGeMAPSv02", "ComParE_2016"])
    parser.add_argument("--cache", required=True, help="where the features are kept, as .npz")
    parser.add_argument("--only", choices=["together", "apart"], help="one of the two ways alone")
    parser.add_argument("--fold", type=int, help="one fold alone")
    arguments = parser.parse_args()
    rows = read(arguments.folds)
    values = features(rows, arguments.set, arguments.cache)
    labels = np.array([row["emotion"] for row in rows])
    corpora = np.array([row["corpus"] for row in rows])
    speakers = np.array([row["speaker"] for row in rows])
    folds = np.array([int(row["fold"]) for row in rows])

    judged = np.unique(folds) if arguments.fold is None else np.array([arguments.fold])
    if not np.isin(judged, folds).all():
        parser.error(f"{arguments.folds} has no fold {arguments.fold}")
    ways = [arguments.only] if arguments.only else ["together", "apart"]
    for way in ways:
        guessed = np.full(len(rows), "", dtype=labels.dtype)
        for fold in judged:
            test = folds == fold
            if way == "together":
                model = fit(values[~test], labels[~test], speakers[~test])
            for corpus in np.unique(corpora[test]):
                own = corpora == corpus
                if way == "apart":
                    learned = own & ~test
                    model = fit(values[learned], labels[learned], speakers[learned])
                scores = model.decision_function(values[own & test])
                guessed[own & test] = best(scores, model.classes_, labels[own])
            print(f"{way}: fold {fold} is judged", flush=True)
        for corpus in sorted(np.unique(corpora)):
            for chosen in [judged[:1], judged] if len(judged) > 1 else [judged]:
                own = (corpora == corpus) & np.isin(folds, chosen)
                low, high = interval(labels[own], guessed[own], speakers[own])
                print(
                    f"{arguments.set} {way} {corpus}, folds {chosen.tolist()}: "
                    f"{uar(labels[own], guessed[own]):.1f} ({low:.1f} to {high:.1f})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
