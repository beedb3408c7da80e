"""Training the small segmenter: from a box to the object in it, learned from segmented photographs.

Not adversarial and without phases, so it has its own loop; everything else is as in other trainings: a sample depends
on the seed and its number alone, checkpoints are safetensors, and a run goes on where it stopped.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaint.core.errors import DivergedError, OutputError, RecipeError
from inpaint.core.filling.regions import Box, box_around
from inpaint.core.nets import Segmenter, SegmenterConfig
from inpaint.core.objects.box_crop import SHARE, SIDE, box_crop, corners_of
from inpaint.core.trainers.nonfinite_guard import gradient_norm
from inpaint.training.data.segments import Part, Segmented, SegmentSource, open_segments, split
from inpaint.training.data.skipped import SkippedPictures, read_or_replace
from inpaint.training.data.sources import absolute_location
from inpaint.training.devices import choose_device
from inpaint.training.run.processes import process_count
from inpaint.training.segmenter.run_directory import SegmenterRun
from inpaint.training.toml_files import SEEDS


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmenterRecipe:
    """Everything that decides a training besides the pictures."""

    network: Literal["small", "mask-rcnn"] = "small"
    """A U-Net of 0.9 million weights, or torchvision's Mask R-CNN with two classes."""
    weights: Literal["coco", "none"] = "coco"
    """What Mask R-CNN starts from: torchvision's download, or nothing."""
    steps: int = 1500
    """How many batches; with Mask R-CNN 0 keeps COCO's classes, averaged."""
    batch: int = 8
    """Objects per step."""
    lr: float = 2e-3
    """Highest learning rate of AdamW's one cycle."""
    width: int = 16
    """Channels of the network."""
    jitter: float = 0.04
    """How inexact boxes are in training: standard deviation of each edge, as a share of the box's side."""
    area: float = 0.005
    """Smallest object, as a share of the square of the picture's short side."""
    hold_back: int = 10
    """Every N-th picture is held out for validation."""
    seed: int = 0
    """Random seed."""

    def __post_init__(self) -> None:
        numbers = self.lr, self.jitter, self.area
        if not all(math.isfinite(number) for number in numbers) or min(self.jitter, self.area) < 0:
            raise RecipeError("A segmenter needs lr above 0, and jitter and area from 0, all of them finite.")
        if not 0 <= self.seed < SEEDS:
            raise RecipeError(f"A segmenter needs a seed from 0 to {SEEDS - 1}.")
        wrong = min(self.steps, self.hold_back) < 0 or min(self.batch, self.width) < 1 or self.lr <= 0
        if wrong or self.hold_back == 1:
            raise RecipeError(
                "A segmenter needs batch and width of at least 1, lr above 0, steps from 0, hold_back 0 or from 2."
            )
        if self.network not in ("small", "mask-rcnn") or self.weights not in ("coco", "none"):
            raise RecipeError("A segmenter's network is small or mask-rcnn, and its weights are coco or none.")


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A training that can begin."""

    pictures: Part
    network: nn.Module
    adam: torch.optim.Optimizer
    device: torch.device
    start: int
    """Step to go on after; 0 = at the beginning."""


def prepare(
    recipe: SegmenterRecipe,
    data: str,
    out: Path | None,
    *,
    device: str = "auto",
    resume: bool = False,
    again: bool = False,
    download: bool = True,
) -> Prepared:
    """Check and build all that a training needs, and write nothing.

    out: run directory; None = not known yet. device: "auto", "cpu" or "cuda". resume: go on from the checkpoint of
    `out`. again: let `out` be started over where it holds a training without a checkpoint. download: get the weights
    to start from. Raises `RecipeError` for what cannot be used, `OutputError` when `out` is taken.
    """
    if process_count() > 1:
        raise RecipeError("A segmenter is trained in one process; start it without torchrun or accelerate.")
    place = torch.device(choose_device(device, RecipeError))
    run = None if out is None else SegmenterRun(out)
    if run is not None and run.exists() and not resume and not (again and not run.has_checkpoint()):
        raise OutputError(f"{out} holds a training already; go on with --resume, or give another --out.")
    part, _ = split(open_segments(data), recipe.hold_back)
    torch.manual_seed(recipe.seed)
    network = build_network(recipe, restored=resume or not download).to(place).train()
    adam = torch.optim.AdamW(network.parameters(), recipe.lr, weight_decay=1e-2)
    start = run.restore(network, adam) if run is not None and resume else 0
    if start > recipe.steps:
        raise RecipeError(f"{out} has been trained for {start} steps already; give more with --set steps=N.")
    return Prepared(part, network, adam, place, start)


def train_segmenter(
    recipe: SegmenterRecipe,
    data: str,
    out: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    again: bool = False,
    max_minutes: float | None = None,
    watcher: Callable[[int, float], object] | None = None,
    tell: Callable[[str], object] = lambda _: None,
) -> int:
    """Train as the recipe says; returns the number of finished steps, fewer than planned when stopped early.

    data: as `open_segments` takes it. device, resume, again: as `prepare` takes them. watcher: told step and loss; if
    it returns True the training stops there, with a checkpoint. tell: called with one sentence about what people should
    know, such as a picture that was skipped.
    """
    began = time.monotonic()
    ready = prepare(recipe, data, out, device=device, resume=resume, again=again)
    network, adam, start = ready.network, ready.adam, ready.start
    run = SegmenterRun(out)
    run.write(asdict(recipe) | {"data": absolute_location(data)})
    if resume:
        tell(f"Goes on after step {start}.")
    skipped = SkippedPictures(len(ready.pictures), lambda sentence: tell(f"{sentence} Another takes its place."))
    for step in range(start, recipe.steps):
        for group in adam.param_groups:
            group["lr"] = recipe.lr * _cycle(step / recipe.steps)
        try:
            unusable: list[str] = []
            image, box, mask = (x.to(ready.device) for x in draw_batch(ready.pictures, recipe, step, unusable))
            skipped.add(unusable)
        except RecipeError:
            # Something is wrong with the data of this step; those before are not lost.
            if step > start:
                run.save(network, adam, step)
            raise
        loss = segmentation_loss(network(image, box), mask)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        # A finite loss may have a gradient that is not.
        if not torch.isfinite(loss + gradient_norm(network)):
            raise DivergedError("The loss is not finite any more; start again with a lower learning rate.")
        adam.step()
        late = max_minutes is not None and time.monotonic() - began > 60 * max_minutes
        stop = bool(watcher and watcher(step + 1, float(loss.detach()))) or late
        if (step + 1) % 250 == 0 or step + 1 == recipe.steps or stop:
            run.save(network, adam, step + 1)
        if stop:
            return step + 1
    if recipe.steps == start:
        run.save(network, adam, start)
    return recipe.steps


def build_network(recipe: SegmenterRecipe, *, restored: bool = False) -> nn.Module:
    """Build what a recipe trains; with `restored` no weights are downloaded, because a checkpoint's follow."""
    if recipe.network == "small":
        return Segmenter(SegmenterConfig(width=recipe.width))
    from inpaint.core.nets.mask_rcnn import COCO_CLASSES, BoxToMask

    return BoxToMask(recipe.weights, 2 if recipe.steps else COCO_CLASSES, restored=restored)


