from collections.abc import Callable
from pathlib import Path

import pytest

from inpaint.gimp_plugin.gimp_installations import (
    GimpFolder,
    environments_on_path,
    find_consoles,
    find_folders,
    flatpak_installed,
    gimp_environment,
    program_folders,
)

from .conftest import linux, posix


@linux
def test_every_gimp_is_found(home: Path) -> None:
    for path in (".config/GIMP/2.10", ".config/GIMP/3.0", ".config/GIMP/3.2", ".var/app/org.gimp.GIMP/config/GIMP/3.0"):
        (home / path).mkdir(parents=True)
    found = [(str(each.path.relative_to(home)), each.kind) for each in find_folders()]
    assert found == [
        (".config/GIMP/3.0", "system"),
        (".config/GIMP/3.2", "system"),
        (".var/app/org.gimp.GIMP/config/GIMP/3.0", "flatpak"),
    ]


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("win32", "AppData/Roaming/GIMP/3.0"),
        ("darwin", "Library/Application Support/GIMP/3.2"),
        ("linux", ".config/GIMP/3.0"),
        ("linux", "snap/gimp/current/.config/GIMP/3.0"),
    ],
)
def test_every_system_has_its_own_folder(home: Path, platform: str, folder: str) -> None:
    (home / folder).mkdir(parents=True)
    (home / folder).with_name("2.10").mkdir()
    assert [each.path for each in find_folders({}, home, platform)] == [home / folder]
    kind = "snap" if "snap" in folder else "system"
    assert find_folders({}, home, platform)[0].kind == kind


def test_windows_may_keep_settings_elsewhere(home: Path) -> None:
    (home / "roaming/GIMP/3.2").mkdir(parents=True)
    found = find_folders({"APPDATA": str(home / "roaming")}, home, "win32")
    assert found == [GimpFolder(home / "roaming/GIMP/3.2")]


def test_installers_put_programs_off_the_path(home: Path) -> None:
    settings = {"LOCALAPPDATA": str(home / "local"), "PROGRAMFILES": str(home / "all")}
    assert program_folders(settings, "win32") == [home / "local/Programs/GIMP 3/bin", home / "all/GIMP 3/bin"]
    assert program_folders({}, "win32") == []
    assert program_folders(settings, "darwin") == [Path("/Applications/GIMP.app/Contents/MacOS")]
    assert program_folders(settings, "linux") == []


@pytest.mark.parametrize("place", ["user", "system"])
def test_a_flatpak_is_found_where_it_is_installed(home: Path, place: str) -> None:
    root = home / (".local/share/flatpak" if place == "user" else "flatpak")
    assert not flatpak_installed(home, home / "flatpak")
    (root / "app/org.gimp.GIMP").mkdir(parents=True)
    assert flatpak_installed(home, home / "flatpak")


def test_gimp3_directory_is_the_only_one(home: Path) -> None:
    (home / ".config/GIMP/3.0").mkdir(parents=True)
    assert find_folders({"GIMP3_DIRECTORY": "/other"}, home) == [GimpFolder(Path("/other"), "custom")]


@linux
def test_a_gimp_that_was_never_started_has_a_folder_too(home: Path, fake_gimp: Callable) -> None:
    fake_gimp("3.2.6")
    assert [str(each.path.relative_to(home)) for each in find_folders()] == [".config/GIMP/3.2"]


@posix
def test_a_gimp_2_is_none(fake_gimp: Callable) -> None:
    fake_gimp("2.10.34")
    assert find_consoles() == []


@posix
def test_gimp_is_started_without_the_active_environment(tmp_path: Path) -> None:
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").write_text("")
    path = f"{tmp_path}/venv/bin:/usr/bin"
    assert environments_on_path(path) == [tmp_path / "venv/bin"]
    clean = gimp_environment({"PATH": path, "VIRTUAL_ENV": "x", "PYTHONPATH": "x", "HOME": "/h"})
    assert clean == {"PATH": "/usr/bin", "HOME": "/h"}
