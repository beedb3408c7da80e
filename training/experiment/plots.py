"""The numbers as curves, over the steps and over the sizes of the holes, and the fills side by side."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from inpaint.core.atomic_files import atomic_write
from inpaint.training.evaluation.metrics import Metric
from inpaint.training.experiment.scores import Entry, over_seeds

STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
}
MARKERS = "osD^vP*X"
"""One per line, so that a plot reads without colours, too."""


def curves_over_steps(lines: dict[str, list[Entry]], metrics: Sequence[Metric], side: float, path: Path) -> None:
    """Draw every metric against the step, for holes of one size; a line per value, its band from seed to seed."""
    _curves(lines, metrics, "step", path, lambda entry: entry.step, side=side)


def curves_over_sides(lines: dict[str, list[Entry]], metrics: Sequence[Metric], step: int, path: Path) -> None:
    """Draw every metric against the size of the hole, at one step."""
    squares = {name: [e for e in entries if isinstance(e.side, float)] for name, entries in lines.items()}
    _curves(squares, metrics, "side of the hole", path, lambda entry: float(entry.side), step=step)


def _curves(
    lines: dict[str, list[Entry]],
    metrics: Sequence[Metric],
    label: str,
    path: Path,
    place: Callable[[Entry], float],
    *,
    side: float | None = None,
    step: int | None = None,
) -> None:
    """Draw a panel per metric; `place` says where on the axis an entry lies, side and step which entries are drawn."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.2 * len(metrics), 3.2), layout="constrained")
        panels: Sequence[Axes] = figure.subplots(1, len(metrics), squeeze=False)[0]
        for panel, metric in zip(panels, metrics, strict=True):
            for marker, (name, entries) in zip(MARKERS * len(lines), lines.items(), strict=False):
                chosen = [e for e in entries if side in (None, e.side) and step in (None, e.step)]
                spreads = {
                    place(e): spread
                    for e in chosen
                    if (spread := over_seeds(chosen, metric, step=e.step, side=e.side)) is not None
                }
                xs = sorted(spreads)
                (line,) = panel.plot(xs, [spreads[x].mean for x in xs], marker=marker, markersize=4, label=name)
                if any(spreads[x].seeds > 1 for x in xs):
                    low, high = [spreads[x].low for x in xs], [spreads[x].high for x in xs]
                    panel.fill_between(xs, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
            panel.set_title(f"{metric.title} {metric.arrow}")
            panel.set_xlabel(label)
            panel.margins(y=0.1)
        # Above all panels: inside one it would lie over the curves.
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=5, frameon=False, fontsize=8)
        save(figure, path)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        figure.savefig(file, format="png", dpi=110, metadata={"Software": None})


def side_by_side(rows: dict[str, Sequence[np.ndarray]], path: Path) -> None:
    """Draw one row of pictures per name, H x W x 3 uint8 each, with the name before it."""
    with mpl.rc_context({"font.size": 9}):
        count = max(len(pictures) for pictures in rows.values())
        figure = Figure(figsize=(1.1 * count + 1.6, 1.1 * len(rows)), layout="constrained")
        grid = figure.subplots(len(rows), count, squeeze=False)
        for panels, (name, pictures) in zip(grid, rows.items(), strict=True):
            for panel in panels:
                panel.set(xticks=[], yticks=[])
                panel.spines[:].set_visible(False)
            for panel, picture in zip(panels, pictures, strict=False):
                panel.imshow(picture, interpolation="nearest")
            panels[0].set_ylabel(name, rotation=0, ha="right", va="center")
        save(figure, path)


def read_strip(path: Path) -> list[np.ndarray]:
    """Cut a strip of squares side by side into its pictures."""
    with Image.open(path) as strip:
        pixels = np.asarray(strip.convert("RGB"))
    return np.split(pixels, pixels.shape[1] // pixels.shape[0], axis=1)
