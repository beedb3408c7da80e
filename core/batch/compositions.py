"""A table of compositions in one go: the same record, resuming and failures as for photographs to be filled."""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inpaint.core.atomic_files import check_apart, make_folder
from inpaint.core.batch.fingerprints import take_fingerprint
from inpaint.core.batch.job import Outcome, guarded
from inpaint.core.batch.manifest import Manifest
from inpaint.core.errors import ImageError, MaskError, OutputError
from inpaint.core.images.decode import refusing
from inpaint.core.objects.composition import Composition, compose_file
from inpaint.core.objects.joint import JointEngine
from inpaint.core.objects.segmenting import SegmenterEngine
from inpaint.core.release import release
from inpaint.core.stopwatch import timed


def compose_job(
    composition: Composition, joint: JointEngine, segmenter: SegmenterEngine | None, key: str = ""
) -> Outcome:
    """Carry out one composition, whole or not at all; never raises for a bad one. key: goes into the outcome."""
    told: dict[str, Any] = {
        "image": str(composition.background),
        "output": str(composition.output),
        "settings": key,
    }

    def work(seconds: dict[str, float]) -> dict[str, Any]:
        inputs = _inputs(composition)
        fingerprints = {}
        for name, path in inputs.items():
            with refusing(path, MaskError if name == "mask" else ImageError):
                fingerprints[name] = take_fingerprint(path)
        check_apart(composition.output, inputs)
        make_folder(composition.output.parent)
        with timed(seconds, "compose"):
            done = compose_file(composition, joint, segmenter)
        width, height = done.photo.size
        return {
            "width": width,
            "height": height,
            "hole_pixels": int(done.composed.mask.sum()),
            "regions": 1,
            "device": joint.device,
            "notes": done.notes,
            "files": fingerprints | {"output": take_fingerprint(composition.output)},
        }

    return guarded(told, work)


def check_outputs(compositions: Sequence[Composition]) -> None:
    """Raise `OutputError` when one composition would write a file that it or another one reads."""
    read = {os.path.realpath(path) for composition in compositions for path in _inputs(composition).values()}
    for composition in compositions:
        if os.path.realpath(composition.output) in read:
            raise OutputError(
                f"{composition.output} is what a line of the table reads, and would be replaced; choose another "
                "folder with --output, and do what builds on a result with a second table."
            )


def run_compositions(
    compositions: Sequence[Composition],
    joint: JointEngine,
    segmenter: SegmenterEngine | None,
    report: Callable[[Outcome], None],
    *,
    models: Sequence[str],
    stop: threading.Event,
) -> None:
    """Carry out every composition, one after the other: each one uses all cores.

    - `models`: SHA-256 of the model files;
    - `stop`: once it is set, KeyboardInterrupt is raised after the one under way.
    """
    for composition in compositions:
        if stop.is_set():
            raise KeyboardInterrupt
        report(compose_job(composition, joint, segmenter, composition_key(composition, models)))


def open_compositions(
    compositions: Sequence[Composition], manifest: Manifest, models: Sequence[str]
) -> list[Composition]:
    """Return those that the manifest does not know as complete and unchanged."""
    before = manifest.read()
    return [
        composition
        for composition in compositions
        if not manifest.is_current(
            _inputs(composition) | {"output": composition.output}, composition_key(composition, models), before
        )
    ]


def composition_key(composition: Composition, models: Sequence[str]) -> str:
    """Return a hash of what decides the pixels, besides the files: the line's numbers, the models, the version."""
    told = {name: value for name, value in asdict(composition).items() if not isinstance(value, Path)}
    text = json.dumps({"composition": told, "models": list(models), "inpaint": release()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _inputs(composition: Composition) -> dict[str, Path]:
    """Return the files that a composition reads, by their names in the outcome."""
    mask = {} if composition.object_mask is None else {"mask": composition.object_mask}
    return {"image": composition.background, "object": composition.object} | mask
