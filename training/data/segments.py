"""Where segmented photographs come from: a COCO folder, shards of picture and label map, or folders of the two.

A label map is H x W integers, 0 = background and one number per object. The numbers carry no classes.
"""

import io
import tarfile
import warnings
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from inpaint.core.errors import DataError, RecipeError
from inpaint.core.images.rgb8 import decode_rgb8
from inpaint.training.data.crops import decode, refusing
from inpaint.training.data.label_maps import read_labels
from inpaint.training.data.sources import SUFFIXES, picture_files, read_file, read_part
from inpaint.weights.paths import is_file, is_folder, matching


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """A photograph and which of its pixels belong to which object."""

    pixels: np.ndarray
    """H x W x 3 uint8 RGB."""
    labels: np.ndarray
    """H x W integers: 0 = background, one number per object."""
    name: str = "A picture"
    """What errors call it."""

    def __post_init__(self) -> None:
        if self.labels.shape != self.pixels.shape[:2]:
            raise DataError(
                f"{self.name} has {self.pixels.shape[1]} x {self.pixels.shape[0]} pixels and its label map "
                f"{self.labels.shape[1]} x {self.labels.shape[0]}; make them the same size."
            )

    def areas(self) -> np.ndarray:
        """Count the pixels of each number; those of 0, the background, as none.

        Raises `DataError` when there is no object.
        """
        areas = np.bincount(self.labels.ravel())
        areas[0] = 0
        if not areas.any():
            raise DataError(f"{self.name} has no object in its label map; mark one, or leave the picture out.")
        return areas


class SegmentSource(Protocol):
    """Segmented photographs in random access."""

    def __len__(self) -> int:
        """Count the photographs."""
        ...

    def read(self, index: int) -> Segmented:
        """Return one photograph with its label map."""
        ...


class ShardSegments:
    """Pairs KEY.webp (or .jpg) and KEY.png in .tar files on disk, found once and then read by offset."""

    def __init__(self, shards: list[Path]) -> None:
        found: dict[tuple[Path, str], dict[str, tuple[int, int]]] = defaultdict(dict)
        for shard in sorted(shards):
            try:
                with tarfile.open(shard, "r:") as tar:
                    for member in tar:
                        name = Path(member.name)
                        if member.isfile() and name.suffix.lower() in SUFFIXES:
                            kind = "labels" if name.suffix.lower() == ".png" else "picture"
                            found[shard, name.stem][kind] = member.offset_data, member.size
            except (OSError, tarfile.TarError) as error:
                raise RecipeError(f"{shard} cannot be read as an uncompressed .tar shard ({error}).") from error
        self.entries = [(shard, key, parts) for (shard, key), parts in found.items() if len(parts) == 2]

    def __len__(self) -> int:
        """Count the photographs."""
        return len(self.entries)

    def read(self, index: int) -> Segmented:
        """Return one photograph with its label map."""
        shard, key, parts = self.entries[index]
        name = f"{key} in {shard.name}"
        picture, labels = (read_part(shard, *parts[kind]) for kind in ("picture", "labels"))
        return Segmented(np.asarray(decode(picture, name)), read_labels(labels, f"The label map of {name}"), name)


class FolderSegments:
    """Pictures in `images/` and label maps of the same names, as PNG, in `masks/`."""

    def __init__(self, folder: Path) -> None:
        pictures = picture_files(folder / "images")
        maps = {path.stem: path for path in picture_files(folder / "masks") if path.suffix.lower() == ".png"}
        self.pairs = [(path, maps[path.stem]) for path in pictures if path.stem in maps]

    def __len__(self) -> int:
        """Count the photographs."""
        return len(self.pairs)

    def read(self, index: int) -> Segmented:
        """Return one photograph with its label map."""
        picture, labels = self.pairs[index]
        pixels = np.asarray(decode(read_file(picture), str(picture)))
        return Segmented(pixels, read_labels(read_file(labels), str(labels)), str(picture))


