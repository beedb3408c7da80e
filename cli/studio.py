"""`inpaint studio`: paint things out of photographs in the browser."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from inpaint.cli import _options
from inpaint.cli._options import Device

LOCAL = ("127.0.0.1", "localhost", "::1")


def studio(
    photo: Annotated[
        Path,
        typer.Argument(help="A photograph, or a folder of photographs. Default: this folder.", show_default=False),
    ] = Path(),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free one.")] = 0,
    host: Annotated[
        str,
        typer.Option(help="Address to listen on. With any but 127.0.0.1, others in your network can open the page."),
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    device: _options.DeviceOption = Device.AUTO,
    threads: _options.Threads = None,
) -> None:
    """Remove things from photographs in the browser. Stops when the last page is closed, or at Ctrl-C."""
    from inpaint.core.errors import ImageError, InpaintError
    from inpaint.core.install_hints import install_hint

    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise InpaintError(f"The studio needs its extra; {install_hint('studio')}.")
    folder = photo if photo.is_dir() else photo.parent
    if not photo.exists():
        raise ImageError(f"There is no photograph or folder {photo}; check the path.")
    from inpaint.studio.library import Library
    from inpaint.studio.models import Models
    from inpaint.studio.server import serve
    from inpaint.studio.session import Studio

    library = Library(folder)
    if folder != photo:
        library.open(photo.name)  # says at once what is wrong with it

    def ready(address: str) -> None:
        typer.echo(f"The studio is open at {address}")
        if host not in LOCAL:
            typer.secho(
                "Whoever has this address can see the photographs of the folder and save new ones there, and "
                "nothing is encrypted on its way: use it only in a network that you trust.",
                fg=typer.colors.YELLOW,
                err=True,
            )
        if browser:
            import webbrowser

            webbrowser.open(address)

    serve(Studio(library, Models(device.value, threads), None if folder == photo else photo.name), host, port, ready)
