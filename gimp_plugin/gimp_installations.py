"""Which GIMPs this user has: their folders, and the programs that start them without a window."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

NAME = "inpaint-fill"
"""Name of the plug-in's folder and of the script in it; GIMP insists that they are the same."""
CONSOLES = ("gimp-console-3.2", "gimp-console-3.0", "gimp-console-3", "gimp-console")
FLATPAK = "org.gimp.GIMP"
"""Flatpak's name for GIMP."""
SANDBOXES = {
    "flatpak": "Flatpak's GIMP cannot start the engine from its sandbox: run `inpaint gimp worker` in a terminal "
    "before you fill, and leave it open. Nobody has tried this yet.",
    "snap": "Snap's GIMP is kept out of hidden folders, and the engine meets it in one, so this will hardly work: take "
    "your distribution's GIMP or Flatpak's. Nobody has tried it.",
}
"""What to know about a GIMP that may not start other programs, by `GimpFolder.kind`."""


@dataclass(frozen=True, slots=True)
class GimpFolder:
    """A folder in which one version of GIMP keeps the user's settings."""

    path: Path
    """The folder itself, such as ~/.config/GIMP/3.0."""
    kind: str = "system"
    """ "system", "flatpak", "snap" or "custom" (from the variable GIMP3_DIRECTORY, or named by the user)."""

    @property
    def version(self) -> str:
        """The version it belongs to, such as "3.0"; empty where the name does not say."""
        return self.path.name if re.fullmatch(r"3\.\d+", self.path.name) else ""

    @property
    def plug_in(self) -> Path:
        """The folder of our plug-in in it."""
        return self.path / "plug-ins" / NAME

    @property
    def title(self) -> str:
        """What to call it."""
        if self.kind == "custom":
            return f"the GIMP folder {self.path}"
        return {"flatpak": "Flatpak's GIMP ", "snap": "Snap's GIMP "}.get(self.kind, "GIMP ") + self.version


@dataclass(frozen=True, slots=True)
class Console:
    """A GIMP that starts without a window."""

    program: Path
    """The executable."""
    version: tuple[int, int, int]
    """Such as (3, 0, 4)."""

    @property
    def series(self) -> str:
        """The part of the version that names the folder, such as "3.0"; an odd development series shares the next."""
        return f"{self.version[0]}.{self.version[1]}"


def find_folders(
    environment: Mapping[str, str] = os.environ, home: Path | None = None, platform: str = sys.platform
) -> list[GimpFolder]:
    """Return the folders of every GIMP 3 that was started or is installed; with GIMP3_DIRECTORY set, that one alone.

    platform: as `sys.platform` says it.
    """
    home = home or Path.home()
    if environment.get("GIMP3_DIRECTORY"):
        return [GimpFolder(Path(environment["GIMP3_DIRECTORY"]), "custom")]
    folders = []
    for base, kind in _bases(environment, home, platform):
        found = sorted(path for path in base.glob("3.*") if path.is_dir() and GimpFolder(path).version)
        folders += [GimpFolder(path, kind) for path in found]
    base = next(_bases(environment, home, platform))[0]
    known = {folder.path for folder in folders}
    for console in find_consoles(environment):  # one that was never started has no folder yet
        path = base / console.series
        if path not in known:
            known.add(path)
            folders.append(GimpFolder(path))
    return folders


def flatpak_installed(home: Path | None = None, system: Path = Path("/var/lib/flatpak")) -> bool:
    """Say whether GIMP is installed as a Flatpak, for this user or for all."""
    places = ((home or Path.home()) / ".local/share/flatpak", system)
    return any((place / "app" / FLATPAK).is_dir() for place in places)


def _bases(environment: Mapping[str, str], home: Path, platform: str) -> Iterator[tuple[Path, str]]:
    """Yield the folders that hold one folder for each version."""
    if platform == "win32":
        yield Path(environment.get("APPDATA", home / "AppData" / "Roaming")) / "GIMP", "system"
    elif platform == "darwin":
        yield home / "Library" / "Application Support" / "GIMP", "system"
    else:
        # Flatpak's GIMP 3 is allowed into this one and uses it, too; the next is that of its betas and of others'.
        yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "GIMP", "system"
        yield home / ".var" / "app" / FLATPAK / "config" / "GIMP", "flatpak"
        yield home / "snap" / "gimp" / "current" / ".config" / "GIMP", "snap"


def find_consoles(environment: Mapping[str, str] = os.environ) -> list[Console]:
    """Return every GIMP 3 that can be started without a window, the newest first."""
    search = os.pathsep.join([environment.get("PATH", ""), *map(str, program_folders(environment, sys.platform))])
    programs = {}
    for name in CONSOLES:
        program = shutil.which(name, path=search)
        if program:
            programs.setdefault(Path(program).resolve(), Path(program))
    consoles = [Console(program, version) for program in programs.values() if (version := _version(program))[0] == 3]
    return sorted(consoles, key=lambda console: console.version, reverse=True)


def program_folders(environment: Mapping[str, str], platform: str) -> list[Path]:
    """Return the folders off the PATH into which GIMP's own installers put its programs."""
    if platform == "darwin":
        return [Path("/Applications/GIMP.app/Contents/MacOS")]
    if platform == "win32":
        local, everybody = environment.get("LOCALAPPDATA"), environment.get("PROGRAMFILES")
        bases = [*([Path(local, "Programs")] if local else []), *([Path(everybody)] if everybody else [])]
        return [base / "GIMP 3" / "bin" for base in bases]
    return []


def environments_on_path(path: str) -> list[Path]:
    """Return the folders of a PATH that belong to a virtual or conda environment.

    GIMP runs plug-ins with the first `python3` of its PATH. Started from a terminal with an active environment, that
    one knows no `gi`, and all Python plug-ins are missing.
    """
    folders = [Path(entry) for entry in path.split(os.pathsep) if entry]
    return [
        folder
        for folder in folders
        if (folder.parent / "pyvenv.cfg").is_file() or (folder.parent / "conda-meta").is_dir()
    ]


def gimp_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return an environment to start GIMP in, without anything that makes its Python another one."""
    path = environment.get("PATH", "")
    foreign = environments_on_path(path)
    kept = os.pathsep.join(entry for entry in path.split(os.pathsep) if entry and Path(entry) not in foreign)
    clean = {
        name: value for name, value in environment.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "CONDA"))
    }
    return {**clean, "PATH": kept}


def _version(program: Path) -> tuple[int, int, int]:
    """Return what `program --version` says; zeros if nothing."""
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0, 0
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)
