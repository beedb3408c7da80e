import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from inpaint.cli.app import app
from inpaint.gimp_plugin import doctor
from inpaint.gimp_plugin.doctor import examine_folder, examine_gimps
from inpaint.gimp_plugin.gimp_installations import GimpFolder
from inpaint.gimp_plugin.installer import SCRIPT, engine_config, install, uninstall

from .conftest import linux, posix


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


@linux
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
