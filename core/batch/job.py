"""One photograph's job: read, find the mask, fill, write, and say how it went. It never raises for a bad file."""

import hashlib
import json
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from inpaint.core.atomic_files import check_apart, make_folder
from inpaint.core.batch.find_inputs import Item
from inpaint.core.batch.fingerprints import Fingerprint, take_fingerprint
from inpaint.core.engines.engine import Engine
from inpaint.core.errors import ImageError, InpaintError, OutOfMemoryError, OutputError
from inpaint.core.filling.fill import Detail
from inpaint.core.filling.fill_photo import check_result, fill_photo
from inpaint.core.filling.mask_sources import MaskChoice, build_mask, find_mask, is_flat
from inpaint.core.filling.texture import Sampling
from inpaint.core.images.decode import refusing
from inpaint.core.images.read_write import read_image, write_image
from inpaint.core.memory_errors import is_out_of_memory
from inpaint.core.release import release
from inpaint.core.stopwatch import timed

BUG = 70
"""Code of a failure that is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that decides how a photograph is filled, but for the photograph, its mask and the model."""

    choice: MaskChoice
    """Where the hole is; `choice.file` is a mask for all photographs, or None when each has its own."""
    masks: Path | None = None
    """Folder that holds a mask for each photograph, by name."""
    grow: int = 0
    """Pixels by which the hole is made larger on all sides."""
    feather: int = 0
    """Pixels over which the fill blends in."""
    detail: Detail = "auto"
    """Where the fine detail of the fill comes from."""
    seed: int = 0
    """Another one gives other fills."""
    tile: bool = False
    """Whether the photographs are textures whose borders meet."""

    def choice_for(self, item: Item) -> MaskChoice:
        """Return where the hole of this photograph is. Raises `MaskError` when it has no mask.

        Its mask is in the same sub-folder of `masks`, or in `masks` itself if that has no sub-folders at all.
        """
        if self.masks is None:
            return self.choice.inside(item.image)
        folder = self.masks if is_flat(self.masks) else self.masks / item.folder
        return replace(self.choice, file=find_mask(item.image, folder))

    def key(self, model: str) -> str:
        """Return a hash of these settings, of this version of Inpaint, and of the `model`'s SHA-256."""
        choice = asdict(replace(self.choice, file=None))
        told = {"choice": choice, "grow": self.grow, "feather": self.feather, "detail": self.detail, "tile": self.tile}
        told |= {"seed": self.seed, "model": model}
        text = json.dumps(told | {"inpaint": release()}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a photograph was not filled."""

    kind: str
    """Name of the error, such as MaskError."""
    code: int
    """The exit code that `inpaint fill` would have given."""
    message: str
    """One sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one job went. Holds nothing but what JSON can."""

    image: str
    output: str
    mask: str | None = None
    """The file, if there is one."""
    status: Literal["done", "failed"]
    error: Failure | None = None
    width: int | None = None
    height: int | None = None
    hole_pixels: int | None = None
    regions: int | None = None
    device: str | None = None
    """What filled the last region."""
    notes: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    """What reading, filling and writing took, as far as it came."""
    finished: str = ""
    """Date and time in UTC."""
    settings: str = ""
    """`Settings.key` with the model that was used."""
    files: dict[str, Fingerprint] = field(default_factory=dict)
    """Size, time and hash of image, mask and output."""

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> "Outcome":
        """Read what `to_json` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        record: dict[str, Any] = json.loads(line)
        error = record["error"]
        return cls(
            **record
            | {
                "error": Failure(**error) if error else None,
                "notes": tuple(record["notes"]),
                "files": {name: Fingerprint(**values) for name, values in record["files"].items()},
            }
        )


def fill_file(
    item: Item,
    settings: Settings,
    engine: Engine,
    key: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Fill one photograph and write the result, whole or not at all.

    - `key`: goes into the outcome as `settings`;
    - `progress`: called after each region; what it raises ends the job, if it is no `Exception`.

    The pixels written depend on the photograph, the mask, the settings and the model alone.
    """
    told: dict[str, Any] = {"image": str(item.image), "output": str(item.target), "settings": key}
    return guarded(told, lambda seconds: _fill(item, settings, engine, progress, told, seconds))


def guarded(told: dict[str, Any], work: Callable[[dict[str, float]], dict[str, Any]]) -> Outcome:
    """Do the work of a job and say how it went; what goes wrong becomes a `Failure`.

    told: fields of the outcome that are known already; the work may add to them, and returns the rest. It is given a
    dictionary for its seconds.
    """
    seconds: dict[str, float] = {}
    try:
        told |= work(seconds) | {"status": "done"}
    except InpaintError as error:
        failure = Failure(kind=type(error).__name__, code=error.exit_code, message=str(error))
        told |= {"status": "failed", "error": failure}
    except Exception as error:  # one bad file must not stop ten thousand good ones
        if is_out_of_memory(error):
            kind, code = OutOfMemoryError.__name__, OutOfMemoryError.exit_code
            sentence = f"{told['image']} does not fit into memory; fill it alone, or make it smaller."
        else:
            kind, code, where = type(error).__name__, BUG, traceback.extract_tb(error.__traceback__)[-1]
            sentence = f"This is a bug in Inpaint: {kind}: {error} ({Path(where.filename).name}:{where.lineno})."
        told |= {"status": "failed", "error": Failure(kind=kind, code=code, message=sentence)}
    return Outcome(**told, seconds=seconds, finished=datetime.now(UTC).isoformat(timespec="milliseconds"))


def _fill(
    item: Item,
    settings: Settings,
    engine: Engine,
    progress: Callable[[int, int], None] | None,
    told: dict[str, Any],
    seconds: dict[str, float],
) -> dict[str, Any]:
    """Do the work. What is known early goes into `told` at once, because a failure is to tell it, too."""
    with timed(seconds, "read"):
        with refusing(item.image, ImageError):
            fingerprints = {"image": take_fingerprint(item.image)}
        choice = settings.choice_for(item)
        if choice.file is not None:
            told["mask"] = str(choice.file)
        check_apart(item.target, {"photograph": item.image, "mask": choice.file})
        photo = read_image(item.image)
        told["width"], told["height"] = photo.size
        hole = build_mask(photo, choice)
        if choice.file is not None:
            fingerprints["mask"] = take_fingerprint(choice.file)
        make_folder(item.target.parent)
        check_result(photo, hole, item.target)
    with timed(seconds, "fill"):
        filled = fill_photo(
            photo,
            hole,
            engine,
            grow=settings.grow,
            feather=settings.feather,
            detail=settings.detail,
            sampling=Sampling(seed=settings.seed),
            progress=progress,
            tile=settings.tile,
        )
        del photo, hole  # a mask as large as the photograph, which encoding has no use for
    with timed(seconds, "write"):
        lost = write_image(filled.photo, item.target)
        fingerprints["output"] = take_fingerprint(item.target)
    return {
        "hole_pixels": filled.hole_pixels,
        "regions": len(filled.regions),
        "device": filled.engine.device,
        "notes": tuple(dict.fromkeys([*filled.notes, *lost])),
        "files": fingerprints,
    }


def refuse(image: Path, target: Path, key: str = "") -> Outcome:
    """Return the failure of a job whose result would replace a file that no batch wrote."""

    def say(seconds: dict[str, float]) -> dict[str, Any]:
        raise OutputError(
            f"{target} is there already, and the manifest in the folder of results does not list it as a result; give "
            "--force to replace it, or choose another folder with --output."
        )

    return guarded({"image": str(image), "output": str(target), "settings": key}, say)
