"""Measure how well the modes and types are told that tune books leave out.

    python -m benchmarks.book_cleaning [--list]

Modes: the tunes whose book states dorian, mixolydian or minor are hidden under the major key of
their signature; how many are told, and how many are told wrongly? Of the tunes that the book states
as major, how many change? `--list` prints these, to be judged by eye. Types: the tunes whose book
states a type are told from the others. Both are cross-validated in five parts. The last line prints
the weights of all tunes, for `charnn/music/abc/mode_inference.py`.

The books are those of the corpus `folk`, for the modes also `irish` if its file is named by
`--irish FILE`. It takes some seconds.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.catalogue import CATALOGUE
from charnn.music.abc import mode_inference
from charnn.music.abc.cleaning import spell_books
from charnn.music.abc.key_field import parse_key
from charnn.music.abc.mending import stated_type
from charnn.music.abc.mode_inference import MODES, key_on_degree, mode_features, note_profile
from charnn.music.abc.spelled_tune import SpelledTune
from charnn.music.abc.type_inference import TypeStatistics

PARTS = 5
# Few tunes are stated in other modes than major, and many of the major ones are not major.
OTHER_MODE_WEIGHT = 2.0
_DEGREES = {"major": 0, "dorian": 1, "mixolydian": 4, "minor": 5}

Array = NDArray[np.float64]


def parts(count: int) -> Iterator[NDArray[np.bool_]]:
    """Yield for each of `PARTS` parts which of some tunes belong to it."""
    part = np.random.default_rng(0).integers(PARTS, size=count)
    for number in range(PARTS):
        yield part == number


def fit(features: Array, modes: NDArray[np.int64]) -> Array:
    """Return the weights of a multinomial logistic regression by Newton's method.

    Args:
        features: [N, M, F] the features of each mode of each tune.
        modes: [N] the stated mode of each tune, as an index.
    """
    weights = np.zeros(features.shape[2])
    importance = np.where(modes == 0, 1.0, OTHER_MODE_WEIGHT)
    for _ in range(30):
        shares = probabilities(features, weights)
        means = np.einsum("nm,nmf->nf", shares, features)
        errors = features[np.arange(len(modes)), modes] - means
        deviations = features - means[:, None]
        curvature = np.einsum("n,nm,nmf,nmg->fg", importance, shares, deviations, deviations)
        curvature += np.eye(len(weights))
        weights += np.linalg.solve(curvature, importance @ errors - weights)
    return weights


def probabilities(features: Array, weights: Array) -> Array:
    """Return [N, M] the probability of each mode of each tune."""
    scores = np.exp(features @ weights)
    return np.asarray(scores / scores.sum(1, keepdims=True))


def measure_modes(tunes: Sequence[SpelledTune], show: bool) -> None:
    """Print how many modes are told, and the weights."""
    profiles, stated = [], []
    for tune in tunes:
        key = tune.fields["K"]
        if mode_inference.is_plain_key(key, tune.body):
            parsed = parse_key(key)
            music = mode_inference.sounding_music(tune.body)
            profile = note_profile(parsed.sharps, music)
            if profile is not None and parsed.mode in _DEGREES:
                profiles.append((tune, parsed.sharps, profile))
                stated.append(list(MODES).index(_DEGREES[parsed.mode]))
    features = np.array([[mode_features(p, mode) for mode in MODES] for _, _, p in profiles])
    modes = np.array(stated)
    shares = np.zeros(features.shape[:2])
    for held_out in parts(len(modes)):
        weights = fit(features[~held_out], modes[~held_out])
        shares[held_out] = probabilities(features[held_out], weights)
    best, confident = shares.argmax(1), shares.max(1) >= mode_inference.CONFIDENCE
    away = np.array([profile.finals[-1] != 0 for _, _, profile in profiles])
    told, other, major = confident & away & (best > 0), modes > 0, modes == 0
    print(f"hidden modes: {other.sum()}, told {(told & other & (best == modes)).sum()}, ", end="")
    print(f"told as another {(told & other & (best != modes)).sum()}")
    print(f"stated major: {major.sum()}, changed {(told & major).sum()}")
    for number in np.flatnonzero(told & major) if show else ():
        tune, sharps, _ = profiles[number]
        key = key_on_degree(sharps, list(MODES)[best[number]])
        print(f"\n{tune.fields['T']}: {tune.fields['K']} -> {key}, {shares[number].max():.2f}")
        print("\n".join(tune.body[:6]))
    print("weights:", ", ".join(f"{weight:.2f}" for weight in fit(features, modes)))


def measure_types(tunes: Sequence[SpelledTune], show: bool) -> None:
    """Print how many types are told, and how many rightly, by book and by type."""
    known = [(tune, name) for tune in tunes if (name := stated_type(tune))]
    results: list[tuple[str, str, str, str]] = []
    for held_out in parts(len(known)):
        statistics = TypeStatistics(
            pair for pair, out in zip(known, held_out, strict=True) if not out
        )
        for (tune, name), out in zip(known, held_out, strict=True):
            if out:
                results.append((_book(tune), statistics.infer(tune), name, tune.fields["T"]))
    groups: dict[str, list[tuple[str, str, str, str]]] = {}
    for result in results:
        groups.setdefault(result[0], []).append(result)
        if result[1]:
            groups.setdefault(f"{result[0]}: told as {result[1]}", []).append(result)
    for group, rows in sorted(groups.items()):
        told = [row for row in rows if row[1]]
        right = sum(row[1] == row[2] for row in told)
        print(f"{group}: {len(rows)} tunes, {len(told)} told, {right} of them rightly")
    for book, told_type, name, title in results if show else ():
        if told_type not in ("", name):
            print(f"{book}: {title} is a {name}, told as {told_type}")
    statistics = TypeStatistics(known)
    untyped = [tune for tune in tunes if not tune.fields["R"] and not stated_type(tune)]
    told_types = Counter(statistics.infer(tune) or "not told" for tune in untyped)
    print(f"without a type: {len(untyped)}, {dict(told_types.most_common())}")


def _book(tune: SpelledTune) -> str:
    """Return the group of books of a tune: only Aird's selection has tempos."""
    return "with tempo" if tune.tempo else "without tempo"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the tunes that are told")
    parser.add_argument("--irish", type=Path, help="the file of the corpus irish")
    options: Any = parser.parse_args()
    folk = spell_books(book.text() for book in CATALOGUE["folk"].open(None))
    irish = spell_books([options.irish.read_text()]) if options.irish else []
    measure_modes([*folk, *irish], options.list)
    measure_types(folk, options.list)


if __name__ == "__main__":
    main()
