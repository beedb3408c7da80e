"""Fill Selection: its menus and arguments, and what it does."""

from __future__ import annotations

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - after the version is chosen

from .arguments import FLAGS, add_engine_arguments, add_output_argument, engine_settings, show_progress  # noqa: E402
from .client import call  # noqa: E402
from .document import Document  # noqa: E402
from .geometry import Rect, with_context  # noqa: E402
from .paths import Config  # noqa: E402

NAME = "plug-in-inpaint-fill-selection"
TITLE = "Fill Selection"
WISH = "around what should go"


def describe(procedure: Gimp.Procedure) -> None:
    """Give Fill Selection its menus and arguments."""
    procedure.set_menu_label("Fill Selection (_Inpaint)...")
    procedure.add_menu_path("<Image>/Edit/[Stroke]")
    procedure.add_menu_path("<Image>/Filters/Enhance")
    procedure.set_documentation(
        "Fill the selection from what surrounds it",
        "Removes what is selected: a network on this computer paints what could be behind it. Only selected pixels "
        "change.",
        procedure.get_name(),
    )
    add_output_argument(procedure, "fill")
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


def run(document: Document, settings: Gimp.ProcedureConfig, config: Config) -> None:
    """Fill the selected part of the layer."""
    new_layer = settings.get_property("output") == "new-layer"
    if not new_layer:
        document.require_writable()
    selected = document.selected(WISH)
    context = with_context(selected.grown(settings.get_property("grow")), document.extent)
    Gimp.progress_init("Filling the selection")
    request = {
        "op": "fill",
        "width": context.width,
        "height": context.height,
        "selected": list(selected.moved(-context.left, -context.top)),
        **{name: settings.get_property(name) for name in ("grow", "feather", "detail")},
        **engine_settings(settings),
    }
    parts = [document.read(context), document.read_selection(selected)]
    answer, (rgba, strength) = call(config, request, parts, Gimp.progress_pulse, show_progress)
    top, left, height, width = answer["box"]
    box = Rect(left, top, left + width, top + height).moved(context.left, context.top)
    if new_layer:
        document.add_layer(box, rgba, strength, f"{document.layer.get_name()} filled")
    else:
        document.write(box, rgba, strength if request["grow"] or request["feather"] else None)
    Gimp.progress_end()
    Gimp.displays_flush()
