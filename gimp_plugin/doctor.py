"""Why is the plug-in not in the menu, or does not fill? Looks at everything that is known to go wrong with GIMP."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from inpaint.core.diagnostics import Finding, examine_installation
from inpaint.gimp_plugin.gimp_installations import (
    NAME,
    SANDBOXES,
    Console,
    GimpFolder,
    environments_on_path,
    find_consoles,
    find_folders,
    flatpak_installed,
)
from inpaint.gimp_plugin.installer import SCRIPT, SOURCE, runtime_folder
from inpaint.gimp_plugin.plugin.client import running
from inpaint.gimp_plugin.plugin.errors import PluginError
from inpaint.gimp_plugin.plugin.paths import Config, Runtime

AGAIN = "run `inpaint gimp install` again"


def examine(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Yield what there is to say about the installation, every GIMP and every copy of the plug-in."""
    yield from examine_installation()
    consoles = find_consoles(environment)
    folders = find_folders(environment)
    yield from examine_gimps(consoles, folders, environment)
    for folder in folders:
        yield from examine_folder(folder)
    yield from examine_worker()


def examine_gimps(
    consoles: list[Console], folders: list[GimpFolder], environment: Mapping[str, str]
) -> Iterator[Finding]:
    """Look at which GIMPs there are, and at what in the terminal would mislead them."""
    for console in consoles:
        yield Finding("good", f"GIMP {'.'.join(map(str, console.version))} is {console.program}.")
    if not consoles:
        old = shutil.which("gimp", path=environment.get("PATH"))
        if old and not folders:
            yield Finding("bad", f"{old} is not GIMP 3; the plug-in needs GIMP 3.0 or newer.")
        elif not folders:
            yield Finding(
                "note", "There is no GIMP 3; for the plug-in install it, start it once, and run `inpaint gimp install`."
            )
        else:
            yield Finding(
                "note", "There is no gimp-console on the PATH, so that the plug-in cannot be tried from here."
            )
    if environment.get("GIMP3_DIRECTORY"):
        yield Finding(
            "note",
            f"GIMP3_DIRECTORY is set to {environment['GIMP3_DIRECTORY']}: only a GIMP that is started with the same "
            "setting looks for plug-ins there.",
        )
    kinds = {folder.kind for folder in folders}
    if "flatpak" in kinds or flatpak_installed():
        yield Finding("note", SANDBOXES["flatpak"])
    if "snap" in kinds:
        yield Finding("note", SANDBOXES["snap"])
    for path in environments_on_path(environment.get("PATH", "")):
        yield Finding(
            "note",
            f"{path} is on the PATH, and its Python is not GIMP's: start GIMP from the menu or from another terminal, "
            "because from this one it would find no Python plug-ins.",
        )


def examine_folder(folder: GimpFolder) -> Iterator[Finding]:
    """Look at everything in one GIMP's folder that keeps a plug-in out of the menu."""
    target, parent = folder.plug_in, folder.plug_in.parent
    for stray in (parent / SCRIPT, parent / NAME / NAME / SCRIPT):
        if stray.is_file():
            yield Finding("bad", f"{stray} is in the wrong place, and GIMP passes over it: delete it and {AGAIN}.")
    for other in sorted(parent.glob(f"*/{SCRIPT}")):
        if other.parent != target:
            yield Finding("bad", f"{other.parent} must be called {NAME} like the script in it: delete it and {AGAIN}.")
    script = target / SCRIPT
    if not script.is_file():
        yield Finding("bad", f"The plug-in is not installed for {folder.title}: {AGAIN.removesuffix(' again')}.")
        return
    problems = [problem for look in CHECKS for problem in look(folder)]
    yield from problems
    if not any(problem.level == "bad" for problem in problems):
        yield Finding("good", f"The plug-in is installed for {folder.title}: {target}.")


def _is_executable(folder: GimpFolder) -> Iterator[Finding]:
    script = folder.plug_in / SCRIPT
    if sys.platform != "win32" and not script.stat().st_mode & 0o100:
        yield Finding("bad", f"{script} is not executable, so GIMP passes over it without a word: {AGAIN}.")


def _is_this_version(folder: GimpFolder) -> Iterator[Finding]:
    for path in SOURCE.glob("*.py"):
        copy = folder.plug_in / (path.name if path.name == SCRIPT else f"plugin/{path.name}")
        if not copy.is_file() or copy.read_bytes() != path.read_bytes():
            yield Finding("bad", f"The plug-in in {folder.plug_in} is of another version than the engine: {AGAIN}.")
            return


def _finds_the_engine(folder: GimpFolder) -> Iterator[Finding]:
    try:
        config = Config.read(folder.plug_in)
    except PluginError as error:
        yield Finding("bad", str(error))
        return
    if not Path(config.python).exists():
        yield Finding("bad", f"The plug-in looks for its engine in {config.python}, which is gone: {AGAIN}.")
    elif config.python != sys.executable:
        yield Finding("note", f"The plug-in uses the engine in {config.python}, not this one; {AGAIN} to change that.")
    if config.runtime != str(runtime_folder()):
        yield Finding("note", f"The plug-in meets its engine in {config.runtime}, not in {runtime_folder()}; {AGAIN}.")


def _is_looked_for(folder: GimpFolder) -> Iterator[Finding]:
    """GIMP's own settings: the folders where it looks, and what it remembers of earlier starts."""
    with_path = [line for line in _lines(folder.path / "gimprc") if line.startswith("(plug-in-path ")]
    for line in with_path:
        if "${gimp_dir}/plug-ins" not in line and str(folder.plug_in.parent) not in line:
            yield Finding(
                "bad",
                f"{folder.title} does not look into {folder.plug_in.parent}: add it in GIMP under Edit > Preferences > "
                "Folders > Plug-ins.",
            )
    # GIMP writes this file when it starts, and leaves out what did not run.
    remembered = folder.path / "pluginrc"
    fresh = remembered.is_file() and remembered.stat().st_mtime > (folder.plug_in / SCRIPT).stat().st_mtime
    if fresh and not any(f"/{SCRIPT}" in line for line in _lines(remembered)):
        yield Finding(
            "bad",
            f"{folder.title} was started since, and the plug-in did not run: start it from the desktop's menu, not "
            "from a terminal with an active Python environment. If that does not help, it has no Python plug-ins "
            "(Debian: gir1.2-gimp-3.0 and python3-gi).",
        )


CHECKS: tuple[Callable[[GimpFolder], Iterator[Finding]], ...] = (
    _is_executable,
    _is_this_version,
    _finds_the_engine,
    _is_looked_for,
)


def examine_worker() -> Iterator[Finding]:
    """Look for a running worker."""
    runtime = Runtime(runtime_folder())
    greeting = running(runtime)
    if greeting is not None:
        yield Finding("good", f"The engine is running (process {greeting.get('pid')}); it notes in {runtime.log}.")
    elif runtime.log.exists():
        yield Finding("good", f"The engine is not running, and starts with the next fill; it notes in {runtime.log}.")
    else:
        yield Finding("good", "The engine has not run yet, and starts with the first fill.")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
