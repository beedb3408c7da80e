"""Fill Selection: its menus and arguments, and what it does."""

from __future__ import annotations

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - after the version is chosen

from .arguments import FLAGS, add_engine_arguments, add_output_argument, engine_settings, show_progress  # noqa: E402
from .client import call  # noqa: E402
from .document import Document  # noqa: E402
from .geometry import Rect, with_context  # noqa: E402
from .layers import require_writable  # noqa: E402
from .paths import Config  # noqa: E402
from .results import Result, put  # noqa: E402
from .sources import Source, open_source  # noqa: E402

NAME = "plug-in-inpaint-fill-selection"
TITLE = "Fill Selection"
WISH = "around what should go"


def describe(procedure: Gimp.Procedure) -> None:
    """Give Fill Selection its menus and arguments."""
    procedure.set_menu_label("Fill Selection (_Inpaint)...")
    procedure.add_menu_path("<Image>/Edit/[Stroke]")
    procedure.add_menu_path("<Image>/Filters/Enhance")
    procedure.set_documentation(
        "Remove objects and heal blemishes: content-aware fill of the selection from what surrounds it",
        "Removes what is selected: a network on this computer paints what could be behind it. Only selected pixels "
        "change.",
        None,
    )
    add_output_argument(procedure, "fill", retouch=True)
    procedure.add_int_argument(
        "grow", "_Grow by (pixels)", "Fill this many pixels around the selection too", 0, 200, 0, FLAGS
    )
    procedure.add_int_argument(
        "feather", "Fea_ther (pixels)", "Let the fill fade in over this many pixels inside its edge", 0, 200, 0, FLAGS
    )
    detail = Gimp.Choice.new()
    detail.add("auto", 0, "Automatic", "Texture from around the selection wherever it fits")
    detail.add("network", 1, "The model's own", "Smoother")
    detail.add("texture", 2, "From around the selection", "Always")
    procedure.add_choice_argument("detail", "F_ine detail", "Where the texture comes from", detail, "auto", FLAGS)
    add_engine_arguments(procedure)


def run(document: Document, settings: Gimp.ProcedureConfig, config: Config) -> Gimp.Layer:
    """Fill what is selected; return the layer that has the fill."""
    output = settings.get_property("output")
    if output == "this-layer":
        document.require_layer()
        require_writable(document.layer)
    request = {
        "op": "fill",
        **{name: settings.get_property(name) for name in ("grow", "feather", "detail")},
        "lock-alpha": output == "this-layer" and document.layer.get_lock_alpha(),
        **engine_settings(settings),
    }
    source = open_source(document, output)
    try:
        selected = document.selected(WISH, source.extent)
        parts = document.parts(selected, request["grow"], source.extent)
        document.remember(parts)
        Gimp.progress_init("Filling the selection")
        results = [
            fill(document, source, part, selected, request, config, (number, len(parts)))
            for number, part in enumerate(parts)
        ]
    finally:
        source.close()
    layer = put(
        document,
        output,
        results,
        f"{document.name} filled",
        as_selected=not request["grow"] and not request["feather"],
    )
    Gimp.displays_flush()
    return layer


def fill(
    document: Document,
    source: Source,
    part: Rect,
    selected: Rect,
    settings: dict,
    config: Config,
    step: tuple[int, int],
) -> Result:
    """Let the engine fill one part of what is selected; `step`: its number, and how many there are."""
    context = with_context(part.grown(settings["grow"]), source.extent)
    # What is selected nearby is no more known than the part itself, and goes along for that.
    nearby = selected.within(context)
    request = {
        **settings,
        "width": context.width,
        "height": context.height,
        "selected": list(nearby.moved(-context.left, -context.top)),
        "part": list(part.moved(-context.left, -context.top)),
    }

    pixels = [source.read(context), document.read_selection(nearby)]
    return ask_engine(document, config, request, pixels, context, step)


def ask_engine(
    document: Document,
    config: Config,
    request: dict,
    pixels: list[bytes],
    context: Rect,
    step: tuple[int, int] = (0, 1),
) -> Result:
    """Return what the engine makes of the pixels of a `context`; shows progress, and ends when the image is gone."""

    def wait() -> None:
        document.glance()
        Gimp.progress_pulse()

    def progress(done: int, total: int) -> None:
        number, count = step
        show_progress(number * total + done, count * total)

    answer, (rgba, strength) = call(config, request, pixels, wait, progress)
    top, left, height, width = answer["box"]
    box = Rect(left, top, left + width, top + height).moved(context.left, context.top)
    return Result(box, rgba, strength)
