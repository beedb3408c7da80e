import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner, Result

from inpaint.cli.app import app
from inpaint.cli.batch import _with_address
from inpaint.core.batch.results import BEGUN

Maker = Callable[..., np.ndarray]


@pytest.fixture
def album(tmp_path: Path, picture: Maker, hole: Maker, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `photos` (six PNGs, half of them in `trip`) and a mask for each in `masks`."""
    monkeypatch.setattr("inpaint.core.engines.devices.cuda_devices", lambda: 0)
    make_album(tmp_path, picture, hole, 6)
    return tmp_path


def make_album(folder: Path, picture: Maker, hole: Maker, count: int) -> None:
    for number in range(count):
        for kind, array in (("photos", picture(seed=number)), ("masks", hole())):
            path = folder / kind / ("trip" if number % 2 else ".") / f"{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(path)
    (folder / "empty").mkdir()


@pytest.fixture
def run(album: Path, tiny_model: Path) -> Callable[..., Result]:
    """`run("--grow", "2")` fills `photos` with `masks` into `out`; `photos=[…]` names something else."""

    def call(*more: str, photos: list[str] | None = None, masks: str | None = "masks", **options) -> Result:
        words = ["batch", *(str(album / name) for name in (["photos"] if photos is None else photos))]
        words += ["-o", str(album / "out"), "--model", str(tiny_model)]
        words += ["--masks", str(album / masks)] if masks else []
        return CliRunner().invoke(app, [*words, *more], **options)

    return call


def results(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_a_folder_is_filled_and_told(album: Path, run: Callable, hole: Maker) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert f"{album / 'out'}: 6 filled in" in result.stdout
    assert result.stderr == ""
    assert results(album / "out") == [
        "000.png", "002.png", "004.png", "manifest.jsonl", "trip/001.png", "trip/003.png", "trip/005.png"
    ]  # fmt: skip
    for name in ("000.png", "trip/003.png"):
        old, new = (np.asarray(Image.open(album / kind / name)) for kind in ("photos", "out"))
        assert np.array_equal(old[~hole()], new[~hole()])
        assert not np.array_equal(old[hole()], new[hole()])
    assert sorted(line["output"] for line in lines(album / "out"))[-1] == "trip/005.png"


def test_it_writes_what_fill_writes(album: Path, run: Callable, tiny_model: Path) -> None:
    words = ["--grow", "3", "--feather", "2"]
    assert run(*words).exit_code == 0
    alone = album / "alone.png"
    fill = ["fill", str(album / "photos/000.png"), "-m", str(album / "masks/000.png"), "-o", str(alone)]
    assert CliRunner().invoke(app, [*fill, "--model", str(tiny_model), *words]).exit_code == 0
    assert alone.read_bytes() == (album / "out/000.png").read_bytes()


def test_some_failed_is_3_and_each_has_a_line(album: Path, run: Callable) -> None:
    (album / "photos/000.png").write_bytes(b"no picture")
    (album / "photos/trip/003.png").write_bytes((album / "photos/trip/003.png").read_bytes()[:2000])
    (album / "masks/004.png").unlink()
    result = run()
    assert result.exit_code == 3
    assert "3 filled, 3 failed" in result.stdout
    assert len(result.stderr.splitlines()) == 3
    assert all(line.startswith("Failed: ") and f"{album}/photos/" in line for line in result.stderr.splitlines())
    assert {line["error"]["kind"] for line in lines(album / "out") if line["status"] == "failed"} == {
        "ImageError",
        "MaskError",
    }
    (album / "masks/002.png").rename(album / "masks/004.png")
    (album / "masks/trip/001.png").rename(album / "masks/002.png")
    result = run("--resume", "--json")
    record = json.loads(result.stdout)
    assert (record["done"], record["failed"], record["skipped"], record["left"]) == (1, 3, 2, 0)


def test_resume_does_only_what_is_left(album: Path, run: Callable, picture: Maker) -> None:
    assert run().exit_code == 0
    before = {path: path.stat().st_mtime_ns for path in (album / "out").rglob("*.png")}
    Image.fromarray(picture(seed=50)).save(album / "photos/002.png")
    result = run("--resume")
    assert result.exit_code == 0
    assert "1 filled, 5 already done" in result.stdout
    changed = [path.name for path, when in before.items() if path.stat().st_mtime_ns != when]
    assert changed == ["002.png"]
    assert "6 filled" in run("--resume", "--grow", "1").stdout
    assert "0 filled, 6 already done" in run("--resume", "--grow", "1").stdout


def test_json_is_one_object(album: Path, run: Callable) -> None:
    (album / "photos/000.png").write_bytes(b"no picture")
    result = run("--json", "--quiet")
    record = json.loads(result.stdout)
    assert set(record) == {
        "manifest", "photographs", "done", "failed", "with_notes", "skipped", "left", "seconds", "devices", "failures"
    }  # fmt: skip
    assert (record["photographs"], record["done"], record["failed"], record["devices"]) == (6, 5, 1, ["cpu"])
    assert record["failures"][0]["image"] == str(album / "photos/000.png")


def test_quiet_prints_errors_alone(album: Path, run: Callable) -> None:
    assert run("--quiet").output == ""
    (album / "photos/000.png").write_bytes(b"no picture")
    result = run("--quiet")
    assert (result.exit_code, result.stdout) == (3, "")
    assert len(result.stderr.splitlines()) == 1


def test_verbose_has_a_line_for_each(album: Path, run: Callable) -> None:
    (album / "photos/000.png").write_bytes(b"no picture")
    said = run("--verbose").stderr
    assert said.count("1 region of 128 x 96 on the CPU") == 5
    assert said.count("000.png: failed after") == 1


def test_many_failures_are_cut_off_with_a_pointer(album: Path, run: Callable) -> None:
    for number in range(30):
        (album / f"photos/bad{number}.png").write_bytes(b"no picture")
    said = run().stderr.splitlines()
    assert len(said) == 21
    assert "10 more" in said[-1]
    assert "manifest.jsonl" in said[-1]


def test_one_mask_boxes_transparency_and_formats(album: Path, run: Callable, hole: Maker) -> None:
    assert run(masks="masks/000.png").exit_code == 0
    assert run("--box", "10,10,20,20", masks=None).exit_code == 0
    clear = np.dstack([np.asarray(Image.open(album / "photos/000.png")), np.uint8(255) * ~hole()])
    Image.fromarray(clear).save(album / "clear.webp", lossless=True)
    assert run("--mask", "alpha", "--output-format", "tiff", photos=["clear.webp"], masks=None).exit_code == 0
    assert (album / "out/clear.tiff").is_file()
    assert run("--output-format", "same", photos=["clear.webp"], masks="masks/000.png").exit_code == 0
    assert (album / "out/clear.webp").is_file()


def test_namesakes_do_not_collide(album: Path, run: Callable) -> None:
    Image.open(album / "photos/000.png").save(album / "photos/000.jpg")
    assert run().exit_code == 0
    assert {"000.png.png", "000.jpg.png", "002.png"} <= set(results(album / "out"))


@pytest.mark.parametrize("standard_input", [True, False])
def test_a_list(album: Path, run: Callable, monkeypatch: pytest.MonkeyPatch, standard_input: bool) -> None:
    monkeypatch.chdir(album / "photos")
    text = "000.png\ntrip/001.png\ntrip/gone.png\n"
    (album / "list.txt").write_text(text)
    source = "-" if standard_input else str(album / "list.txt")
    result = run("--list", source, photos=[], input=text if standard_input else None)
    assert result.exit_code == 3
    assert "gone.png" in result.stderr
    assert results(album / "out") == ["000.png", "manifest.jsonl", "trip/001.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the names of files are text")
def test_a_list_of_names_that_are_no_text(album: Path, run: Callable) -> None:
    old, new = os.fsencode(album / "photos/000.png"), os.fsencode(album / "photos") + b"/caf\xe9.png"
    os.rename(old, new)  # noqa: PTH104 - bytes
    (album / "list.txt").write_bytes(new + b"\n")
    result = run("--list", str(album / "list.txt"), "--box", "4,4,20,20", photos=[], masks=None)
    assert result.exit_code == 0, result.output
    assert b"caf\xe9.png" in os.listdir(os.fsencode(album / "out"))  # noqa: PTH208 - bytes


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ({"photos": []}, 2, "--list"),
        ({"masks": None}, 2, "nothing says where the hole is"),
        ({"photos": ["gone"]}, 3, "no file or folder"),
        ({"photos": ["empty"]}, 3, "No photographs"),
        ({"masks": "gone"}, 4, "check --mask"),
        ({"more": ["--model", "nobody"]}, 5, "No model is called"),
        ({"more": ["-o", "{album}/photos/000.png"]}, 6, "a file is in its way"),
        ({"more": ["--device", "cuda"]}, 7, "no NVIDIA GPU"),
    ],
)
def test_what_is_wrong_from_the_start_is_one_sentence(
    album: Path, run: Callable, options: dict, code: int, sentence: str
) -> None:
    before = {path: path.read_bytes() for path in album.rglob("*.png")}
    more = [word.format(album=album) for word in options.pop("more", [])]
    result = run(*more, **options)
    assert result.exit_code == code, result.output
    assert sentence in " ".join(result.stderr.replace("│", " ").split())
    if code != 2:
        assert len(result.stderr.splitlines()) == 1
    assert {path: path.read_bytes() for path in album.rglob("*.png")} == before


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["a", "--ray"], ["a", "--ray", "local"]),
        (["--ray", "photos", "-o", "x"], ["--ray", "local", "photos", "-o", "x"]),
        (["--ray", "auto", "a"], ["--ray", "auto", "a"]),
        (["--ray", "10.0.0.1:6379"], ["--ray", "10.0.0.1:6379"]),
        (["--ray", "ray://head:10001"], ["--ray", "ray://head:10001"]),
        (["--ray=auto"], ["--ray=auto"]),
    ],
)
def test_ray_may_stand_without_an_address(words: list[str], wanted: list[str]) -> None:
    assert _with_address(words) == wanted


def command(folder: Path, model: Path, *more: str) -> list[str]:
    script = "from inpaint.cli.app import main; main()"
    return [
        *(sys.executable, "-c", script, "batch", str(folder / "photos"), "--masks", str(folder / "masks")),
        *("-o", str(folder / "out"), "--model", str(model), "--device", "cpu", "--threads", "2", *more),
    ]


def wait_for_lines(folder: Path, count: int) -> None:
    manifest = folder / "out" / "manifest.jsonl"
    for _ in range(6000):
        if manifest.exists() and manifest.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.01)
    raise AssertionError("the batch does not go on")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_batch_that_is_killed_again_and_again_ends_as_one_that_is_not(
    tmp_path: Path, tiny_model: Path, picture: Maker, hole: Maker
) -> None:
    folder, count = tmp_path / "killed", 90
    make_album(folder, picture, hole, count)
    chance = random.Random(0)
    for kill in range(4):
        process = subprocess.Popen(command(folder, tiny_model, "--resume", "--quiet"))
        wait_for_lines(folder, 15 * (kill + 1))
        time.sleep(chance.random() / 20)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        for path in (folder / "out").rglob("*.png"):
            with Image.open(path) as image:
                image.load()
        # A file without a name is gone with its process; where there are none, its name is hidden.
        if hasattr(os, "O_TMPFILE"):
            strays = [path for path in (folder / "out").rglob(".*") if path.is_file() and path.name != BEGUN]
            for path in strays:  # killed between naming and renaming, so it is complete
                with Image.open(path) as image:
                    image.load()
                path.unlink()
    done = subprocess.run(command(folder, tiny_model, "--resume", "--json"), capture_output=True, check=True)
    record = json.loads(done.stdout)
    assert record["skipped"] >= 60
    assert record["skipped"] + record["done"] == count
    last = {line["output"]: line for line in lines(folder / "out")}
    assert len(last) == count
    assert {line["status"] for line in last.values()} == {"done"}

    whole = tmp_path / "whole"
    for kind in ("photos", "masks"):
        shutil.copytree(folder / kind, whole / kind)
    subprocess.run(command(whole, tiny_model), capture_output=True, check=True)
    assert results(folder / "out") == results(whole / "out")
    for name in results(whole / "out"):
        assert name == "manifest.jsonl" or (folder / "out" / name).read_bytes() == (whole / "out" / name).read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_is_130_and_says_how_to_go_on(tmp_path: Path, tiny_model: Path, picture: Maker, hole: Maker) -> None:
    make_album(tmp_path, picture, hole, 150)
    process = subprocess.Popen(command(tmp_path, tiny_model), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_lines(tmp_path, 5)
    process.send_signal(signal.SIGINT)
    said, complaint = process.communicate(timeout=300)
    assert process.returncode == 130
    assert complaint == "Interrupted.\n"
    assert "left" in said
    assert "--resume" in said
    written = [name for name in results(tmp_path / "out") if name not in ("manifest.jsonl", BEGUN)]
    assert sorted(line["output"] for line in lines(tmp_path / "out")) == written
    assert 5 <= len(written) < 150


def test_notes_are_counted_and_resume_is_only_named_where_it_helps(album: Path, run: Callable, hole: Maker) -> None:
    noisy = hole().astype(np.uint8) * 255
    noisy[::3, ::5] += (noisy[::3, ::5] == 0).astype(np.uint8)
    Image.fromarray(noisy).save(album / "masks" / "000.png")
    (album / "masks" / "002.png").unlink()
    result = run()
    assert result.exit_code == 3
    assert "5 filled, 1 failed, 1 with notes" in result.stdout
    assert "--resume" not in result.stdout
    assert json.loads(run("--json").stdout)["with_notes"] == 1


def test_a_channel_of_each_photograph_is_its_mask(album: Path, run: Callable, picture: Maker, hole: Maker) -> None:
    (album / "scans").mkdir()
    for number in range(2):
        array = np.dstack([picture(seed=number), np.where(hole(), 20, 200).astype(np.uint8)])
        tifffile.imwrite(
            album / "scans" / f"{number}.tif", array, photometric="rgb", extrasamples=["unspecified"], metadata=None
        )
    result = run("--mask", "#4", "--invert", photos=["scans"], masks=None)
    assert result.exit_code == 0, result.output
    for number in range(2):
        filled = tifffile.imread(album / "out" / f"{number}.tif")
        assert np.array_equal(filled[..., :3][~hole()], picture(seed=number)[~hole()])
        assert (filled[..., :3][hole()] != picture(seed=number)[hole()]).any()
