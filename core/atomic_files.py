"""Writing files so that what was there before is either untouched or fully replaced."""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from inpaint.core.errors import OutputError
from inpaint.weights.paths import is_folder, is_there

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says when a disk, or somebody's share of it, is full."""
_DESCRIPTORS = Path("/proc/self/fd")


@contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """Open `path` for writing bytes; it takes its final name only when the block ends without an error.

    The bytes go to a temporary file in the same folder, reach the disk, and then replace `path` in one step. A
    failure removes the temporary file and leaves `path` as it was. Where the system has files without a name (Linux),
    the temporary one gets its own when it is complete, so that not even `kill -9` leaves a part of it behind.

    A link is followed, so that the file it points to is replaced and the link stays. A replaced file keeps its
    permissions; a new one gets those of the umask.

    Raises `OutputError` when the file cannot be written.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    # Names may have 255 bytes, and a letter up to four.
    start = os.fsencode(target.name)[:200].decode(errors="ignore")
    temporary = target.with_name(f".{start}.tmp{secrets.token_hex(4)}")
    try:
        check_writable(path)
        # Not tempfile: its files are for their owner only, and the result would inherit that.
        descriptor = _open_nameless(target.parent)
        nameless = descriptor is not None
        if descriptor is None:
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if nameless:
                    _name(descriptor, temporary)
            if target.exists():
                shutil.copymode(target, temporary)
            os.replace(temporary, target)  # noqa: PTH105 - the atomic one, on Windows too
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(_sentence(path, error)) from error


def _open_nameless(folder: Path) -> int | None:
    """Open a file that has no name yet, on the file system of `folder`; None where there are no such files."""
    if not hasattr(os, "O_TMPFILE") or not _DESCRIPTORS.is_dir():
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
    except OSError as error:
        # What a file system without them answers, and an old kernel; everything else is a reason not to write at all.
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL):
            return None
        raise


def _name(descriptor: int, path: Path) -> None:
    """Give an open file without a name the name `path`, which must be free."""
    # Python follows the link in /proc only when it is given a folder, which an absolute path makes meaningless.
    os.link(_DESCRIPTORS / str(descriptor), path, src_dir_fd=descriptor, follow_symlinks=True)


def check_writable(path: str | Path) -> None:
    """Raise `OutputError` when it is plain before any work that `path` cannot be written."""
    path = Path(path)
    if is_folder(path):
        raise OutputError(f"{path} is a folder; give the name of a file.")
    if is_there(path) and not stat.S_ISREG(path.stat().st_mode):
        # Replaced it would be a file from then on, /dev/null for every program on the machine.
        raise OutputError(f"{path} is a device or a pipe; give the name of a file.")
    if not is_folder(path.parent):
        raise OutputError(f"The folder {path.parent} does not exist; make it first.")
    if not os.access(Path(os.path.realpath(path)).parent, os.W_OK):
        raise OutputError(f"You may not write into the folder {path.parent}; choose another.")


def make_folder(path: str | Path) -> None:
    """Make a folder and those above it where they are missing. Raises `OutputError`."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(f"The folder {path} cannot be made, because a file is in its way; choose another.") from error
    except OSError as error:
        raise OutputError(_sentence(path, error)) from error


def check_apart(target: str | Path, inputs: Mapping[str, Path | None], *, has_force: bool = False) -> None:
    """Raise `OutputError` when `target` is one of the files it is made from, under whatever name.

    - `inputs`: what each is called in the sentence, such as "mask", and where it is; None is passed over;
    - `has_force`: whether the sentence may advise --force, because the command has it.
    """
    target = Path(target)
    for what, path in inputs.items():
        if path and _are_one(target, path):
            force = ", or --force to replace it" if has_force else ""
            raise OutputError(f"{target} is the {what} itself; give another --output{force}.")


def _are_one(one: Path, other: Path) -> bool:
    """Say whether two paths lead to one file; what is not there, or cannot be, is no file."""
    with suppress(OSError):
        return one.samefile(other)
    return False


def _sentence(path: Path, error: OSError) -> str:
    """Say what `error` means for somebody who wanted `path`."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"You may not write {path}; choose another folder or change its permissions."
    if error.errno in FULL:
        return f"The disk is full, and {path} was not written; make room or choose another disk."
    if error.errno is None and "requested and" in str(error):  # NumPy writes arrays itself, and tells no reason
        return f"The disk is full, or takes no file so large, and {path} was not written; choose another disk."
    if error.errno == errno.EISDIR:
        return f"{path} is a folder; give the name of a file."
    if error.errno == errno.ENOENT:
        return f"The folder {path.parent} does not exist; make it first."
    return f"{path} could not be written: {error.strerror or error}."
