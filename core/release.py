"""Which Inpaint this is, and whether another package of the same name is in its way.

What is installed is called `inpaint-photo`, because `inpaint` is the name of another project on PyPI; the command and
the import are `inpaint`. That other one installs a package `inpaint` with an `__init__.py`, which Python prefers to
ours, a namespace without one.
"""

import sys
from importlib.metadata import PackageNotFoundError, distribution, version

DISTRIBUTION = "inpaint-photo"
"""What pip calls it."""


def release() -> str:
    """Return the version of this installation; "0" where the code runs without being installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"


def name_clash() -> str:
    """Say in one sentence that another package called `inpaint` is installed beside this one; "" where none is."""
    other = getattr(sys.modules.get("inpaint"), "__file__", None)
    if other is not None:
        return (
            f"Another package called inpaint is installed beside this one ({other}) and may get in its way: "
            "pip uninstall inpaint."
        )
    return ""


def old_name() -> str:
    """Say in one sentence that an Inpaint from before its distribution was renamed is installed too; "" otherwise."""
    try:
        files = distribution("inpaint").files or []
    except PackageNotFoundError:
        return ""
    if any(file.as_posix() == "inpaint/core/errors.py" for file in files):
        return (
            f"An older Inpaint is installed under its former name: pip uninstall inpaint, then install {DISTRIBUTION} "
            "again."
        )
    return ""
