"""Fit the weights of the chooser of fills to blind ranks, and say by cross-validation how good they are.

    python benchmarks/fit_chooser.py DATA [--write core/texture/chooser.json] [--more FOLDER ...]

DATA holds removal/ (images, masks) and preferences/ (fills.csv, fills/, network/, ranks.csv): photographs with holes,
several fills of each, and their places in the ranks of judges who did not know which was which. FOLDER: further fills
as KEY-METHOD.png, whole pictures, with a ranks.csv of the same columns. Needs nothing beyond the base install.
"""

import argparse
import collections
import csv
import itertools
import json
from pathlib import Path

import cv2
import numpy as np

from inpaint.core.engines.features import bundled_features
from inpaint.core.texture.best_fills import OWN
from inpaint.core.texture.candidates import measuring_level
from inpaint.core.texture.measures import measure

STRENGTH = 0.05
"""Inverse of the penalty on squared weights, for numbers in units of their standard deviation."""
LEFT_OUT = ("layer 2 step",)
"""Measured, but of no use on the ranks."""


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def fills(data: Path, more: list[Path]):
    """Yield key, method, filled picture, network's picture and hole, BGR of uint8."""
    known = read(data / "preferences" / "fills.csv")
    for key, rows in itertools.groupby(known, lambda row: row["key"]):
        photo = cv2.imread(str(data / "removal" / "images" / f"{key}.webp"))
        hole = cv2.imread(str(data / "removal" / "masks" / f"{key}.png"), 0) > 127
        network = cv2.imread(str(data / "preferences" / "network" / f"{key}.webp"))
        network = cv2.resize(network, photo.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        for row in rows:
            part = cv2.imread(str(data / "preferences" / "fills" / f"{key}-{row['method']}.webp"))
            full, top, left = photo.copy(), int(row["top"]), int(row["left"])
            full[top : top + part.shape[0], left : left + part.shape[1]] = part
            yield key, row["method"], np.where(hole[..., None], full, photo), network, hole
        for folder in more:
            for path in sorted(folder.glob(f"{key}-*.png")):
                yield key, path.stem.split("-", 1)[1], cv2.imread(str(path)), network, hole


def small(picture: np.ndarray, factor: int) -> np.ndarray:
    height, width = (side // factor for side in picture.shape[:2])
    part = picture[: height * factor, : width * factor].astype(np.float32)
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)


def numbers(data: Path, more: list[Path]) -> dict[tuple[str, str], dict[str, float]]:
    features, found = bundled_features(), {}
    for key, method, fill, network, hole in fills(data, more):
        rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
        reach = max(64, int(0.6 * max(np.ptp(rows) + 1, np.ptp(columns) + 1)))
        window = tuple(slice(max(0, s[0] - reach), s[-1] + 1 + reach) for s in (rows, columns))
        factor = 2 ** measuring_level(hole[window])
        picture, soft = (small(image[window][..., ::-1], factor) / 255 for image in (fill, network))
        gap = small(hole[window], factor) > 0
        found[key, method] = measure(picture, gap, gap, soft, features)
        found[key, method][OWN] = 0.0 if method.startswith("pypatchmatch") else 1.0
    return found


def ranks(data: Path, more: list[Path]) -> list[tuple[str, dict[str, float]]]:
    sheets: dict = collections.defaultdict(dict)
    for source in (data / "preferences", *more):
        for row in read(source / "ranks.csv"):
            sheets[source, row["key"], row["judge"]][row["method"]] = float(row["place"])
    return [(key, places) for (_, key, _), places in sorted(sheets.items())]


def fit(differences: np.ndarray) -> np.ndarray:
    """Return the weights, none above 0, that make `better - worse` likeliest (logistic, accelerated gradient)."""
    weights = ahead = np.zeros(differences.shape[1])
    step, momentum = 1 / (0.25 * np.linalg.norm(differences, 2) ** 2 + 1 / STRENGTH), 1.0
    for _ in range(500):
        slope = differences.T @ (1 / (1 + np.exp(differences @ ahead))) - ahead / STRENGTH
        new = np.minimum(ahead + step * slope, 0)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        weights, ahead, momentum = new, new + (momentum - 1) / following * (new - weights), following
    return weights


def pairs(sheets, values, keys) -> np.ndarray:
    return np.array(
        [
            (values[key, a] - values[key, b]) * (1 if places[a] < places[b] else -1)
            for key, places in sheets
            if key in keys
            for a, b in itertools.combinations(places, 2)
            if places[a] != places[b]
        ]
    )


def evaluate(found, sheets, names) -> tuple[dict[str, float], str]:
    table = {key: np.array([some[name] for name in names]) for key, some in found.items()}
    spread = np.std(list(table.values()), axis=0)
    values = {key: row / spread for key, row in table.items()}
    keys = sorted({key for key, _ in sheets})
    right = asked = 0
    chosen, best_possible = [], []
    for part in range(10):
        test = set(keys[part::10])
        weights = fit(pairs(sheets, values, set(keys) - test))
        differences = pairs(sheets, values, test)
        right, asked = right + int((differences @ weights > 0).sum()), asked + len(differences)
        for key, places in sheets:
            if key in test and "pypatchmatch" in places:
                best = max(places, key=lambda method: values[key, method] @ weights)
                rival = places["pypatchmatch"]
                chosen.append(0.5 if places[best] == rival else float(places[best] < rival))
                best_possible.append(0.5 if min(places.values()) == rival else 1.0)
    weights = fit(pairs(sheets, values, set(keys)))
    report = (
        f"{right / asked:.3f} of {asked} pairs in the judges' order; "
        f"chosen fill preferred to PyPatchMatch's in {np.mean(chosen):.3f} of {len(chosen)} sheets "
        f"(each judge's own best: {np.mean(best_possible):.3f})"
    )
    return {name: round(float(w / s), 4) for name, w, s in zip(names, weights, spread, strict=True) if w < 0}, report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    found, sheets = numbers(options.data, options.more), ranks(options.data, options.more)
    names = [name for name in next(iter(found.values())) if name not in LEFT_OUT]
    record = {}
    for title, some in (
        ("with features", names),
        ("without features", [name for name in names if not name.startswith("layer")]),
    ):
        record[title], report = evaluate(found, sheets, some)
        print(f"{title}: {report}")
        print(json.dumps(record[title], indent=2))
    if options.write:
        options.write.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
