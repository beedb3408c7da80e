"""What the worker can do: bytes from GIMP to arrays, through `inpaint.core`, and back to bytes.

Nothing large is imported before the first job, so that a worker listens at once.
"""

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from inpaint.core.errors import InpaintError
from inpaint.gimp_plugin.plugin.protocol import Header

if TYPE_CHECKING:
    import numpy as np

    from inpaint.core.engine import Device, Engine
    from inpaint.gimp_plugin.worker import Job, Report

KEPT_ENGINES = 2
"""Models that stay in memory."""


class Engines:
    """Loaded models, the last few of them kept."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[tuple[Any, ...], Engine] = OrderedDict()

    def get(self, model: str, device: str) -> "Engine":
        """Return the model of this name or file on `device`; load it when it is new or its file has changed."""
        from inpaint.core.engine import load_engine
        from inpaint.weights import resolve

        path = resolve(Path(model) if Path(model).is_absolute() else model)
        status = path.stat()
        key = (str(path), status.st_mtime_ns, status.st_size, device)
        if key not in self._loaded:
            self._loaded[key] = load_engine(path, cast("Device", device))
        self._loaded.move_to_end(key)
        while len(self._loaded) > KEPT_ENGINES:
            self._loaded.popitem(last=False)
        return self._loaded[key]


def all_jobs() -> dict[str, "Job"]:
    """Return the jobs by the name that a request has for them."""
    engines = Engines()

    def fill(request: Header, parts: list[bytes], report: "Report") -> tuple[Header, list[bytes]]:
        from inpaint.gimp_plugin.selection import fill_selection

        rgba, selection = read_arrays(request, parts)
        engine = engines.get(str(request.get("model", "default")), str(request.get("device", "auto")))
        grow, feather = int(request.get("grow", 0)), int(request.get("feather", 0))
        done = fill_selection(rgba, selection, engine, grow=grow, feather=feather, progress=report)
        return {"box": list(done.box), "notes": list(done.notes)}, [done.rgba.tobytes(), done.strength.tobytes()]

    return {"fill": fill}


def read_arrays(request: Header, parts: list[bytes]) -> tuple["np.ndarray", "np.ndarray"]:
    """Return H x W x 4 float32 RGBA, straight alpha, and H x W float32 selection, as the request describes them."""
    import numpy as np

    width, height = int(request["width"]), int(request["height"])
    if len(parts) != 2 or len(parts[0]) != width * height * 16 or len(parts[1]) != width * height * 4:
        raise InpaintError("GIMP sent other pixels than it announced; run `inpaint gimp install` again.")
    rgba = np.frombuffer(parts[0], np.float32).reshape(height, width, 4)
    return rgba, np.frombuffer(parts[1], np.float32).reshape(height, width)