def crop_of(recipe: SegmenterRecipe) -> tuple[int, float]:
    """Return the side in pixels of the crops that a recipe's network sees, and how much of it a box takes."""
    if recipe.network == "small":
        return SIDE, SHARE
    from inpaint.core.nets import mask_rcnn

    return mask_rcnn.SIDE, mask_rcnn.SHARE


def segmentation_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy plus one minus the soft intersection over union; N x 1 x H x W each, returns a scalar."""
    guess = logits.sigmoid()
    both = (guess * mask).sum(dim=(1, 2, 3))
    either = (guess + mask - guess * mask).sum(dim=(1, 2, 3))
    return F.binary_cross_entropy_with_logits(logits, mask) + (1 - (both + 1) / (either + 1)).mean()


def draw_batch(
    source: SegmentSource, recipe: SegmenterRecipe, step: int, skipped: list[str]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return pictures in [-1, 1], boxes and masks of one step, in the shapes that the recipe's network takes.

    skipped: gets the sentences of pictures that are not usable and that others stand for (see `read_or_replace`).
    """

    def read(index: int) -> Segmented:
        segmented = source.read(index)
        segmented.areas()
        return segmented

    images, boxes, masks = [], [], []
    for number in range(step * recipe.batch, (step + 1) * recipe.batch):
        rng = np.random.default_rng((recipe.seed, number))
        chosen, seed = int(rng.integers(len(source))), (recipe.seed, 3, number)
        segmented = read_or_replace(read, chosen, len(source), seed, skipped)
        mask = _choose(segmented, recipe.area, rng)
        near = _cut(segmented.pixels, mask, jitter_box(mask, recipe.jitter, rng))
        crop, box, _ = box_crop(*near, *crop_of(recipe))
        if rng.random() < 0.5:
            crop, box = crop[:, ::-1], box[:, ::-1]
        light = crop[..., :3] * rng.uniform(0.7, 1.2) + rng.normal(0, 0.1, 3)
        images.append(light.clip(-1, 1).transpose(2, 0, 1))
        mask = (crop[..., 3] > 0.5).astype(np.float32)
        if recipe.network == "mask-rcnn":
            from inpaint.core.nets.mask_rcnn import MASK

            left, top, right, bottom = corners_of(box)
            mask = cv2.resize(mask[top:bottom, left:right], (MASK, MASK), interpolation=cv2.INTER_AREA)
            boxes.append(np.array([left, top, right, bottom]))
        else:
            boxes.append(box[None])
        masks.append(mask[None])
    return tuple(torch.from_numpy(np.stack(x).astype(np.float32)) for x in (images, boxes, masks))  # type: ignore[return-value]


