"""The command `inpaint`: puts the commands together, and turns every error into one sentence and an exit code.

The modules of the commands import nothing large at their top, so that `--help` answers at once. A new command is a file
beside this one and a line below.
"""

import io
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from inpaint.cli._switches import bare, bare_all
from inpaint.cli.batch import BatchCommand, batch
from inpaint.cli.compose import compose
from inpaint.cli.cutout import cutout
from inpaint.cli.doctor import doctor
from inpaint.cli.evaluate import evaluate
from inpaint.cli.experiment import experiment
from inpaint.cli.export import export
from inpaint.cli.fill import fill
from inpaint.cli.gimp import app as gimp
from inpaint.cli.harmonize import harmonize
from inpaint.cli.masks import masks
from inpaint.cli.remove import remove
from inpaint.cli.studio import studio
from inpaint.cli.study import app as study
from inpaint.cli.train import train
from inpaint.cli.weights import app as weights
from inpaint.core.atomic_files import FULL
from inpaint.core.errors import InpaintError, OutOfMemoryError, OutputError
from inpaint.core.memory_errors import is_out_of_memory

BUG = 70
"""Exit code for an error that is nobody's fault but ours (EX_SOFTWARE of sysexits.h)."""


class _Commands(TyperGroup):
    """The one place where exceptions become text, and where the help of all commands is put right."""

    def get_params(self, ctx: Any) -> Any:
        return bare(super().get_params(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        bare_all([command] if command else [], ctx)
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except InpaintError as error:
            _complain(str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            _complain("Interrupted.")
            raise typer.Exit(130) from error
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in FULL:
                _complain("The disk is full, and not everything was written; make room or choose another disk.")
                raise typer.Exit(OutputError.exit_code) from error
            # Usage errors are Typer's to report, and a closed pipe (`inpaint --help | head`) is nobody's error.
            if hasattr(error, "exit_code") or isinstance(error, BrokenPipeError) or os.environ.get("INPAINT_DEBUG"):
                raise
            if is_out_of_memory(error):
                _complain("There is not enough memory for this; close other programs, or take a smaller picture.")
                raise typer.Exit(OutOfMemoryError.exit_code) from error
            _complain(
                f"This is a bug in Inpaint: {type(error).__name__}: {error}. "
                "Run again with INPAINT_DEBUG=1 for the traceback, and please report it."
            )
            raise typer.Exit(BUG) from error


def _complain(sentence: str) -> None:
    typer.secho(sentence, fg=typer.colors.RED, err=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        from inpaint.core.release import release

        typer.echo(f"inpaint {release()}")
        raise typer.Exit


app = typer.Typer(
    name="inpaint",
    cls=_Commands,
    help="Fill holes in photographs on your own machine, and train and export the networks that do it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command("fill")(fill)
app.command("batch", cls=BatchCommand)(batch)
app.command("remove")(remove)
app.command("compose")(compose)
app.command("cutout")(cutout)
app.command("harmonize")(harmonize)
app.command("studio")(studio)
app.command("train")(train)
app.command("export")(export)
app.command("experiment")(experiment)
app.command("eval")(evaluate)
app.command("masks")(masks)
app.command("doctor")(doctor)
app.add_typer(study, name="study")
app.add_typer(weights, name="weights")
app.add_typer(gimp, name="gimp")


def main() -> None:
    """Run the command line."""
    # Before numpy is there: texture makes its candidates on threads of its own (core/texture/best_fills.py).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if getattr(sys.modules.get("inpaint"), "__file__", None) is not None:
        from inpaint.cli._report import print_notes
        from inpaint.core.release import name_clash

        print_notes([name_clash()])
    # A name of a file may be no text; it is printed as the bytes it is.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")
    app()
