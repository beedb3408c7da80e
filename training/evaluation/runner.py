"""The loop: every photograph with its hole to every method, and every fill to the judges."""

from collections.abc import Callable, Sequence

import numpy as np

from inpaint.training.data.mask_sets import MaskSet
from inpaint.training.evaluation.crispness import median, share_near
from inpaint.training.evaluation.fillers import Method
from inpaint.training.evaluation.hole_frechet import HoleCrowd
from inpaint.training.evaluation.inception import Crowd
from inpaint.training.evaluation.metrics import Judge, Row
from inpaint.training.evaluation.results import Evaluation, Scored
from inpaint.training.evaluation.samples import Photographs

Watcher = Callable[[Scored, np.ndarray, np.ndarray, dict[str, np.ndarray]], None]
"""Told of every scored photograph: its numbers, the truth, the hole, and the fills by label."""


def evaluate(
    methods: Sequence[Method],
    photographs: Photographs,
    masks: MaskSet,
    judge: Judge,
    *,
    crowd: Crowd | None = None,
    hole_crowd: HoleCrowd | None = None,
    watchers: Sequence[Watcher] = (),
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Score every method on every photograph.

    - `crowd`: for FID and Inception score, where they are wanted;
    - `hole_crowd`: for the hole's Fréchet distance;
    - `progress`: told how many photographs are done.

    Holds one photograph and its fills at a time. Raises `MaskError`, `ImageError`, `EngineError` as the parts do, and
    `ValueError` when two methods have one label, under which one would be given the numbers of the other.
    """
    labels = [method.label for method in methods]
    if len(set(labels)) < len(labels):
        raise ValueError(f"every method needs a label of its own, got {', '.join(labels)}")
    pictures: list[Scored] = []
    for sample in photographs.with_masks(masks):
        fills = {method.label: method.fill(sample) for method in methods}
        scored = Scored(sample.name, float(sample.hole.mean()), judge.score(sample, fills))
        if crowd is not None:
            crowd.add(sample.picture, fills)
        if hole_crowd is not None:
            hole_crowd.add(sample.picture, sample.hole, fills)
        for watcher in watchers:
            watcher(scored, sample.picture, sample.hole, fills)
        pictures.append(scored)
        if progress is not None:
            progress(len(pictures))
    together = {label: _together(label, judge.groups, pictures, crowd, hole_crowd) for label in labels}
    return Evaluation(tuple(labels), tuple(judge.columns), tuple(pictures), together)


def _together(
    label: str, groups: Sequence[str], pictures: Sequence[Scored], crowd: Crowd | None, hole_crowd: HoleCrowd | None
) -> Row:
    """Return the numbers that only many pictures have."""
    row: Row = {}
    if "crispness" in groups:
        values = [scored.rows[label]["crispness_hole"] for scored in pictures]
        row["crispness_median"], row["crispness_near"] = median(values), share_near(values)
    if hole_crowd is not None and "frechet" in groups:
        row["frechet_hole"] = hole_crowd.distance(label)
    if crowd is not None and "fid" in groups:
        row["fid"] = crowd.fid(label)
    if crowd is not None and "is" in groups:
        row["is"], row["is_error"] = crowd.inception_score(label)
    return row
