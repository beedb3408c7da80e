import os
import stat
from pathlib import Path

import pytest

from inpaint.core import OutputError
from inpaint.core.atomic_files import atomic_write, check_apart


def test_it_writes_and_leaves_nothing_else(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a.bin") as file:
        file.write(b"new")
    assert (tmp_path / "a.bin").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_the_longest_names_are_written(tmp_path: Path) -> None:
    for letter in ("a", "é", "写"):
        path = tmp_path / (letter * (251 // len(letter.encode())) + ".bin")
        with atomic_write(path) as file:
            file.write(b"new")
        assert path.read_bytes() == b"new"


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(OutputError, match="is a device or a pipe; give the name of a file"), atomic_write(path):
            pytest.fail("it was opened")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failure_half_way_keeps_the_old_file(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def half() -> None:
        with atomic_write(path) as file:
            file.write(b"ne")
            raise failure

    with pytest.raises(failure):
        half()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize(("number", "sentence"), [(28, "disk is full"), (13, "may not write"), (5, "could not be")])
def test_errors_of_the_system_become_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match=sentence), atomic_write(tmp_path / "a.bin") as file:
        file.write(b"new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "sentence"), [("", "is a folder"), ("no/a.bin", "does not exist")])
def test_impossible_paths(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(OutputError, match=sentence), atomic_write(tmp_path / name):
        pass


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_permissions_and_links(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "fresh") as file:
            file.write(b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640
    (tmp_path / "fresh").chmod(0o600)
    (tmp_path / "link").symlink_to("fresh")
    with atomic_write(tmp_path / "link") as file:
        file.write(b"y")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "fresh").read_bytes() == b"y"
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o600


def test_a_target_that_is_what_it_is_made_from_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    check_apart(path, {"mask": path, "photograph": None})  # it is not there
    path.touch()
    with pytest.raises(OutputError, match="is the mask itself; give another --output, or --force to replace it"):
        check_apart(path, {"mask": path}, has_force=True)
    with pytest.raises(OutputError, match=r"is the mask itself; give another --output\.$"):
        check_apart(path, {"mask": path})


def test_a_short_write_by_numpy_is_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="disk is full"), atomic_write(tmp_path / "a.tif"):
        raise OSError("373248 requested and 204608 written")  # all that it tells
