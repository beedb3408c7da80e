"""What a batch wrote is told from somebody's photograph, also after a run that was killed."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from inpaint.core import Engine, ImageError
from inpaint.core.batch import Item, Manifest, Settings, collect, fill_file, refuse
from inpaint.core.batch.results import BEGUN, NAME, earlier_results, taken_by_others


def png(path: Path) -> str:
    return ".png"


def listing(folder: Path, *names: str, status: str = "done") -> None:
    """Add lines to the manifest, as short ones as another version might write."""
    with (folder / NAME).open("a") as file:
        file.writelines(json.dumps({"output": name, "status": status}) + "\n" for name in names)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the photographs a.jpg and trip/b.jpg, and the results of both among them."""
    folder = tmp_path / "same"
    (folder / "trip").mkdir(parents=True)
    for name in ("a.jpg", "a.png", "trip/b.jpg", "trip/b.png"):
        (folder / name).touch()
    listing(folder, "a.png", "trip/b.png")
    return folder


def names(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.image.name, item.target.name) for item in items]


def targets(items: list[Item]) -> list[Path]:
    return [item.target for item in items]


def test_results_among_the_photographs_are_no_photographs(folder: Path) -> None:
    wanted = [("a.jpg", "a.png"), ("b.jpg", "b.png")]
    assert names(collect([folder], folder, png)) == wanted
    assert names(collect([folder / "trip", folder / "a.jpg"], folder, png)) == wanted[::-1]


def test_a_result_that_is_named_is_a_photograph(folder: Path) -> None:
    webp = collect([folder / "a.png"], folder, lambda path: ".webp")
    assert names(webp) == names(collect([], folder, lambda path: ".webp", listed=[folder / "a.png"]))
    assert names(webp) == [("a.png", "a.webp")]
    assert names(collect([folder / "a.png"], folder, png)) == [("a.png", "a.png.png")]


def test_they_are_photographs_to_a_batch_into_another_folder(folder: Path, tmp_path: Path) -> None:
    assert len(collect([folder], tmp_path / "out", png)) == 4


