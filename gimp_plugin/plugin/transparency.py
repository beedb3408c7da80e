"""Fill Transparency: its menus and arguments, and what it does."""

from __future__ import annotations

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - after the version is chosen

from .arguments import FLAGS, add_engine_arguments, add_output_argument, engine_settings  # noqa: E402
from .document import Document  # noqa: E402
from .fill import ask_engine  # noqa: E402
from .paths import Config  # noqa: E402
from .results import put  # noqa: E402
from .sources import open_source  # noqa: E402

NAME = "plug-in-inpaint-fill-transparency"
TITLE = "Fill Transparency"
WISH = ""
"""Without a selection all of the canvas counts."""


def describe(procedure: Gimp.Procedure) -> None:
    """Give Fill Transparency its menus and arguments."""
    procedure.set_menu_label("Fill _Transparency (Inpaint)...")
    procedure.add_menu_path("<Image>/Edit/[Stroke]")
    procedure.add_menu_path("<Image>/Filters/Enhance")
    procedure.set_documentation(
        "Paint what is transparent on the canvas from what is seen beside it (expand, outpaint)",
        "Enlarge the canvas first, or straighten the picture, and this fills the empty edges. With a selection only "
        "what is transparent in it.",
        None,
    )
    add_output_argument(procedure, "fill", retouch=True, this=False)
    procedure.add_int_argument(
        "grow", "_Grow by (pixels)", "Fill this many pixels around what is transparent too", 0, 200, 2, FLAGS
    )
    add_engine_arguments(procedure)


def run(document: Document, settings: Gimp.ProcedureConfig, config: Config) -> Gimp.Layer:
    """Fill what is transparent; return the layer that has the fill."""
    output = settings.get_property("output")
    canvas = document.canvas
    source = open_source(document, output)
    try:
        document.remember([canvas])
        Gimp.progress_init("Filling what is transparent")
        selection = (
            document.read_selection(canvas) if document.has_selection else b"\xff" * (canvas.width * canvas.height)
        )
        pixels = [source.read(canvas), selection]
    finally:
        source.close()
    request = {
        "op": "fill",
        "transparent": True,
        "grow": settings.get_property("grow"),
        "width": canvas.width,
        "height": canvas.height,
        "selected": list(canvas),
        **engine_settings(settings),
    }
    result = ask_engine(document, config, request, pixels, canvas)
    layer = put(document, output, [result], f"{document.name} completed", as_selected=False)
    Gimp.displays_flush()
    return layer
