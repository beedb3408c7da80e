"""Odd files, folders and disks at the prompt: one sentence and its exit code, and everything stays as it was."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

Maker = Callable[..., np.ndarray]
SCRIPT = "import sys; sys.argv[0] = 'inpaint'; from inpaint.cli.app import main; main()"


@pytest.fixture
def run(tiny_model: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """`run("photo.png", "--box", "1,2,3,4", before="ulimit -f 1")` fills in a process of its own."""

    def call(*words: str | bytes | Path, before: str = ":") -> subprocess.CompletedProcess[bytes]:
        command = ["bash", "-c", f'{before}; exec "$@"', "bash", sys.executable, "-c", SCRIPT, "fill"]
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "PYTHONIOENCODING": "utf-8:strict"}
        more = ["--model", str(tiny_model), "--threads", "1", "--device", "cpu"]
        return subprocess.run([*command, *words, *more], capture_output=True, check=False, env=environment)

    return call


def refused(done: subprocess.CompletedProcess[bytes], code: int, words: str) -> None:
    said = done.stderr.decode("utf-8", "replace")
    assert done.returncode == code, said
    assert words in said
    assert len(said.splitlines()) == 1
    assert done.stdout == b""


def filled(done: subprocess.CompletedProcess[bytes]) -> None:
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("nothing in it", 3, "is not a picture"),
        ("cut short", 3, "damaged or cut short"),
        ("a text", 3, "is not a picture"),
        ("NaN", 3, "NaN"),
        ("a link to itself", 3, "cannot be read"),
        ("a link to nothing", 3, "There is no file"),
        ("one pixel", 4, "covers the whole picture"),
        ("no folder", 3, "There is no file"),
    ],
)
def test_odd_photographs(tmp_path: Path, picture: Maker, run: Callable, kind: str, code: int, words: str) -> None:
    path = tmp_path / "photo.png"
    if kind == "nothing in it":
        path.touch()
    elif kind == "cut short":
        Image.fromarray(picture()).save(path)
        path.write_bytes(path.read_bytes()[:3000])
    elif kind == "a text":
        path.write_text("not a picture")
    elif kind == "NaN":
        tifffile.imwrite(path, np.full((40, 50, 3), np.nan, np.float32), photometric="rgb")
    elif kind == "a link to itself":
        path.symlink_to(path)
    elif kind == "a link to nothing":
        path.symlink_to(tmp_path / "nothing")
    elif kind == "one pixel":
        Image.fromarray(picture(1, 1)).save(path)
    else:
        path = tmp_path / "no" / "photo.png"
    before = {name: (tmp_path / name).lstat() for name in os.listdir(tmp_path)}  # noqa: PTH208
    refused(run(path, "--box", "0,0,1,1"), code, words)
    assert {name: (tmp_path / name).lstat().st_mtime_ns for name in os.listdir(tmp_path)} == {  # noqa: PTH208
        name: status.st_mtime_ns for name, status in before.items()
    }


@pytest.mark.parametrize(("height", "width"), [(1, 20_000), (20_000, 1), (1, 2), (2, 1), (3, 3)])
def test_thin_and_tiny_photographs(tmp_path: Path, picture: Maker, run: Callable, height: int, width: int) -> None:
    array = picture(height, width)
    Image.fromarray(array).save(tmp_path / "photo.png")
    filled(run(tmp_path / "photo.png", "--box", "0,0,1,1"))
    with Image.open(tmp_path / "photo.filled.png") as after:
        back = np.asarray(after)
    assert np.array_equal(back.reshape(-1, 3)[1:], array.reshape(-1, 3)[1:])


def test_a_hole_over_everything_and_none(tmp_path: Path, picture: Maker, run: Callable) -> None:
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    refused(run(tmp_path / "photo.png", "--box", "0,0,128,96"), 4, "covers the whole picture")
    Image.new("L", (128, 96)).save(tmp_path / "mask.png")
    refused(run(tmp_path / "photo.png", "--mask", tmp_path / "mask.png"), 4, "empty")


@pytest.mark.skipif(os.name != "posix", reason="names of files are text elsewhere")
def test_a_name_that_is_not_utf_8(tmp_path: Path, picture: Maker, run: Callable) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.png"
    Image.fromarray(picture()).save(os.fsdecode(path), "PNG")
    done = run(path, "--box", "40,30,9,9")
    filled(done)
    assert Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.filled.png")).is_file()
    assert b"region filled" in done.stdout
    done = run(path, "--box", "40,30,9,9", "--json")
    filled(done)
    refused(run(os.fsencode(tmp_path) + b"/caf\xe8.png", "--box", "40,30,9,9"), 3, "There is no file")


def test_a_link_is_followed_and_stays(tmp_path: Path, picture: Maker, run: Callable) -> None:
    (tmp_path / "far").mkdir()
    Image.fromarray(picture()).save(tmp_path / "far" / "photo.png")
    (tmp_path / "photo.png").symlink_to(tmp_path / "far" / "photo.png")
    before = (tmp_path / "far" / "photo.png").read_bytes()
    refused(
        run(tmp_path / "photo.png", "--box", "9,9,9,9", "-o", tmp_path / "far" / "photo.png"), 6, "photograph itself"
    )
    filled(run(tmp_path / "photo.png", "--box", "9,9,9,9"))
    assert (tmp_path / "photo.filled.png").is_file()
    (tmp_path / "out.png").symlink_to(tmp_path / "far" / "out.png")
    filled(run(tmp_path / "photo.png", "--box", "9,9,9,9", "-o", tmp_path / "out.png"))
    assert (tmp_path / "out.png").is_symlink()
    assert (tmp_path / "far" / "out.png").is_file()
    assert (tmp_path / "far" / "photo.png").read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="needs permissions")
def test_a_folder_that_may_not_be_written(tmp_path: Path, picture: Maker, run: Callable) -> None:
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    # Permissions do not hold root, but where the system has it, this does.
    lock, unlock = (["chmod", "500"], ["chmod", "700"]) if os.geteuid() else (["chattr", "+i"], ["chattr", "-i"])
    try:
        subprocess.run([*lock, tmp_path], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("root can lock no folder here")
    try:
        refused(run(tmp_path / "photo.png", "--box", "9,9,9,9"), 6, "may not write")
    finally:
        subprocess.run([*unlock, tmp_path], check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


@pytest.mark.skipif(os.name != "posix", reason="needs ulimit")
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp", ".bmp"])
def test_a_disk_that_takes_no_more(tmp_path: Path, picture: Maker, run: Callable, suffix: str) -> None:
    """A limit on the size of files stops the writing where a full disk would."""
    Image.fromarray(picture(300, 400)).save(tmp_path / "photo.png")
    (tmp_path / f"out{suffix}").write_bytes(b"what was there before")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = run(tmp_path / "photo.png", "--box", "9,9,9,9", "-o", tmp_path / f"out{suffix}", before="ulimit -f 8")
    refused(done, 6, "takes no file so large" if suffix == ".tif" else "could not be written")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("command", ["fill", "remove", "harmonize", "compose"])
def test_a_folder_in_the_place_of_a_photograph(tmp_path: Path, command: str) -> None:
    words = {
        "fill": "--box 1,1,9,9",
        "remove": "--box 1,1,9,9",
        "harmonize": "--mask .",
        "compose": "--object . --at 1,1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, command, ".", *words[command].split()],
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    refused(done, 3, "is a folder")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_no_photograph_and_nobody_waits_for_it(tmp_path: Path, run: Callable) -> None:
    os.mkfifo(tmp_path / "photo.png")
    refused(run(tmp_path / "photo.png", "--box", "1,1,9,9"), 3, "is a pipe")


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_name_longer_than_the_system_allows(run: Callable) -> None:
    refused(run("a" * 300 + ".png", "--box", "1,1,9,9"), 3, "cannot be read")


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("model", ["a" * 300, "a" * 300 + ".onnx", "~nobody-of-that-name/x.onnx"])
def test_a_model_that_cannot_be_there(tmp_path: Path, picture: Maker, model: str) -> None:
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    words = [tmp_path / "photo.png", "--box", "1,1,9,9", "--model", model]
    refused(
        subprocess.run([sys.executable, "-c", SCRIPT, "fill", *words], capture_output=True, check=False), 5, "model"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
@pytest.mark.parametrize("words", [["--output", "-"], ["--json"]])
def test_standard_output_on_a_full_disk(tmp_path: Path, picture: Maker, run: Callable, words: list[str]) -> None:
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    refused(run(tmp_path / "photo.png", "--box", "9,9,9,9", *words, before="exec > /dev/full"), 6, "disk is full")


def may_be_ignored(folder: Path) -> bool:
    """Say whether permissions mean nothing here, as for root, of a folder that has none."""
    return os.access(folder, os.R_OK)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["secret/photo.png", "--box", "1,1,9,9", "-o", "out.png"], 3, "may not read"),
        (["photo.png", "--mask", "secret/mask.png", "-o", "out.png"], 4, "may not read"),
        (["photo.png", "--box", "1,1,9,9", "-o", "secret/out.png"], 6, "may not write"),
    ],
)
def test_a_folder_without_permissions(
    tmp_path: Path, picture: Maker, run: Callable, words: list[str], code: int, sentence: str
) -> None:
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    (tmp_path / "secret").mkdir(mode=0)
    # Root goes without the right to ignore permissions, so that this means something in a container, too.
    limits = "setpriv --bounding-set=-dac_override,-dac_read_search"
    try:
        if may_be_ignored(tmp_path / "secret") and not shutil.which("setpriv"):
            pytest.skip("permissions mean nothing to root")
        as_mortal = limits if may_be_ignored(tmp_path / "secret") else "env"
        done = run(*words, before=f'cd {tmp_path}; set -- {as_mortal} "$@"')
    finally:
        (tmp_path / "secret").chmod(0o700)
    refused(done, code, sentence)
