"""The plug-in in a real GIMP 3, by the script that `make gimp-test` runs; skipped where no GIMP can be made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("run.sh")


def why_not() -> str:
    """Return why there can be no real GIMP here; empty if there can."""
    if os.environ.get("INPAINT_GIMP") == "later":
        return "INPAINT_GIMP=later: `make gimp-test` does it on its own"
    if sys.platform != "linux" or os.getuid() != 0:
        return "making a Debian root with GIMP 3 needs root on Linux"
    missing = [name for name in ("apt-get", "debootstrap", "unshare") if shutil.which(name) is None]
    if missing:
        return f"making a Debian root with GIMP 3 needs {', '.join(missing)} (`make gimp-test` installs debootstrap)"
    return ""


@pytest.mark.slow
@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_the_plug_in_works_in_gimp() -> None:
    done = subprocess.run([SCRIPT], text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
