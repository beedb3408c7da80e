"""Every number of a report: what it is called, which way is better, and how one picture gets it."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from inpaint.core.errors import InpaintError
from inpaint.training.evaluation.crispness import NEAR, crispness
from inpaint.training.evaluation.distance import PerceptualDistance
from inpaint.training.evaluation.samples import Sample

Row = dict[str, float]
"""The numbers of one picture, by the keys of `METRICS`."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One column."""

    key: str
    title: str
    better: Literal["higher", "lower", "near 1"]
    digits: int
    """Decimals worth showing."""
    explanation: str
    per_picture: bool = True
    """Whether a single picture has it; otherwise only many together do."""

    @property
    def heading(self) -> str:
        """The title without what a heading above several columns says already."""
        return self.title.removesuffix(" in hole")

    @property
    def arrow(self) -> str:
        """Show which way is better."""
        return {"higher": "↑", "lower": "↓", "near 1": "→1"}[self.better]

    def badness(self, value: float) -> float:
        """Return a number that is smaller the better the value is."""
        if self.better == "near 1":
            return abs(math.log(value)) if value > 0 else math.inf
        return value if self.better == "lower" else -value


def _metrics() -> Iterator[Metric]:
    low, high = NEAR
    crisp = "Fine detail (mean |Laplacian|) in the hole over its surroundings, beside the photograph's: 1 = as crisp"
    yield Metric("crispness_hole", "crispness in hole", "near 1", 2, f"{crisp}, less = softer.")
    yield Metric("crispness_median", "median crispness", "near 1", 2, "Median of the crispness in holes.", False)
    yield Metric(
        "crispness_near", "as crisp", "higher", 2, f"Share of photographs with a crispness of {low} to {high}.", False
    )
    fills = "Fréchet distance of early features in the holes of all fills to those in the photographs, per channel"
    yield Metric("frechet_hole", "hole Fréchet", "lower", 4, f"{fills}: 0 = the same textures.", False)
    yield Metric("l1_sum", "l1 sum", "lower", 1, "Absolute difference, mean over RGB, summed over all pixels (paper).")
    yield Metric("l2_sum", "l2 sum", "lower", 1, "Squared difference, mean over RGB, summed over all pixels (paper).")
    yield Metric("l1", "l1", "lower", 4, "Mean absolute difference, colours in [0, 1].")
    yield Metric("l1_hole", "l1 in hole", "lower", 4, "Mean absolute difference inside the hole.")
    yield Metric("l2", "l2", "lower", 5, "Mean squared difference, colours in [0, 1].")
    yield Metric("l2_hole", "l2 in hole", "lower", 4, "Mean squared difference inside the hole.")
    yield Metric("psnr", "PSNR", "higher", 2, "Peak signal-to-noise ratio of the whole picture in dB.")
    yield Metric("psnr_hole", "PSNR in hole", "higher", 2, "Peak signal-to-noise ratio inside the hole in dB.")
    yield Metric("ssim", "SSIM", "higher", 4, "Structural similarity of the whole picture, 1 = the same.")
    yield Metric("ssim_hole", "SSIM in hole", "higher", 4, "Mean of the structural similarity map inside the hole.")
    yield Metric("lpips", "LPIPS", "lower", 4, "Perceptual distance of the whole picture.")
    yield Metric("lpips_hole", "LPIPS in hole", "lower", 4, "Perceptual distance inside the hole.")
    yield Metric("fid", "FID", "lower", 2, "Fréchet distance of Inception features, all fills to all truths.", False)
    yield Metric("is", "Inception score", "higher", 2, "Inception score of all fills, mean of ten splits.", False)


METRICS = {metric.key: metric for metric in _metrics()}
GROUPS = {
    "crispness": ("crispness_hole", "crispness_median", "crispness_near"),
    "frechet": ("frechet_hole",),
    "l1": ("l1_sum", "l1", "l1_hole"),
    "l2": ("l2_sum", "l2", "l2_hole"),
    "psnr": ("psnr", "psnr_hole"),
    "ssim": ("ssim", "ssim_hole"),
    "lpips": ("lpips", "lpips_hole"),
    "fid": ("fid",),
    "is": ("is",),
}
"""What can be asked for, and the columns that it brings."""
TRUTH_GROUPS = ("l1", "l2", "psnr", "ssim", "lpips", "fid", "is")
"""Those that compare with the truth, or whole pictures: they say little about texture, and reward blur."""
BEST_PSNR = 100.0
"""Two equal pictures have an infinite one, of which there is no mean."""


