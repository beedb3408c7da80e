"""Composite Object: its menus and arguments, and what it does."""

from __future__ import annotations

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402 - after the version is chosen

from .arguments import FLAGS, add_engine_arguments, add_output_argument, engine_settings  # noqa: E402
from .document import Document  # noqa: E402
from .fill import ask_engine  # noqa: E402
from .geometry import placed, with_context  # noqa: E402
from .layers import require_writable  # noqa: E402
from .objects import open_object  # noqa: E402
from .paths import Config  # noqa: E402
from .results import put  # noqa: E402
from .sources import open_source  # noqa: E402

NAME = "plug-in-inpaint-composite-object"
TITLE = "Composite Object"
WISH = "where the object is to be"


def describe(procedure: Gimp.Procedure) -> None:
    """Give Composite Object its menus and arguments."""
    procedure.set_menu_label("_Composite Object (Inpaint)...")
    procedure.add_menu_path("<Image>/Edit/[Stroke]")
    procedure.add_menu_path("<Image>/Filters/Enhance")
    procedure.set_documentation(
        "Put an object from another picture into the selection so that it belongs there",
        "Cuts the object out of a layer or of a file, fits it into the selection's box, takes over the colours of its "
        "new place, and paints the seam anew. Only pixels in that box change.",
        None,
    )
    procedure.add_drawable_argument(
        "object-layer",
        "Object from the la_yer",
        "A layer of any open image; what is selected there is the object's box",
        True,
        FLAGS,
    )
    procedure.add_file_argument(
        "object-file",
        "Or from the f_ile",
        "A picture of the object, instead of the layer above",
        Gimp.FileChooserAction.OPEN,
        True,
        None,
        FLAGS,
    )
    cut_out = Gimp.Choice.new()
    cut_out.add("find", 0, "Find the object in its box", "What is transparent there does not belong to it")
    cut_out.add("given", 1, "All that is selected there", "With the soft edges of that selection")
    procedure.add_choice_argument("cut-out", "Cut o_ut", "What of the box is the object", cut_out, "find", FLAGS)
    around = Gimp.Choice.new()
    around.add("keep", 0, "Keep it", "Only the seam is painted anew")
    around.add("fill", 1, "Remove what is selected", "And paint what could be behind it")
    procedure.add_choice_argument(
        "surroundings", "What is _around the object", "What happens to the rest of the selection", around, "keep", FLAGS
    )
    procedure.add_double_argument(
        "scale", "Si_ze (percent)", "100 is as large as fits into the selection", 5, 400, 100, FLAGS
    )
    procedure.add_int_argument("move-x", "Move right (pi_xels)", "From the middle", -10000, 10000, 0, FLAGS)
    procedure.add_int_argument("move-y", "Move do_wn (pixels)", "From the middle", -10000, 10000, 0, FLAGS)
    procedure.add_boolean_argument(
        "harmonize",
        "Match colours and li_ght",
        "Make the object look as if it had been taken with the photograph",
        True,
        FLAGS,
    )
    add_output_argument(procedure, "result", retouch=False)
    add_engine_arguments(procedure)


def run(document: Document, settings: Gimp.ProcedureConfig, config: Config) -> Gimp.Layer:
    """Place the object in the box of the selection; return the layer that has it."""
    output = settings.get_property("output")
    if output == "this-layer":
        document.require_layer()
        require_writable(document.layer)
    source = open_source(document, output)
    try:
        box = document.selected(WISH, source.extent)
        thing = open_object(settings.get_property("object-layer"), settings.get_property("object-file"), document.image)
        Gimp.progress_init("Placing the object")  # not before: GIMP shows the loading of a file there
        at = placed(
            thing.box,
            box,
            settings.get_property("scale"),
            (settings.get_property("move-x"), settings.get_property("move-y")),
            source.extent,
        )
        context = with_context(box.around(at), source.extent)
        document.remember([box])
        pixels = [source.read(context), document.read_selection(box), thing.rgba, thing.selection]
    finally:
        source.close()
    request = {
        "op": "compose",
        "width": context.width,
        "height": context.height,
        "selected": list(box.moved(-context.left, -context.top)),
        "object-width": thing.width,
        "object-height": thing.height,
        "object-selected": [0, 0, thing.width, thing.height],
        "object-box": list(thing.box),
        "at": list(at.moved(-context.left, -context.top)),
        **{name: settings.get_property(name) for name in ("cut-out", "surroundings", "harmonize")},
        **engine_settings(settings),
    }
    result = ask_engine(document, config, request, pixels, context)
    layer = put(document, output, [result], f"{thing.name} in {document.name}", as_selected=False)
    Gimp.displays_flush()
    return layer
