import errno
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePath

import cv2
import numpy as np
import pytest
from PIL import Image

from inpaint.core import Box, Engine, MaskChoice, fill
from inpaint.core.batch import Item, Manifest, Outcome, Settings, fill_file, fingerprints
from inpaint.core.batch import job as job_module

Maker = Callable[..., np.ndarray]


@pytest.fixture
def item(album: Path) -> Item:
    return Item(image=album / "photos/trip/1.png", folder=PurePath("trip"), target=album / "out/trip/1.png")


def test_it_fills_as_fill_does_and_tells_how(
    item: Item, settings: Settings, engine: Engine, picture: Maker, hole: Maker
) -> None:
    outcome = fill_file(item, replace(settings, grow=2, feather=1), engine, key="k")
    assert outcome.status == "done"
    assert np.array_equal(np.asarray(Image.open(item.target)), fill(picture(seed=1), hole(), engine, grow=2, feather=1))
    assert (outcome.width, outcome.height, outcome.regions, outcome.device) == (128, 96, 1, "cpu")
    assert outcome.hole_pixels is not None
    assert outcome.hole_pixels > hole().sum()
    assert set(outcome.seconds) == {"read", "fill", "write"}
    assert set(outcome.files) == {"image", "mask", "output"}
    assert outcome.files["output"].bytes == item.target.stat().st_size
    assert outcome.settings == "k"
    assert Outcome.from_json(outcome.to_json()) == outcome


@pytest.mark.parametrize(
    ("breaks", "kind", "code", "sentence"),
    [
        (lambda album: (album / "photos/trip/1.png").unlink(), "ImageError", 3, "no file"),
        (lambda album: (album / "photos/trip/1.png").write_bytes(b"\x89PNG\r\n\x1a\n"), "ImageError", 3, "1.png"),
        (lambda album: (album / "masks/trip/1.png").unlink(), "MaskError", 4, "No mask for 1.png"),
        (lambda album: Image.new("L", (9, 9), 255).save(album / "masks/trip/1.png"), "MaskError", 4, "9 x 9"),
        (lambda album: (album / "out").write_text("no folder"), "OutputError", 6, "out"),
    ],
)
def test_what_goes_wrong_is_an_outcome(
    album: Path, item: Item, settings: Settings, engine: Engine, breaks: Callable, kind: str, code: int, sentence: str
) -> None:
    breaks(album)
    outcome = fill_file(item, settings, engine)
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.error.code) == (kind, code)
    assert sentence in outcome.error.message
    assert not item.target.exists()
    assert Outcome.from_json(outcome.to_json()) == outcome


def test_a_photograph_that_may_not_be_read_is_told_as_fill_tells_it(
    item: Item, settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(fingerprints, "_sha256", locked)  # root may read everything
    outcome = fill_file(item, settings, engine)
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.error.code) == ("ImageError", 3)
    assert "may not read" in outcome.error.message


def test_a_failure_of_the_mask_tells_which_mask(album: Path, item: Item, settings: Settings, engine: Engine) -> None:
    path = album / "masks/trip/1.png"
    Image.new("L", (9, 9), 255).save(path)
    assert fill_file(item, settings, engine).mask == str(path)
    path.write_bytes(b"no picture")
    assert fill_file(item, settings, engine).mask == str(path)
    item.image.write_bytes(b"no picture")
    assert fill_file(item, settings, engine).mask == str(path)
    path.unlink()
    assert fill_file(item, settings, engine).mask is None


def test_a_folder_of_masks_that_may_not_be_read_is_a_failure_and_no_bug(
    album: Path, item: Item, settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = Path.iterdir

    def locked(folder: Path) -> Iterator[Path]:
        if folder == album / "masks":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return listing(folder)

    monkeypatch.setattr(Path, "iterdir", locked)  # root may list everything
    job_module.is_flat.cache_clear()
    outcome = fill_file(item, settings, engine)
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.error.code) == ("MaskError", 4)
    assert "masks cannot be listed: Permission denied" in outcome.error.message
    with Manifest(album / "out") as manifest:
        assert manifest.open_items([item], settings, "k") == [item]


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (KeyError("x"), 70, "bug"),
        (MemoryError(), 7, "does not fit into memory"),
        (cv2.error("error: (-4:Insufficient memory) Failed to allocate 8 bytes"), 7, "does not fit into memory"),
        (cv2.error("std::bad_alloc"), 7, "does not fit into memory"),
        (cv2.error("error: (-215:Assertion failed)"), 70, "bug"),
    ],
)
def test_a_bug_in_one_job_is_an_outcome(
    item: Item,
    settings: Settings,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: int,
    sentence: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(job_module, "fill_photo", fail)
    outcome = fill_file(item, settings, engine)
    assert outcome.error is not None
    assert outcome.error.code == code
    assert sentence in outcome.error.message


def test_a_result_never_replaces_its_mask(album: Path, item: Item, settings: Settings, engine: Engine) -> None:
    before = (album / "masks/trip/1.png").read_bytes()
    outcome = fill_file(replace(item, target=album / "masks/trip/1.png"), settings, engine)
    assert outcome.error is not None
    assert outcome.error.kind == "OutputError"
    assert (album / "masks/trip/1.png").read_bytes() == before


def test_a_mask_is_in_the_same_folder_or_all_are_in_one(album: Path, item: Item, settings: Settings) -> None:
    assert settings.choice_for(item).file == album / "masks/trip/1.png"
    flat = album / "flat"
    flat.mkdir()
    (album / "masks/trip/1.png").rename(flat / "1_mask.png")
    assert replace(settings, masks=flat).choice_for(item).file == flat / "1_mask.png"
    # A namesake in another folder is no mask of this one.
    (flat / "1_mask.png").rename(album / "masks/1.png")
    with pytest.raises(job_module.InpaintError, match="No mask"):
        settings.choice_for(item)


def test_the_key_tells_settings_and_models_apart() -> None:
    plain = Settings(choice=MaskChoice(file=Path("a.png")))
    others = [
        replace(plain, grow=1),
        replace(plain, feather=1),
        replace(plain, choice=MaskChoice(invert=True)),
        replace(plain, choice=MaskChoice(boxes=(Box(0, 0, 1, 1),))),
    ]
    keys = {settings.key("m") for settings in (plain, *others)} | {plain.key("n")}
    assert len(keys) == 6
    assert plain.key("m") == replace(plain, choice=MaskChoice(file=Path("b.png"))).key("m")