def parse_groups(text: str) -> tuple[str, ...]:
    """Read `l1,ssim,fid` or `all`; the order does not matter. Raises `InpaintError` for a name that is none."""
    asked = {part.strip().lower() for part in text.split(",") if part.strip()}
    if "all" in asked:
        return tuple(GROUPS)
    unknown = sorted(asked - set(GROUPS))
    if unknown or not asked:
        raise InpaintError(f"There is no metric {', '.join(unknown)!r}; choose from {', '.join(GROUPS)}, or all.")
    return tuple(group for group in GROUPS if group in asked)


def columns(groups: Iterable[str], distance: str | None = None) -> list[Metric]:
    """List the metrics of some groups in the order of the tables.

    distance: title of the perceptual distance; one that is not LPIPS as published is not called so.
    """
    wanted = {key for group in groups for key in GROUPS[group]}
    found = [metric for key, metric in METRICS.items() if key in wanted]
    if distance is None or (distance.startswith("LPIPS") and "," not in distance):
        return found
    return [replace(metric, title=metric.title.replace("LPIPS", "perceptual")) for metric in found]


def to_tensor(pixels: np.ndarray) -> Tensor:
    """Turn H x W x 3 uint8 into 1 x 3 x H x W float32 in [0, 1]."""
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 255


class Judge:
    """Scores fills of one picture after the other."""

    def __init__(self, groups: tuple[str, ...], distance: PerceptualDistance | None = None) -> None:
        """Choose what is measured. distance: for the group "lpips"."""
        if "lpips" in groups and distance is None:
            raise ValueError('the group "lpips" needs a distance')
        self.groups = groups
        self.distance = distance if "lpips" in groups else None

    @property
    def columns(self) -> list[Metric]:
        """Everything that will be measured, also what only all pictures together have."""
        return columns(self.groups, self.distance.title if self.distance else None)

    @torch.inference_mode()
    def score(self, sample: Sample, fills: dict[str, np.ndarray]) -> dict[str, Row]:
        """Return the numbers of every method's fill (H x W x 3 uint8) of one sample."""
        truth = to_tensor(sample.picture)
        hole = torch.from_numpy(sample.hole)[None, None].float()
        # Once per picture, not once per method: it costs as much as the fills' own.
        reference = self.distance.reference(truth * 2 - 1) if self.distance else []
        rows = {}
        for name, pixels in fills.items():
            filled = to_tensor(pixels)
            row = pixel_differences(filled, truth, hole) if {"l1", "l2", "psnr"} & {*self.groups} else {}
            if "ssim" in self.groups:
                row["ssim"], row["ssim_hole"] = ssim(filled, truth, hole)
            if self.distance is not None:
                row["lpips"], row["lpips_hole"] = self.distance.between(filled * 2 - 1, reference, hole)
            wanted = {key for group in self.groups for key in GROUPS[group]}
            if "crispness" in self.groups:
                row["crispness_hole"] = crispness(pixels, sample.picture, sample.hole)
            rows[name] = {key: value for key, value in row.items() if key in wanted}
        return rows


def pixel_differences(filled: Tensor, truth: Tensor, hole: Tensor) -> Row:
    """Return l1, l2 and PSNR of 1 x 3 x H x W pictures in [0, 1] with a 1 x 1 x H x W hole.

    The sums are those of paper 000, table 3: over all pixels, of the mean over the three colours.
    """
    difference = (filled.double() - truth.double()).abs()
    row: Row = {}
    for key, values in (("l1", difference), ("l2", difference.square())):
        per_pixel = values.mean(dim=1, keepdim=True)
        row[f"{key}_sum"] = float(per_pixel.sum())
        row[key] = float(per_pixel.mean())
        row[f"{key}_hole"] = float((per_pixel * hole).sum() / hole.sum())
    row["psnr"], row["psnr_hole"] = psnr(row["l2"]), psnr(row["l2_hole"])
    return row


def psnr(mean_squared: float) -> float:
    """Return 10 log10(1 / error) in dB, at most `BEST_PSNR`."""
    return -10 * float(np.log10(max(mean_squared, 10 ** (-BEST_PSNR / 10))))


def ssim(filled: Tensor, truth: Tensor, hole: Tensor) -> tuple[float, float]:
    """Return the mean structural similarity of the whole picture, and of the map's part inside the hole."""
    mean, image = structural_similarity_index_measure(filled, truth, data_range=1.0, return_full_image=True)
    per_pixel = image.mean(dim=1, keepdim=True)
    return float(mean), float((per_pixel * hole).sum() / hole.sum())
