"""What is at a path, as far as it may be seen, and as far as there can be such a name.

`Path.is_file` and its like raise where a folder may not be read, or a name is longer than the system allows; here that
is nothing. This file lies in the lowest package because all of them ask.
"""

from contextlib import suppress
from pathlib import Path


def is_folder(path: Path) -> bool:
    """Say whether there is a folder at `path`."""
    with suppress(OSError):
        return path.is_dir()
    return False


def is_file(path: Path) -> bool:
    """Say whether there is a file at `path`."""
    with suppress(OSError):
        return path.is_file()
    return False


def is_there(path: Path) -> bool:
    """Say whether there is anything at `path`."""
    with suppress(OSError):
        path.stat()
        return True
    return False


def matching(folder: Path, pattern: str) -> list[Path]:
    """List what matches a pattern in a folder, sorted; nothing where there is no such folder."""
    with suppress(OSError):
        return sorted(folder.glob(pattern))
    return []


def at_home(path: str | Path) -> Path:
    """Return a path with the folder of `~` in its place; as it is where nobody has such a folder."""
    with suppress(RuntimeError):
        return Path(path).expanduser()
    return Path(path)
