from pathlib import Path

import pytest

from inpaint.weights.paths import at_home, is_file, is_folder, is_there, matching

LONG = "a" * 300


def test_what_may_not_be_seen_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_there(tmp_path)
    assert not is_there(tmp_path / "none")

    def locked(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "stat", locked)  # root may see everything
    assert not is_there(tmp_path)
    assert not is_folder(tmp_path)
    assert not is_file(tmp_path)


def test_a_name_longer_than_the_system_allows_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / LONG, tmp_path / LONG / "x"):
        assert not is_there(path)
        assert not is_folder(path)
        assert not is_file(path)
        assert matching(path, "*.tar") == []
    assert matching(tmp_path, LONG) == []


def test_what_matches_is_sorted(tmp_path: Path) -> None:
    for name in ("b.tar", "a.tar", "c.txt"):
        (tmp_path / name).touch()
    assert matching(tmp_path, "*.tar") == [tmp_path / "a.tar", tmp_path / "b.tar"]
    assert matching(tmp_path / "none", "*") == []


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert at_home("~/x") == tmp_path / "x"
    assert at_home("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")
