"""`inpaint gimp`: the plug-in for GIMP 3, and the worker behind it."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Install Inpaint in GIMP 3, or remove it.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option(help="A GIMP folder that is not found automatically, such as ~/.config/GIMP/3.0.", show_default=False),
]


@app.command()
def install(
    folder: Folder = None,
    proof: Annotated[bool, typer.Option(help="Start GIMP without a window and fill a test picture.")] = True,
) -> None:
    """Install the plug-in in every GIMP 3 found, and test it in GIMP. Run it again after an upgrade."""
    from inpaint.core.errors import InpaintError
    from inpaint.gimp_plugin.gimp_installations import (
        SANDBOXES,
        GimpFolder,
        find_consoles,
        find_folders,
        flatpak_installed,
    )
    from inpaint.gimp_plugin.installer import engine_config, prove, stop_worker
    from inpaint.gimp_plugin.installer import install as put

    folders = [GimpFolder(folder.expanduser().absolute(), "custom")] if folder else find_folders()
    if folder is not None and not folders[0].path.is_dir():
        raise typer.BadParameter(
            f"there is no folder {folders[0].path}; start GIMP once, which makes it, or check the name",
            param_hint="--folder",
        )
    if not folders:
        raise InpaintError(
            "There is no GIMP 3 here; install it, start it once, and run this again (GIMP 2.10 is too old)."
        )
    config = engine_config()
    stop_worker()  # the next call starts one of this version
    consoles = find_consoles() if proof else []
    failed = False
    for each in folders:
        typer.echo(f"Installed for {each.title}: {put(each, config)}")
        matching = [console for console in consoles if each.version in ("", console.series)]
        if each.kind in SANDBOXES:
            typer.secho(f"  {SANDBOXES[each.kind]}", fg=typer.colors.YELLOW)
        elif not proof:
            typer.echo("  Not tried in GIMP, as you asked.")
        elif not matching:
            typer.secho(
                "  Not tried in GIMP: its program without a window (gimp-console) is not on the PATH.",
                fg=typer.colors.YELLOW,
            )
        else:
            result = prove(matching[0], each)
            failed = failed or not result.works
            typer.secho(f"  {result.sentence}", fg=typer.colors.GREEN if result.works else typer.colors.RED)
    if flatpak_installed() and not any(each.kind == "flatpak" for each in folders):
        typer.secho(SANDBOXES["flatpak"], fg=typer.colors.YELLOW)  # it shares the folder of the system's GIMP
    if failed:
        raise typer.Exit(1)
    typer.echo("In GIMP, also in one that is open once it is started again: Edit > Fill Selection (Inpaint).")


@app.command()
def uninstall(folder: Folder = None) -> None:
    """Remove the plug-in from every GIMP 3 found, and stop its worker."""
    import shutil

    from inpaint.gimp_plugin.gimp_installations import GimpFolder, find_folders
    from inpaint.gimp_plugin.installer import runtime_folder, stop_worker
    from inpaint.gimp_plugin.installer import uninstall as take

    folders = [GimpFolder(folder.expanduser().absolute(), "custom")] if folder else find_folders()
    removed = [each for each in folders if take(each)]
    for each in removed:
        typer.echo(f"Removed from {each.title}: {each.plug_in}")
    if not removed:
        typer.echo("The plug-in was not installed.")
    if stop_worker():
        typer.echo("The engine is ending.")
    elif not folder:
        shutil.rmtree(runtime_folder(), ignore_errors=True)


@app.command()
def worker(
    idle: Annotated[float, typer.Option(min=0, help="Stop after this many seconds without a request; 0: never.")] = 0,
) -> None:
    """Run the engine in this terminal, for a GIMP that cannot start it itself (Flatpak). Ctrl-C stops it."""
    from inpaint.core.errors import InpaintError
    from inpaint.gimp_plugin.installer import runtime_folder
    from inpaint.gimp_plugin.jobs import Engines, all_jobs
    from inpaint.gimp_plugin.plugin.errors import PluginError
    from inpaint.gimp_plugin.plugin.paths import Runtime
    from inpaint.gimp_plugin.worker import Worker

    typer.echo("Waiting for calls from GIMP; Ctrl-C ends this.")
    engines = Engines()
    worker = Worker(Runtime(runtime_folder()), all_jobs(engines), idle, prepare=engines.prepare)
    try:
        begun = worker.serve()
    except PluginError as error:
        raise InpaintError(str(error)) from error
    if not begun:
        raise InpaintError("The engine is running already.")