class CocoSegments:
    """COCO's own layout: `annotations/instances_train2017.json` beside the folder `train2017/` of photographs."""

    def __init__(self, annotations: Path) -> None:
        import contextlib

        from pycocotools.coco import COCO

        split = annotations.stem.removeprefix("instances_")
        root = annotations.parent.parent
        places = [root / split, root / "images" / split, root / "images", annotations.parent]
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # it prints how long it took
                self.coco = COCO(str(annotations))
            # A crowd is many objects under one mask, so it is none to cut out; nor is what covers no pixel.
            wanted = {
                note["image_id"]
                for note in self.coco.dataset["annotations"]
                if note.get("segmentation") and not note.get("iscrowd") and note["area"] >= 1
            }
            names = {number: str(self.coco.imgs[number]["file_name"]) for number in sorted(wanted)}
        except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
            raise RecipeError(f"{annotations} is not a COCO file of instances ({error}).") from error
        first = next(iter(names.values()), "")
        self.folder = next((place for place in places if first and (place / first).is_file()), None)
        if names and self.folder is None:
            raise RecipeError(f"The photographs of {annotations.name} are missing; put them into {root / split}.")
        self.pictures = list(names.items())

    def __len__(self) -> int:
        """Count the photographs that have objects."""
        return len(self.pictures)

    def read(self, index: int) -> Segmented:
        """Return one photograph with its label map; where objects overlap, the smaller one is on top."""
        number, name = self.pictures[index]
        assert self.folder is not None
        place = str(self.folder / name)
        # COCO's outlines are those of the stored pixels, whatever EXIF says about turning them.
        encoded = read_file(self.folder / name)
        with refusing(place):
            pixels = np.asarray(decode_rgb8(encoded, place, DataError, turn=False))
        labels = np.zeros(pixels.shape[:2], np.int32)
        notes = self.coco.loadAnns(self.coco.getAnnIds(imgIds=[number], iscrowd=False))
        with warnings.catch_warnings():
            # pycocotools' compiled arrays lack an argument that NumPy 2 asks for.
            warnings.simplefilter("ignore", DeprecationWarning)
            for label, note in enumerate(sorted(notes, key=lambda note: -note["area"]), 1):
                if note.get("segmentation"):
                    labels[self.coco.annToMask(note).astype(bool)] = label
        return Segmented(pixels, labels, place)


@dataclass(frozen=True, slots=True)
class Part:
    """Some photographs of a source, such as those that are trained on."""

    source: SegmentSource
    indices: tuple[int, ...]

    def __len__(self) -> int:
        """Count the photographs."""
        return len(self.indices)

    def read(self, index: int) -> Segmented:
        """Return one photograph with its label map."""
        return self.source.read(self.indices[index])


def open_segments(location: str) -> SegmentSource:
    """Open segmented photographs.

    location: a COCO folder (with `annotations/instances_*.json`) or one of its annotation files; a folder of .tar
    shards, one shard or a pattern of shards; or a folder with `images/` and `masks/`. Raises `RecipeError` when there
    are none.
    """
    path = Path(location)
    annotations = matching(path / "annotations", "instances_*.json")
    if path.suffix == ".json" and is_file(path):
        source: SegmentSource = CocoSegments(path)
    elif annotations:
        # Where training and validation lie side by side, the former is meant.
        source = CocoSegments(next((file for file in annotations if "train" in file.stem), annotations[0]))
    elif is_folder(path / "masks"):
        source = FolderSegments(path)
    else:
        shards = matching(path, "*.tar") if is_folder(path) else matching(path.parent, path.name)
        if not shards:
            raise RecipeError(
                f"No segmented pictures in {location}; give a COCO folder, .tar shards with .webp and .png, or a "
                "folder with images/ and masks/."
            )
        source = ShardSegments(shards)
    if not len(source):
        raise RecipeError(f"No picture in {location} has objects marked; check the annotations.")
    return source


def split(source: SegmentSource, hold_back: int) -> tuple[Part, Part]:
    """Return what to train on and what is held back: every picture whose number `hold_back` divides; 0 = none.

    Raises `RecipeError` when nothing is left to train on.
    """
    numbers = range(len(source))
    held = [number for number in numbers if hold_back and number % hold_back == 0]
    rest = sorted(set(numbers).difference(held))
    if not rest:
        raise RecipeError("The only segmented picture is held back for validation; add more, or set hold_back to 0.")
    return Part(source, tuple(rest)), Part(source, tuple(held))