def objects(segmented: Segmented, area: float) -> list[np.ndarray]:
    """Return the H x W bool masks of all objects that are not too small; the largest one if all are.

    Raises `RecipeError` when the picture has no object.
    """
    areas = segmented.areas()
    labels = np.flatnonzero(areas >= max(1, area * min(segmented.labels.shape) ** 2))
    return [segmented.labels == label for label in (labels if len(labels) else [areas.argmax()])]


def jitter_box(mask: np.ndarray, jitter: float, rng: np.random.Generator) -> Box:
    """Return the box around a mask as a person might draw it."""
    top, left, height, width = box_around(mask)
    shifts = rng.normal(0, jitter, 4) * [height, width, height, width]
    return Box(
        top + int(shifts[0]), left + int(shifts[1]), max(8, height + int(shifts[2])), max(8, width + int(shifts[3]))
    )


def intersection_over_union(found: np.ndarray, wanted: np.ndarray) -> float:
    """Return IoU of two bool masks; 1 when both are empty."""
    either = np.count_nonzero(found | wanted)
    return np.count_nonzero(found & wanted) / either if either else 1.0


def load_segmenter(run: Path) -> tuple[nn.Module, SegmenterRecipe, int]:
    """Load the last checkpoint of a run: the network in eval mode, its recipe, and the step.

    Raises `RecipeError` when the run is none of a segmenter, or damaged.
    """
    files = SegmenterRun(run)
    recipe = read_settings(files.read(), [])
    network = build_network(recipe, restored=True)
    step = files.restore(network)
    return network.eval(), recipe, step


def _choose(segmented: Segmented, area: float, rng: np.random.Generator) -> np.ndarray:
    masks = objects(segmented, area)
    return masks[int(rng.integers(len(masks)))]


def _cut(pixels: np.ndarray, mask: np.ndarray, box: Box) -> tuple[np.ndarray, Box]:
    """Return picture in [-1, 1] and mask, H x W x 4 float32, and the box."""
    return np.dstack([pixels.astype(np.float32) / 127.5 - 1, mask.astype(np.float32)]), box


def _cycle(progress: float) -> float:
    """One cycle: up over the first fifth, then down as a cosine."""
    rising = 0.2
    if progress < rising:
        return 0.04 + 0.96 * progress / rising
    return 0.5 * (1 + np.cos(np.pi * (progress - rising) / (1 - rising))) + 1e-3


def read_settings(record: dict[str, object], changes: list[tuple[str, object]]) -> SegmenterRecipe:
    """Return the recipe of a record, with single settings changed. Raises `RecipeError` for settings it has not."""
    record = {key: value for key, value in record.items() if key != "data"} | dict(changes)
    known = {field.name: field for field in fields(SegmenterRecipe)}
    for key, value in record.items():
        if key not in known:
            raise RecipeError(f"A segmenter has no setting {key!r}; it has {', '.join(known)}.")
        default = known[key].default
        if not isinstance(value, type(default)) and not (isinstance(default, float) and isinstance(value, int)):
            raise RecipeError(f"The setting {key} is something like {default!r}, and not {value!r}.")
    return SegmenterRecipe(**record)  # type: ignore[arg-type]
