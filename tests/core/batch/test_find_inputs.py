import errno
import io
import os
from pathlib import Path

import pytest

from inpaint.core import ImageError, OutputError
from inpaint.core.batch import collect, read_list


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "photos/b.JPG",
        "photos/a.png",
        "photos/notes.txt",
        "photos/.hidden.png",
        "photos/.cache/c.png",
        "photos/2024/may/a.tiff",
        "photos/out/old.png",
        "photos/masks/a.png",
        "more/a.png",
        "odd.dat",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    return tmp_path


def png(path: Path) -> str:
    return ".png"


def targets(tree: Path, *sources: str, **options) -> list[str]:
    options = {"suffix": png, "skip": [tree / "photos" / "masks"]} | options
    out = tree / "photos" / "out"
    items = collect([tree / source for source in sources], out, **options)
    return [item.target.relative_to(out).as_posix() for item in items]


def test_a_folder_keeps_its_folders_and_passes_over_what_is_not_meant(tree: Path) -> None:
    assert targets(tree, "photos") == ["a.png", "b.png", "2024/may/a.png"]


def test_several_folders_keep_their_names(tree: Path) -> None:
    assert targets(tree, "photos", "more")[-1] == "more/a.png"
    assert "photos/2024/may/a.png" in targets(tree, "photos", "more")


def test_a_file_goes_right_into_the_folder_whatever_it_is_called(tree: Path) -> None:
    assert targets(tree, "odd.dat", "photos/2024/may/a.tiff") == ["odd.png", "a.png"]


def test_a_list_keeps_relative_folders_and_leaves_what_is_missing_to_the_job(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    listed = read_list(io.StringIO("photos/a.png\n\n# a remark\nphotos/gone.png\r\n"))
    assert targets(tree, listed=listed) == ["photos/a.png", "photos/gone.png"]
    assert targets(tree, listed=[tree / "photos" / "a.png"]) == ["a.png"]


def test_the_same_photograph_twice_is_one(tree: Path) -> None:
    assert targets(tree, "more/a.png", "more/../more/a.png") == ["a.png"]


def test_two_results_of_one_name_keep_the_old_suffix(tree: Path) -> None:
    (tree / "more" / "a.jpg").touch()
    (tree / "more" / "b.jpg").touch()
    (tree / "more" / "B.webp").touch()  # the same name to some file systems
    assert sorted(targets(tree, "more")) == ["B.webp.png", "a.jpg.png", "a.png.png", "b.jpg.png"]
    assert sorted(targets(tree, "more", suffix=lambda path: path.suffix)) == ["B.webp", "a.jpg", "a.png", "b.jpg"]


def test_two_results_that_no_suffix_tells_apart_are_refused(tree: Path) -> None:
    with pytest.raises(OutputError, match="would both become"):
        targets(tree, "photos/a.png", "more/a.png")


def test_a_result_never_replaces_a_photograph(tree: Path) -> None:
    item = collect([tree / "more" / "a.png"], tree / "more", png)[0]
    assert item.target == tree / "more" / "a.png.png"
    item.target.touch()
    with pytest.raises(OutputError, match="would replace"):
        collect([item.image, item.target], tree / "more", png)


@pytest.mark.parametrize(("source", "sentence"), [("gone", "no file or folder"), ("empty", "No photographs")])
def test_nothing_to_do_is_an_error(tree: Path, source: str, sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence):
        targets(tree, source)


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_folder_that_may_not_be_listed_is_not_left_out_in_silence(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = os.scandir

    def locked(folder: str) -> object:
        if str(folder).endswith("may"):
            raise PermissionError(errno.EACCES, "Permission denied", folder)
        return listing(folder)

    monkeypatch.setattr(os, "scandir", locked)  # root may list everything
    with pytest.raises(ImageError, match="may cannot be listed"):
        targets(tree, "photos")


def test_links_in_a_circle_end(tree: Path) -> None:
    (tree / "more" / "again").symlink_to(tree / "more")
    assert targets(tree, "more") == ["a.png"]
