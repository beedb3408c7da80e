"""Where the command `inpaint` starts, outside the package, so that a package of the same name in its place is told.

What is called `inpaint` on PyPI has an `__init__.py`. Where Python finds it in another folder than ours, it hides all
of ours, and nothing inside could say so.
"""

import sys
import warnings


def main() -> None:
    """Run the command line, or say in one sentence what hides it."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Another package called inpaint")  # the command prints it as a note
            from inpaint.cli.app import main as command
    except ModuleNotFoundError as error:
        other = getattr(sys.modules.get("inpaint"), "__file__", None)
        if error.name != "inpaint.cli" or other is None:
            raise
        sys.exit(
            f"Another package called inpaint ({other}) hides this one: pip uninstall inpaint, or install Inpaint into "
            "an environment of its own."
        )
    command()


if __name__ == "__main__":
    main()
