"""What the worker can do: bytes from GIMP to arrays, through `inpaint.core`, and back to bytes.

Nothing large is imported with this module, so that a worker listens at once.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from inpaint.core.errors import InpaintError
from inpaint.gimp_plugin.plugin.protocol import Header

if TYPE_CHECKING:
    import numpy as np

    from inpaint.core.engines.engine import Device, Engine
    from inpaint.core.filling.fill import Detail
    from inpaint.core.filling.regions import Box
    from inpaint.core.objects.joint import JointEngine
    from inpaint.gimp_plugin.selection import FilledSelection

KEPT_ENGINES = 3
"""Models that stay in memory."""
JOINT = "joint"
"""Name of the model that fits an object to its surroundings."""

Report = Callable[[int, int], None]
"""Tells the caller how many of how many regions are done; raises when the caller is gone."""
Job = Callable[[Header, list[bytes], Report], tuple[Header, list[bytes]]]

Loaded = TypeVar("Loaded")


class Engines:
    """Loaded models, the last few of them kept. Several threads take turns."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._turn = threading.Lock()

    def prepare(self) -> None:
        """Load what the first call most likely wants, and warm up a GPU, while that call is still on its way."""
        with suppress(Exception):  # the call that needs it will say what is wrong
            self.get("default", "auto").warm_up()

    def get(self, model: str, device: str) -> "Engine":
        """Return the model of this name or file on `device`; load it when it is new or its file has changed."""
        from inpaint.core.engines.engine import load_engine

        return self._get(model, device, load_engine)

    def get_joint(self, device: str) -> "JointEngine":
        """Return the model that fits objects to their surroundings, on `device`."""
        from inpaint.core.objects.joint import load_joint

        return self._get(JOINT, device, load_joint)

    def _get(self, model: str, device: str, load: "Callable[[Path, Device], Loaded]") -> Loaded:
        from inpaint.core.engines.devices import expected
        from inpaint.weights import resolve

        wanted = Path(model) if Path(model).is_absolute() else model
        path = resolve(wanted, expected(cast("Device", device)))
        status = path.stat()
        key = (load.__name__, str(path), status.st_mtime_ns, status.st_size, device)
        with self._turn:
            if key not in self._loaded:
                self._loaded[key] = load(path, cast("Device", device))
            self._loaded.move_to_end(key)
            while len(self._loaded) > KEPT_ENGINES:
                self._loaded.popitem(last=False)
            return self._loaded[key]


def all_jobs(engines: Engines | None = None) -> dict[str, Job]:
    """Return the jobs by the name that a request has for them.

    engines: where they take their models from; None for new ones.
    """
    engines = engines or Engines()

    def fill(request: Header, parts: list[bytes], report: Report) -> tuple[Header, list[bytes]]:
        from inpaint.gimp_plugin.selection import fill_selection

        rgba, selection = read_layer(request, parts, "", 0)
        engine = engines.get(str(request.get("model", "default")), str(request.get("device", "auto")))
        grow, feather = int(request.get("grow", 0)), int(request.get("feather", 0))
        detail = cast("Detail", str(request.get("detail", "auto")))
        return answer(
            fill_selection(
                rgba,
                selection,
                engine,
                grow=grow,
                feather=feather,
                detail=detail,
                part=read_box(request, "part") if "part" in request else None,
                lock_alpha=bool(request.get("lock-alpha", False)),
                transparent=bool(request.get("transparent", False)),
                progress=report,
            ),
            bytes_of_mask(request, parts),
        )

    def compose(request: Header, parts: list[bytes], report: Report) -> tuple[Header, list[bytes]]:
        from inpaint.gimp_plugin.composing import Thing, compose_selection

        rgba, selection = read_layer(request, parts, "", 0)
        pixels, selected = read_layer(request, parts, "object-", 2)
        device = str(request.get("device", "auto"))
        harmonize = bool(request.get("harmonize", True))
        return answer(
            compose_selection(
                rgba,
                selection,
                Thing(rgba=pixels, selection=selected, box=read_box(request, "object-box")),
                read_box(request, "at"),
                engine=engines.get(str(request.get("model", "default")), device),
                joint=engines.get_joint(device) if harmonize else None,
                cut_out=str(request.get("cut-out", "find")),
                surroundings=str(request.get("surroundings", "keep")),
                harmonize=harmonize,
                progress=report,
            ),
            bytes_of_mask(request, parts),
        )

    return {"fill": fill, "compose": compose}


def answer(done: "FilledSelection", bytes_of_mask: int) -> tuple[Header, list[bytes]]:
    """Return the header and the pixels that GIMP gets; bytes_of_mask: of a pixel of its selection, 1, 2 or 4."""
    import numpy as np

    strength = done.strength
    if bytes_of_mask < 4:
        whole = np.uint8 if bytes_of_mask == 1 else np.uint16
        strength = np.rint(strength * np.float32(np.iinfo(whole).max)).astype(whole)
    return {"box": list(done.box), "notes": list(done.notes)}, [done.rgba.tobytes(), strength.tobytes()]


def bytes_of_mask(request: Header, parts: list[bytes]) -> int:
    """Return how many bytes a pixel of the selection has, after `read_layer` has checked them."""
    box = read_box(request, "selected")
    return len(parts[1]) // (box.width * box.height)


def read_mask(pixels: bytes, height: int, width: int) -> "np.ndarray":
    """Return height x width float32 in [0, 1] from bytes of 8 bits, 16 bits or float32 a pixel."""
    import numpy as np

    kind = {1: np.uint8, 2: np.uint16, 4: np.float32}[len(pixels) // (height * width)]
    values = np.frombuffer(pixels, kind).reshape(height, width)
    return values if kind == np.float32 else values / np.float32(np.iinfo(kind).max)


def read_box(request: Header, name: str) -> "Box":
    """Return a rectangle of the plug-in, left, top, right and bottom, as a box."""
    from inpaint.core.filling.regions import Box

    left, top, right, bottom = (int(edge) for edge in request[name])
    return Box(top=top, left=left, height=bottom - top, width=right - left)


def read_layer(request: Header, parts: list[bytes], prefix: str, first: int) -> tuple["np.ndarray", "np.ndarray"]:
    """Return H x W x 3 or 4 float32 RGB, straight alpha, and H x W float32 selection, as the request describes them.

    prefix: of the request's width, height, and rectangle of all that is selected. first: number of the part that holds
    the pixels; how much each pixel of that rectangle is selected follows.
    """
    import numpy as np

    width, height = int(request[f"{prefix}width"]), int(request[f"{prefix}height"])
    box = read_box(request, f"{prefix}selected")
    pixels, selected = parts[first : first + 2] if len(parts) >= first + 2 else (b"", b"")
    within = box.top >= 0 and box.left >= 0 and box.top + box.height <= height and box.left + box.width <= width
    area = box.width * box.height
    sizes = {channels * 4 * width * height: channels for channels in (3, 4)}
    if len(pixels) not in sizes or not within or len(selected) not in (area, 2 * area, 4 * area):
        raise InpaintError("GIMP sent other pixels than it announced; run `inpaint gimp install` again.")
    selection = np.zeros((height, width), np.float32)
    selection[box.slices] = read_mask(selected, box.height, box.width)
    return np.frombuffer(pixels, np.float32).reshape(height, width, sizes[len(pixels)]), selection