def test_a_link_leads_to_the_same_results_masks_and_photographs(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    wanted = [("a.jpg", "a.png"), ("b.jpg", "b.png")]
    assert names(collect([tmp_path / "link"], folder, png)) == wanted
    assert names(collect([folder], tmp_path / "link", png)) == wanted
    assert names(collect([folder], tmp_path / "link", png, skip=[tmp_path / "link" / "trip"])) == wanted[:1]
    beside = collect([tmp_path / "link"], folder, lambda path: path.suffix)
    assert names(beside) == [("a.jpg", "a.jpg.jpg"), ("b.jpg", "b.jpg.jpg")]


def test_nothing_but_results_is_said_so(folder: Path) -> None:
    (folder / "trip/b.jpg").unlink()
    with pytest.raises(ImageError, match="beside results of an earlier batch"):
        collect([folder / "trip"], folder, png)


def test_a_failure_makes_no_result_and_unmakes_none(folder: Path) -> None:
    listing(folder, "a.png", "c.png", status="failed")
    with (folder / NAME).open("a") as file:
        file.write('{"output": "d.png", "sta')
    assert earlier_results(folder) == {"a.png", "trip/b.png"}


def test_what_no_batch_wrote_is_not_replaced(
    album: Path, settings: Settings, engine: Engine, picture: Callable
) -> None:
    items = collect([album / "photos/0.png", album / "photos/2.png"], album / "out", png)
    (album / "out").mkdir()
    Image.fromarray(picture(seed=50)).save(items[0].target)
    before = items[0].target.read_bytes()
    for _ in range(2):  # the line of the failure is not the line of a result
        with Manifest(album / "out") as manifest:
            assert manifest.begin(targets(items)) == {items[0].target}
            refused = refuse(items[0].image, items[0].target, "k")
            for outcome in (refused, fill_file(items[1], settings, engine, "k")):
                manifest.add(outcome)
        assert refused.error is not None
        assert (refused.error.kind, refused.error.code) == ("OutputError", 6)
        assert "is there already, and the manifest" in refused.error.message
        assert items[0].target.read_bytes() == before
    assert not (album / "out" / BEGUN).exists()
    with Manifest(album / "out") as manifest:
        assert manifest.begin(targets(items), force=True) == set()


def test_without_its_manifest_a_result_is_somebodys_file(album: Path, settings: Settings, engine: Engine) -> None:
    items = collect([album / "photos/0.png"], album / "out", png)
    with Manifest(album / "out") as manifest:
        assert not manifest.begin(targets(items))
        manifest.add(fill_file(items[0], settings, engine, "k"))
    with Manifest(album / "out") as manifest:
        assert not manifest.begin(targets(items))
    (album / "out" / NAME).unlink()
    with Manifest(album / "out") as manifest:
        assert manifest.begin(targets(items)) == {items[0].target}


def test_what_is_finished_after_an_interruption_is_a_result(album: Path) -> None:
    """A process of a cluster goes on for a moment after the batch has ended."""
    items = collect([album / "photos/0.png"], album / "out", png)
    with suppress(KeyboardInterrupt), Manifest(album / "out") as manifest:
        manifest.begin(targets(items))
        raise KeyboardInterrupt
    items[0].target.write_bytes(b"whole")
    with Manifest(album / "out") as manifest:
        assert not manifest.begin(targets(items))


def test_a_file_system_may_know_a_result_by_another_name(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "A.png").hardlink_to(tmp_path / "a.png")
    (tmp_path / "A.PNG").touch()
    given = {tmp_path / name: name for name in ("A.png", "A.PNG", "b.png")}
    assert taken_by_others(tmp_path, given, {"a.png"}) == {tmp_path / "A.PNG"}


def kill(album: Path, items: list[Item]) -> None:
    """Leave behind what a run does that is killed when it has listed the last result, and written but the first."""
    manifest = Manifest(album / "out")
    assert not manifest.begin(targets(items))
    items[0].target.write_bytes(b"whole")
    items[-1].target.write_bytes(b"whole")
    listing(album / "out", items[-1].target.name)
    kept = (album / "out" / BEGUN).read_bytes()
    manifest.__exit__(None, None, None)
    (album / "out" / BEGUN).write_bytes(kept)


def test_what_a_killed_run_did_not_come_to_list_is_a_result(album: Path, settings: Settings, engine: Engine) -> None:
    items = collect([album / "photos" / f"{number}.png" for number in (0, 2, 4)], album / "out", png)
    kill(album, items)
    assert earlier_results(album / "out") == {"0.png", "2.png", "4.png"}
    with pytest.raises(ImageError, match="beside results"):
        collect([album / "out"], album / "out", png)
    (album / "out/strange.png").touch()
    # A run about other photographs keeps in mind what is there and not listed, and lets go of the rest.
    others = collect([album / "photos/6.png"], album / "out", png)
    with Manifest(album / "out") as manifest:
        manifest.begin(targets(others))
        manifest.add(fill_file(others[0], settings, engine, "k"))
    assert json.loads((album / "out" / BEGUN).read_text()) == ["0.png"]
    with Manifest(album / "out") as manifest:
        assert manifest.begin([*targets(items), album / "out/strange.png"]) == {album / "out/strange.png"}
        for item in items:
            manifest.add(fill_file(item, settings, engine, "k"))
    assert not (album / "out" / BEGUN).exists()
    assert earlier_results(album / "out") == {"0.png", "2.png", "4.png", "6.png"}


def test_what_is_no_list_of_names_is_passed_over(album: Path) -> None:
    (album / "out").mkdir()
    for text in ("", "{}", '[1, "a.png"]', "\udcff"):
        (album / "out" / BEGUN).write_bytes(text.encode("utf-8", "surrogateescape"))
        assert earlier_results(album / "out") == ({"a.png"} if "a.png" in text else set())
