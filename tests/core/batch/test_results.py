"""What a batch wrote is told from somebody's photograph, also after a run that was killed."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from inpaint.core import Engine, ImageError
from inpaint.core.batch import Item, Manifest, Settings, collect, fill_file
from inpaint.core.batch.results import BEGUN, NAME, earlier_results


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


def test_results_among_the_photographs_are_no_photographs(folder: Path) -> None:
    wanted = [("a.jpg", "a.png"), ("b.jpg", "b.png")]
    assert names(collect([folder], folder, png)) == wanted
    by_name = [folder / "a.jpg", folder / "a.png"]
    assert names(collect(by_name, folder, png)) == wanted[:1]
    assert names(collect([], folder, png, listed=by_name)) == wanted[:1]


def test_they_are_photographs_to_a_batch_into_another_folder(folder: Path, tmp_path: Path) -> None:
    assert len(collect([folder], tmp_path / "out", png)) == 4


def test_a_link_leads_to_the_same_results_masks_and_photographs(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    wanted = [("a.jpg", "a.png"), ("b.jpg", "b.png")]
    assert names(collect([tmp_path / "link"], folder, png)) == wanted
    assert names(collect([folder], tmp_path / "link", png)) == wanted
    assert names(collect([folder], tmp_path / "link", png, skip=[tmp_path / "link" / "trip"])) == wanted[:1]
    with pytest.raises(Exception, match="would replace"):
        collect([tmp_path / "link"], folder, lambda path: path.suffix)


def test_nothing_but_results_is_said_so(folder: Path) -> None:
    with pytest.raises(ImageError, match="Nothing but results of an earlier batch"):
        collect([folder / "a.png"], folder, png)
    (folder / "trip/b.jpg").unlink()
    with pytest.raises(ImageError, match="Nothing but results of an earlier batch"):
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
            outcomes = [fill_file(item, settings, engine, "k") for item in manifest.begin_items(items)]
            for outcome in outcomes:
                manifest.add(outcome)
        assert [outcome.status for outcome in outcomes] == ["failed", "done"]
        assert outcomes[0].error is not None
        assert (outcomes[0].error.kind, outcomes[0].error.code) == ("OutputError", 6)
        assert "is there already, and the manifest" in outcomes[0].error.message
        assert items[0].target.read_bytes() == before
    assert not (album / "out" / BEGUN).exists()


def test_without_its_manifest_a_result_is_somebodys_file(album: Path, settings: Settings, engine: Engine) -> None:
    items = collect([album / "photos/0.png"], album / "out", png)
    with Manifest(album / "out") as manifest:
        manifest.add(fill_file(manifest.begin_items(items)[0], settings, engine, "k"))
    with Manifest(album / "out") as manifest:
        assert not manifest.begin_items(items)[0].taken
    (album / "out" / NAME).unlink()
    with Manifest(album / "out") as manifest:
        assert manifest.begin_items(items)[0].taken


def kill(album: Path, items: list[Item]) -> None:
    """Leave behind what a run does that is killed when it has listed the last result, and written but the first."""
    manifest = Manifest(album / "out")
    assert not any(item.taken for item in manifest.begin_items(items))
    items[0].target.write_bytes(b"whole")
    items[-1].target.write_bytes(b"whole")
    listing(album / "out", items[-1].target.name)
    kept = (album / "out" / BEGUN).read_bytes()
    manifest.__exit__(None, None, None)
    (album / "out" / BEGUN).write_bytes(kept)


def test_what_a_killed_run_did_not_come_to_list_is_a_result(album: Path, settings: Settings, engine: Engine) -> None:
    items = collect([album / "photos" / f"{number}.png" for number in (0, 2, 4)], album / "out", png)
    kill(album, items)
    (album / "out/strange.png").touch()
    assert earlier_results(album / "out") == {"0.png", "2.png", "4.png"}
    with pytest.raises(ImageError, match="Nothing but results"):
        collect([album / "out/0.png"], album / "out", png)
    # A run about other photographs keeps in mind what is there and not listed, and lets go of the rest.
    others = collect([album / "photos/6.png"], album / "out", png)
    with Manifest(album / "out") as manifest:
        manifest.add(fill_file(manifest.begin_items(others)[0], settings, engine, "k"))
    assert json.loads((album / "out" / BEGUN).read_text()) == ["0.png"]
    with Manifest(album / "out") as manifest:
        for item in manifest.begin_items([*items, replace(items[1], target=album / "out/strange.png")]):
            manifest.add(fill_file(item, settings, engine, "k"))
            assert item.taken == (item.target.name == "strange.png")
    assert not (album / "out" / BEGUN).exists()
    assert earlier_results(album / "out") == {"0.png", "2.png", "4.png", "6.png"}


def test_what_is_no_list_of_names_is_passed_over(album: Path) -> None:
    (album / "out").mkdir()
    for text in ("", "{}", '[1, "a.png"]', "\udcff"):
        (album / "out" / BEGUN).write_bytes(text.encode("utf-8", "surrogateescape"))
        assert earlier_results(album / "out") == ({"a.png"} if "a.png" in text else set())
