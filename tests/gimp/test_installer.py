import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from inpaint.cli.app import app
from inpaint.core.errors import OutputError
from inpaint.gimp_plugin import doctor, installer
from inpaint.gimp_plugin.doctor import examine_folder, examine_gimps
from inpaint.gimp_plugin.gimps import (
    Console,
    GimpFolder,
    environments_on_path,
    find_consoles,
    find_folders,
    flatpak_installed,
    gimp_environment,
    program_folders,
)
from inpaint.gimp_plugin.installer import SCRIPT, SOURCE, engine_config, install, prove, runtime_folder, uninstall
from inpaint.gimp_plugin.plugin.errors import PluginError
from inpaint.gimp_plugin.plugin.places import Config

posix = pytest.mark.skipif(sys.platform == "win32", reason="folders and shell scripts of POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> GimpFolder:
    return GimpFolder(tmp_path / "GIMP" / "3.0")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, without any GIMP on the PATH."""
    for name in ("GIMP3_DIRECTORY", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


@pytest.fixture
def fake_gimp(home: Path) -> Callable[..., Path]:
    """`fake_gimp(version, record)`: a gimp-console on the PATH that claims `record` when it is to prove the plug-in."""

    def make(version: str = "3.0.4", record: dict | None = None, output: str = "") -> Path:
        program = home / "bin" / "gimp-console"
        program.parent.mkdir(exist_ok=True)
        claim = home / "claim.json"
        claim.write_text(json.dumps(record) + "\n")
        program.write_text(
            "#!/bin/sh\n"
            f'[ "$1" = --version ] && {{ echo "GNU Image Manipulation Program version {version}"; exit; }}\n'
            f'echo "{output}"\n'
            "for word; do case $word in *proof*) code=$word;; esac; done\n"
            "target=${code##*main(\\'}; target=${target%%\\'*}\n"
            + (f'while read -r line; do echo "$line"; done <{claim} >"$target"\n' if record else "")
        )
        program.chmod(0o755)
        return program

    return make


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


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
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


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
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


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
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


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_without_a_gimp_installing_says_so(home: Path) -> None:
    done = CliRunner().invoke(app, ["gimp", "install"])
    assert done.exit_code == 1
    assert "There is no GIMP 3 here" in done.output


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_a_flatpak_is_told_honestly(home: Path) -> None:
    (home / ".var/app/org.gimp.GIMP/config/GIMP/3.0").mkdir(parents=True)
    done = CliRunner().invoke(app, ["gimp", "install"])
    assert done.exit_code == 0
    assert done.output.count("run `inpaint gimp worker`") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_a_flatpak_that_shares_the_folder_of_the_system_is_told_of(home: Path) -> None:
    (home / ".config/GIMP/3.0").mkdir(parents=True)
    assert "inpaint gimp worker" not in CliRunner().invoke(app, ["gimp", "install", "--no-proof"]).output
    (home / ".local/share/flatpak/app/org.gimp.GIMP").mkdir(parents=True)
    done = CliRunner().invoke(app, ["gimp", "install", "--no-proof"])
    assert done.output.count("run `inpaint gimp worker`") == 1
    notes = [finding.sentence for finding in examine_gimps([], find_folders(), {})]
    assert any("run `inpaint gimp worker`" in note for note in notes)


# What the doctor finds in a folder: how it is broken, and a part of the sentence.
def _not_executable(folder: GimpFolder) -> None:
    (folder.plug_in / SCRIPT).chmod(0o644)


def _other_folder_name(folder: GimpFolder) -> None:
    folder.plug_in.rename(folder.plug_in.with_name("inpaint"))


def _loose_script(folder: GimpFolder) -> None:
    (folder.plug_in.parent / SCRIPT).write_text("")


def _one_folder_too_deep(folder: GimpFolder) -> None:
    (folder.plug_in / "inpaint-fill").mkdir()
    (folder.plug_in / "inpaint-fill" / SCRIPT).write_text("")


def _old_copy(folder: GimpFolder) -> None:
    (folder.plug_in / "plugin" / "client.py").write_text("")


def _no_config(folder: GimpFolder) -> None:
    (folder.plug_in / "engine.json").unlink()


def _python_gone(folder: GimpFolder) -> None:
    record = json.loads((folder.plug_in / "engine.json").read_text())
    (folder.plug_in / "engine.json").write_text(json.dumps({**record, "python": "/nowhere"}))


def _other_plug_in_path(folder: GimpFolder) -> None:
    (folder.path / "gimprc").write_text('(plug-in-path "/somewhere/else")\n')


def _did_not_run(folder: GimpFolder) -> None:
    (folder.path / "pluginrc").write_text(
        '(plug-in-def "/x/other.py" 1\n    (proc-def "plug-in-inpaint-fill-selection" 1\n'
    )
    os.utime(folder.plug_in / SCRIPT, (1, 1))


def _nothing(folder: GimpFolder) -> None:
    uninstall(folder)


@posix
@pytest.mark.parametrize(
    ("breaks", "sentence"),
    [
        (_not_executable, "is not executable"),
        (_other_folder_name, "must be called inpaint-fill"),
        (_loose_script, "is in the wrong place"),
        (_one_folder_too_deep, "is in the wrong place"),
        (_old_copy, "of another version"),
        (_no_config, "is not installed"),
        (_python_gone, "/nowhere, which is gone"),
        (_other_plug_in_path, "does not look into"),
        (_did_not_run, "the plug-in did not run"),
        (_nothing, "is not installed for GIMP 3.0"),
    ],
)
def test_the_doctor_finds(folder: GimpFolder, breaks: Callable, sentence: str) -> None:
    install(folder, engine_config())
    assert [finding.level for finding in examine_folder(folder)] == ["good"]
    breaks(folder)
    bad = [finding.sentence for finding in examine_folder(folder) if finding.level == "bad"]
    assert any(sentence in each for each in bad), bad


def test_the_doctor_on_gimps(tmp_path: Path, folder: GimpFolder) -> None:
    (finding,) = examine_gimps([], [], {"PATH": str(tmp_path)})
    assert finding.level == "note"
    assert "There is no GIMP 3" in finding.sentence
    (finding,) = examine_gimps([], [folder], {"PATH": str(tmp_path)})
    assert finding.level == "note"
    (tmp_path / "gimp").write_text("#!/bin/sh\n")
    (tmp_path / "gimp").chmod(0o755)
    (finding,) = examine_gimps([], [], {"PATH": str(tmp_path)})
    assert "is not GIMP 3" in finding.sentence or sys.platform == "win32"


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_the_doctor_at_the_prompt(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = [doctor.Finding("good", "This is fine."), doctor.Finding("note", "Note this.")]
    monkeypatch.setattr(doctor, "examine", lambda: iter(findings))
    done = CliRunner().invoke(app, ["doctor"])
    assert (done.exit_code, done.output) == (0, "  ok  This is fine.\nnote  Note this.\n")
    findings.append(doctor.Finding("bad", "This is not."))
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 1
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 1
    record = json.loads(done.stdout)
    assert record["good"] is False
    assert record["findings"][2] == {"level": "bad", "sentence": "This is not."}
