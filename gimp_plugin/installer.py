"""Putting the plug-in where GIMP finds it, and proving in GIMP itself that it works."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from platformdirs import user_cache_path

from inpaint.core.errors import InpaintError, OutputError
from inpaint.core.release import release
from inpaint.gimp_plugin.gimp_installations import NAME, Console, GimpFolder, gimp_environment
from inpaint.gimp_plugin.plugin import client
from inpaint.gimp_plugin.plugin.paths import CONFIG, Config, Runtime
from inpaint.weights import MODELS
from inpaint.weights.cache import repository_folder

SOURCE = Path(__file__).parent / "plugin"
SCRIPT = f"{NAME}.py"
LONGEST_SOCKET = 100
"""Bytes; the name of a Unix socket may have little more."""
PROOF_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Proof:
    """What a GIMP said when it was started with the plug-in."""

    works: bool
    """Whether a picture was filled, and only where it was selected."""
    sentence: str
    """What happened, for the user."""


def engine_config() -> Config:
    """Return what the plug-in must know about this installation."""
    return Config(
        python=sys.executable,
        runtime=str(runtime_folder()),
        version=release(),
        models=tuple(model.aliases[0] if model.aliases else model.name for model in MODELS if model.task == "inpaint"),
        files={
            model.name: f"{escape(str(repository_folder(model.repository)))}/snapshots/*/{escape(model.file)}"
            for model in MODELS
            if not model.bundled
        },
    )


def runtime_folder() -> Path:
    """Return the private folder of the worker.

    It is in the user's cache and not in XDG_RUNTIME_DIR, because every GIMP sees it there, a sandboxed one too.
    """
    folder = user_cache_path("inpaint") / "gimp"
    if sys.platform != "win32" and len(os.fsencode(Runtime(folder).socket)) > LONGEST_SOCKET:
        return Path(tempfile.gettempdir()) / f"inpaint-{os.getuid()}"
    return folder


def install(folder: GimpFolder, config: Config) -> Path:
    """Copy the plug-in into a GIMP's folder, replacing an older one; return where it is."""
    target = folder.plug_in
    fresh = target.with_name(f".{NAME}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "plugin").mkdir(parents=True)
        for path in sorted(SOURCE.glob("*.py")):
            shutil.copyfile(path, fresh / path.name if path.name == SCRIPT else fresh / "plugin" / path.name)
        (fresh / SCRIPT).chmod(0o755)  # wheels lose it, and without it GIMP passes over the plug-in in silence
        (fresh / CONFIG).write_text(config.to_json(), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    except OSError as error:
        raise OutputError(f"The plug-in cannot be put into {target}: {error.strerror or error}.") from error
    return target


def uninstall(folder: GimpFolder) -> bool:
    """Remove the plug-in from a GIMP's folder; return whether it was there."""
    if not folder.plug_in.is_dir():
        return False
    try:
        shutil.rmtree(folder.plug_in)
    except OSError as error:
        raise OutputError(f"{folder.plug_in} cannot be removed: {error.strerror or error}.") from error
    return True


def stop_worker() -> bool:
    """End the worker, if one runs, after its work."""
    return client.stop(Runtime(runtime_folder()))


def prove(console: Console, folder: GimpFolder) -> Proof:
    """Start GIMP without a window, let it fill a small picture with the plug-in, and look at the result."""
    title = "GIMP " + ".".join(map(str, console.version))
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "proof.json"
        code = (
            f"import sys; sys.path.insert(0, {str(folder.plug_in)!r}); "
            f"from plugin.self_test import main; main({str(result)!r})"
        )
        command = [str(console.program), "-i", "-d", "-f", "--batch-interpreter=python-fu-eval", "-b", code, "--quit"]
        environment = {**gimp_environment(), "GIMP3_DIRECTORY": str(folder.path)}
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PROOF_SECONDS,
                check=False,
                env=environment,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return Proof(False, f"{title} did not end within {PROOF_SECONDS} seconds.")
        except OSError as error:
            raise InpaintError(f"{console.program} cannot be started: {error.strerror}.") from error
        if not result.is_file():
            return Proof(False, f"{title} could not run the test{_hint(done.stdout + done.stderr)}.")
        return _judge(title, json.loads(result.read_text(encoding="utf-8")))


def _judge(title: str, record: dict) -> Proof:
    """Put what GIMP wrote down into words."""
    if not record["registered"]:
        return Proof(False, f"{title} starts, but does not know the plug-in; `inpaint doctor` looks for the reason.")
    if record["status"] != "success":
        return Proof(False, f"{title} knows the plug-in, but filling fails: {record['error']}")
    if not record["kept"]:
        return Proof(False, f"{title} runs the plug-in, but pixels outside the selection changed; please report this.")
    if record["filled"] < 0.9:
        return Proof(False, f"{title} runs the plug-in, but the selection was not filled; please report this.")
    return Proof(True, f"{title} has the plug-in and filled a test picture with it in {record['seconds']:.1f} s.")


def _hint(output: str) -> str:
    """Return the likely reason, to end a sentence with."""
    if "'python-fu-eval' is not a valid" in output:
        return ": it has no Python plug-ins; install the package that brings them (gir1.2-gimp-3.0 and python3-gi)"
    lines = [line for line in output.strip().splitlines() if line.strip()]
    return f": {lines[-1][:200].rstrip('.')}" if lines else ""
