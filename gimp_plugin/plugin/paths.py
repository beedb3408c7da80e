"""Where things are: the engine's Python, as the installer wrote it down, and the folder of the running worker."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import asdict, dataclass, field
from glob import glob
from pathlib import Path

from .errors import PluginError

CONFIG = "engine.json"
"""Name of the file beside the plug-in's script that says where the engine is."""
INSTALL = "run `inpaint gimp install` in a terminal"


@dataclass(frozen=True)
class Config:
    """What `inpaint gimp install` found out."""

    python: str
    """The Python that has Inpaint installed, with its environment."""
    runtime: str
    """The private folder where plug-in and worker meet."""
    version: str
    """The Inpaint that installed this plug-in."""
    models: tuple[str, ...] = ("default",)
    """Models to offer by name."""
    files: dict[str, str] = field(default_factory=dict)
    """Of the models that do not come with Inpaint: where the file is once it was fetched, as a pattern for `glob`."""

    @classmethod
    def read(cls, folder: Path) -> Config:
        """Read the file `engine.json` in `folder`. Raises `PluginError` when it is missing or damaged."""
        path = folder / CONFIG
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                python=str(record["python"]),
                runtime=str(record["runtime"]),
                version=str(record["version"]),
                models=tuple(str(name) for name in record["models"]) or ("default",),
                files={str(name): str(pattern) for name, pattern in record.get("files", {}).items()},
            )
        except FileNotFoundError:
            raise PluginError(f"Inpaint's engine is not installed: {path} is missing; {INSTALL}.") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise PluginError(f"{path} cannot be read ({error}); {INSTALL}.") from None

    def to_json(self) -> str:
        """Return what `read` reads."""
        return json.dumps(asdict(self), indent=2) + "\n"

    def is_here(self, model: str) -> bool:
        """Return whether a model came with Inpaint or was fetched."""
        return model not in self.files or bool(glob(self.files[model]))  # noqa: PTH207 - a pattern for a whole path


class Runtime:
    """The worker's private folder: only its owner may enter, so only the owner can reach the worker."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @property
    def socket(self) -> Path:
        """The worker's Unix socket."""
        return self.folder / "worker.sock"

    @property
    def card(self) -> Path:
        """What to know for talking to the worker: address, key, process."""
        return self.folder / "worker.json"

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts a worker, so that two calls start one."""
        return self.folder / "start.lock"

    @property
    def worker_lock(self) -> Path:
        """Held by the worker for as long as it lives."""
        return self.folder / "worker.lock"

    @property
    def log(self) -> Path:
        """What the worker has to say."""
        return self.folder / "worker.log"

    def prepare(self) -> None:
        """Make the folder and check that nobody else can enter it. Raises `PluginError` otherwise."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sys.platform != "win32":
                status = self.folder.lstat()
                if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                    raise PluginError(f"{self.folder} belongs to somebody else; delete it, or {INSTALL}.")
                if stat.S_IMODE(status.st_mode) != 0o700:
                    self.folder.chmod(0o700)
        except OSError as error:
            raise PluginError(f"The folder {self.folder} cannot be made: {error.strerror}.") from None
