import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from inpaint.cli.app import app
from inpaint.core.errors import OutputError
from inpaint.gimp_plugin import installer
from inpaint.gimp_plugin.doctor import examine_gimps
from inpaint.gimp_plugin.gimp_installations import Console, GimpFolder, find_folders
from inpaint.gimp_plugin.installer import SCRIPT, SOURCE, engine_config, install, prove, runtime_folder, uninstall
from inpaint.gimp_plugin.plugin.errors import PluginError
from inpaint.gimp_plugin.plugin.paths import Config, Runtime
from inpaint.weights import MODELS
from inpaint.weights.cache import repository_folder

from .conftest import linux, posix


def test_what_is_installed(folder: GimpFolder) -> None:
    target = install(folder, engine_config())
    assert target == folder.path / "plug-ins" / "inpaint-fill"
    script = target / "inpaint-fill.py"
    assert script.stem == target.name, "GIMP wants both to be the same"
    assert {path.name for path in (target / "plugin").iterdir()} == {p.name for p in SOURCE.glob("*.py")} - {SCRIPT}
    if sys.platform != "win32":
        assert stat.S_IMODE(script.stat().st_mode) == 0o755
    config = Config.read(target)
    assert config == engine_config()
    assert config.python == sys.executable
    assert "default" in config.models


def test_models_that_were_not_fetched_are_told_apart(
    folder: GimpFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "a [cache]"))
    config = Config.read(install(folder, engine_config()))
    assert config.is_here("default")
    assert not config.is_here("migan")
    known = next(model for model in MODELS if model.name == "migan")
    snapshot = repository_folder(known.repository) / "snapshots" / ("0" * 40)
    file = snapshot / known.file
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    assert config.is_here("migan")


def test_an_older_one_is_replaced(folder: GimpFolder) -> None:
    folder.plug_in.mkdir(parents=True)
    (folder.plug_in / "left-over.py").write_text("")
    install(folder, engine_config())
    assert not (folder.plug_in / "left-over.py").exists()
    assert [path.name for path in folder.plug_in.parent.iterdir()] == ["inpaint-fill"]


def test_uninstalling_takes_it_all_out(folder: GimpFolder) -> None:
    install(folder, engine_config())
    assert uninstall(folder)
    assert not uninstall(folder)
    assert list(folder.plug_in.parent.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be put into"):
        install(GimpFolder(tmp_path / "file"), engine_config())


@posix
def test_the_socket_has_a_short_name_in_a_deep_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/" + "deep/" * 30)
    assert len(os.fsencode(runtime_folder() / "worker.sock")) <= installer.LONGEST_SOCKET


def test_a_config_that_is_missing_or_damaged_is_said(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"not installed.*run `inpaint gimp install`"):
        Config.read(tmp_path)
    (tmp_path / "engine.json").write_text("{")
    with pytest.raises(PluginError, match="cannot be read"):
        Config.read(tmp_path)


GOOD = {
    "gimp": "3.0.4",
    "registered": True,
    "status": "success",
    "error": "",
    "seconds": 1.0,
    "filled": 1,
    "kept": True,
}


@posix
@pytest.mark.parametrize(
    ("record", "output", "works", "sentence"),
    [
        (GOOD, "", True, "filled a test picture with it in 1.0 s"),
        ({**GOOD, "registered": False}, "", False, "does not know the plug-in"),
        ({**GOOD, "status": "execution-error", "error": "No model."}, "", False, "filling fails: No model."),
        ({**GOOD, "kept": False}, "", False, "outside the selection changed"),
        ({**GOOD, "filled": 0.1}, "", False, "was not filled"),
        (None, "procedure 'python-fu-eval' is not a valid batch interpreter", False, "has no Python plug-ins"),
        (None, "some reason", False, "could not run the test: some reason."),
    ],
)
def test_what_gimp_proved_becomes_a_sentence(
    folder: GimpFolder, fake_gimp: Callable, record: dict | None, output: str, works: bool, sentence: str
) -> None:
    program = fake_gimp("3.0.4", record, output)
    proof = prove(Console(program, (3, 0, 4)), folder)
    assert proof.works is works
    assert sentence in proof.sentence
    assert proof.sentence.startswith("GIMP 3.0.4")


@linux
def test_install_and_uninstall_at_the_prompt(home: Path, fake_gimp: Callable) -> None:
    fake_gimp("3.0.4", GOOD)
    run = CliRunner().invoke
    done = run(app, ["gimp", "install"])
    assert done.exit_code == 0, done.output
    assert "filled a test picture" in done.output
    assert (home / ".config/GIMP/3.0/plug-ins/inpaint-fill/inpaint-fill.py").is_file()
    fake_gimp("3.0.4", {**GOOD, "registered": False})
    assert run(app, ["gimp", "install"]).exit_code == 1
    done = run(app, ["gimp", "uninstall"])
    assert done.exit_code == 0
    assert "Removed from GIMP 3.0" in done.output
    assert "was not installed" in run(app, ["gimp", "uninstall"]).output


@linux
def test_without_a_gimp_installing_says_so(home: Path) -> None:
    done = CliRunner().invoke(app, ["gimp", "install"])
    assert done.exit_code == 1
    assert "There is no GIMP 3 here" in done.output


def test_a_worker_whose_folder_is_not_ours_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def foreign(_: Runtime) -> None:
        raise PluginError("The folder belongs to somebody else; delete it.")

    monkeypatch.setattr(Runtime, "prepare", foreign)
    done = CliRunner().invoke(app, ["gimp", "worker"])
    assert done.exit_code == 1
    assert "belongs to somebody else" in done.output


@linux
def test_a_flatpak_is_told_honestly(home: Path) -> None:
    (home / ".var/app/org.gimp.GIMP/config/GIMP/3.0").mkdir(parents=True)
    done = CliRunner().invoke(app, ["gimp", "install"])
    assert done.exit_code == 0
    assert done.output.count("run `inpaint gimp worker`") == 1


@linux
def test_a_flatpak_that_shares_the_folder_of_the_system_is_told_of(home: Path) -> None:
    (home / ".config/GIMP/3.0").mkdir(parents=True)
    assert "inpaint gimp worker" not in CliRunner().invoke(app, ["gimp", "install", "--no-proof"]).output
    (home / ".local/share/flatpak/app/org.gimp.GIMP").mkdir(parents=True)
    done = CliRunner().invoke(app, ["gimp", "install", "--no-proof"])
    assert done.output.count("run `inpaint gimp worker`") == 1
    notes = [finding.sentence for finding in examine_gimps([], find_folders(), {})]
    assert any("run `inpaint gimp worker`" in note for note in notes)


def test_a_folder_that_is_not_there_is_refused_and_not_made(tmp_path):
    folder = tmp_path / "GIMP" / "3.O"
    done = CliRunner().invoke(app, ["gimp", "install", "--folder", str(folder), "--no-proof"])
    assert done.exit_code == 2
    assert "there is no folder" in " ".join(done.stderr.replace("│", " ").split())
    assert not folder.parent.exists()
