"""Print the tables of `default-model.md` from evaluations: python docs/results/make_tables.py reports/

`reports/` has a folder for each mask set, each with one evaluation per distance: `objects/vgg19`, `objects/squeeze` …
"""

import json
import math
import statistics
import sys
from pathlib import Path
from typing import Any

SETS = {"objects": "object shapes", "strokes": "strokes", "rectangles": "rectangles"}
METHODS = {
    "telea": "OpenCV Telea",
    "navier-stokes": "OpenCV Navier-Stokes",
    "biharmonic": "scikit-image biharmonic",
    "gmic": "G'MIC patches",
    "default": "bundled model alone (`default`)",
    "default+auto": "`inpaint fill` (`default+auto`)",
}
OURS, RIVALS = "default+auto", ("telea", "navier-stokes", "biharmonic", "gmic")
COLUMNS = (("lpips", "VGG-19 ↓", 4, min), ("squeeze", "SqueezeNet ↓", 4, min), ("ssim", "SSIM ↑", 4, max))
COLUMNS = (*COLUMNS, ("psnr", "PSNR ↑", 2, max), ("l1_hole", "l1 in the hole ↓", 4, min))
"""Key, heading, decimals, and what picks the best."""

Scores = dict[str, dict[str, dict[str, float]]]
"""Photograph -> method -> metric -> number."""


def read(folder: Path) -> tuple[dict[str, Any], Scores, dict[str, float]]:
    """Return the conditions, the numbers and the hole areas of one mask set, the second distance as "squeeze"."""
    first, second = (json.loads((folder / name / "scores.json").read_text()) for name in ("vgg19", "squeeze"))
    for key in ("masks_sha256", "pictures", "size", "data"):
        if first["conditions"][key] != second["conditions"][key]:
            raise SystemExit(f"The two evaluations in {folder} differ in {key}; measure them alike.")
    scores = {picture["name"]: picture["scores"] for picture in first["pictures"]}
    for picture in second["pictures"]:
        for method, row in picture["scores"].items():
            scores[picture["name"]][method]["squeeze"] = row["lpips"]
    return first["conditions"], scores, {picture["name"]: picture["area"] for picture in first["pictures"]}


def mean(scores: Scores, method: str, key: str) -> float:
    """Return a method's mean over the photographs."""
    return statistics.fmean(rows[method][key] for rows in scores.values())


def table(head: list[str], rows: dict[str, list[float]], picks: list[tuple[int, Any]]) -> str:
    """Return a Markdown table, the best of every column bold. `picks`: decimals, and min or max, by column."""
    best = [pick(row[column] for row in rows.values()) for column, (_, pick) in enumerate(picks)]
    lines = [f"| | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
    for name, row in rows.items():
        texts = [f"{value:.{digits}f}" for value, (digits, _) in zip(row, picks, strict=True)]
        shown = [f"**{text}**" if row[i] == best[i] else text for i, text in enumerate(texts)]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def short(sets: dict[str, Scores]) -> str:
    """Return one table of all sets: distance, SSIM and PSNR."""
    keys = [column for column in COLUMNS if column[0] in ("lpips", "ssim", "psnr")]
    head = [f"{title}: {heading.replace('VGG-19', 'distance')}" for title in sets for _, heading, _, _ in keys]
    rows = {
        title: [mean(scores, method, key) for scores in sets.values() for key, _, _, _ in keys]
        for method, title in METHODS.items()
    }
    return table(head, rows, [(digits, pick) for _ in sets for _, _, digits, pick in keys])


def full(scores: Scores) -> str:
    """Return the table of one set."""
    rows = {title: [mean(scores, method, key) for key, _, _, _ in COLUMNS] for method, title in METHODS.items()}
    return table([heading for _, heading, _, _ in COLUMNS], rows, [(d, pick) for _, _, d, pick in COLUMNS])


def by_area(scores: Scores, areas: dict[str, float]) -> str:
    """Return the VGG-19 distance by the share of hole."""
    bins: dict[int, Scores] = {}
    for name, rows in scores.items():
        bins.setdefault(int(areas[name] * 10 + 1e-9), {})[name] = rows
    order = sorted(bins)
    head = [f"{10 * i}-{10 * (i + 1)}% ({len(bins[i])})" for i in order]
    rows = {title: [mean(bins[i], method, "lpips") for i in order] for method, title in METHODS.items()}
    return table(head, rows, [(4, min)] * len(order))


def duels(scores: Scores) -> str:
    """Return ours against every rival, photograph by photograph."""
    lines = ["| against | VGG-19 | SqueezeNet | SSIM | PSNR |", "|---" * 5 + "|"]
    for rival in (*RIVALS, "default"):
        cells = []
        for key, digits, sign in (("lpips", 4, -1), ("squeeze", 4, -1), ("ssim", 4, 1), ("psnr", 2, 1)):
            gaps = [rows[OURS][key] - rows[rival][key] for rows in scores.values()]
            error = statistics.stdev(gaps) / math.sqrt(len(gaps))
            won = sum(sign * gap > 0 for gap in gaps) / len(gaps)
            cells.append(f"{statistics.fmean(gaps):+.{digits}f} ± {error:.{digits}f}, better on {won:.0%}")
        lines.append(f"| {METHODS[rival]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the short table, and then everything of each set."""
    folder = Path(sys.argv[1])
    sets = {title: read(folder / name) for name, title in SETS.items() if (folder / name).is_dir()}
    parts = [short({title: scores for title, (_, scores, _) in sets.items()})]
    for title, (conditions, scores, areas) in sets.items():
        holes = f"mask set `{conditions['masks_sha256'][:16]}`, seed {conditions['seed']}"
        parts += [f"## {title.capitalize()}", f"{conditions['pictures']} photographs, {holes}."]
        parts += [full(scores), by_area(scores, areas), duels(scores)]
    sys.stdout.write("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
