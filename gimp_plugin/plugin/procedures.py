"""The procedures as GIMP sees them: their arguments, menus and dialogs, and what each does when called."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib, GObject  # noqa: E402 - after the version is chosen

from .client import call  # noqa: E402
from .document import Document  # noqa: E402
from .errors import PluginError  # noqa: E402
from .geometry import Rect, with_context  # noqa: E402
from .places import Config  # noqa: E402

FILL = "plug-in-inpaint-fill-selection"
FOLDER = Path(__file__).resolve().parent.parent
"""The folder of the plug-in in GIMP's `plug-ins`."""
FLAGS = GObject.ParamFlags.READWRITE


class InpaintPlugin(Gimp.PlugIn):
    """What GIMP asks for the names and descriptions of the procedures."""

    def do_set_i18n(self, name: str) -> bool:
        """There are no translations."""
        return False

    def do_query_procedures(self) -> list[str]:
        """Return the names of all procedures."""
        return [FILL]

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """Describe one procedure."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run_fill, None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_attribution("The Inpaint authors", "Apache-2.0", "2026")
        describe_fill(procedure)
        return procedure


def describe_fill(procedure: Gimp.Procedure) -> None:
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
    output = Gimp.Choice.new()
    output.add("new-layer", 0, "A new layer above", "The layer itself stays as it is")
    output.add("this-layer", 1, "This layer", "As one step to undo")
    procedure.add_choice_argument("output", "_Put the fill into", "Where the fill goes", output, "new-layer", FLAGS)
    procedure.add_int_argument(
        "grow", "_Grow by (pixels)", "Fill this many pixels around the selection too", 0, 200, 0, FLAGS
    )
    procedure.add_int_argument(
        "feather", "Fea_ther (pixels)", "Let the fill fade in over this many pixels inside its edge", 0, 200, 0, FLAGS
    )
    add_engine_arguments(procedure)


def add_engine_arguments(procedure: Gimp.Procedure) -> None:
    """Add the arguments for choosing a model and a device."""
    try:
        models = Config.read(FOLDER).models
    except PluginError:
        models = ("default",)  # the call itself will say what is wrong
    names = Gimp.Choice.new()
    for number, name in enumerate(models):
        names.add(name, number, name, "")
    procedure.add_choice_argument("model", "_Model", "The network that fills", names, models[0], FLAGS)
    procedure.add_file_argument(
        "model-file",
        "Or a model _file (.onnx)",
        "A model of your own, instead of the one above",
        Gimp.FileChooserAction.OPEN,
        True,
        None,
        FLAGS,
    )
    device = Gimp.Choice.new()
    device.add("auto", 0, "Automatic", "The graphics card where it works, the processor otherwise")
    device.add("cpu", 1, "Processor", "")
    device.add("cuda", 2, "Graphics card (NVIDIA)", "")
    procedure.add_choice_argument("device", "_Device", "What computes", device, "auto", FLAGS)


def run_fill(
    procedure: Gimp.Procedure,
    mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    settings: Gimp.ProcedureConfig,
    data: object,
) -> Gimp.ValueArray:
    """Run Fill Selection, in any of GIMP's three modes."""
    return _run(procedure, mode, image, drawables, settings, "Fill Selection", fill)


def fill(document: Document, settings: Gimp.ProcedureConfig, config: Config) -> None:
    """Fill the selected part of the layer."""
    new_layer = settings.get_property("output") == "new-layer"
    if not new_layer:
        document.require_writable()
    context = with_context(document.selected(), document.extent)
    Gimp.progress_init("Filling the selection")
    request = {"op": "fill", "width": context.width, "height": context.height, **engine_settings(settings)}
    for name in ("grow", "feather"):
        request[name] = settings.get_property(name)
    parts = [document.read(context), document.read_selection(context)]
    answer, (rgba, strength) = call(config, request, parts, Gimp.progress_pulse, show_progress)
    top, left, height, width = answer["box"]
    box = Rect(left, top, left + width, top + height).moved(context.left, context.top)
    if new_layer:
        document.add_layer(box, rgba, strength, f"{document.layer.get_name()} filled")
    else:
        document.write(box, rgba, strength if request["grow"] or request["feather"] else None)
    Gimp.progress_end()
    Gimp.displays_flush()


def engine_settings(settings: Gimp.ProcedureConfig) -> dict[str, str]:
    """Return the part of a request that says which model computes where."""
    own = settings.get_property("model-file")
    return {
        "model": own.get_path() if own is not None else settings.get_property("model"),
        "device": settings.get_property("device"),
    }


def show_progress(done: int, total: int) -> None:
    """Show how many regions are done, when there are several."""
    if total > 1:
        Gimp.progress_update(done / total)


def _run(
    procedure: Gimp.Procedure,
    mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    settings: Gimp.ProcedureConfig,
    title: str,
    action: Callable[[Document, Gimp.ProcedureConfig, Config], None],
) -> Gimp.ValueArray:
    """Check, ask, do, and turn what goes wrong into a sentence in GIMP's own box."""
    try:
        document = Document(image, drawables)
        document.selected()  # before the dialog, not after somebody filled it in
        config = Config.read(FOLDER)
        if mode == Gimp.RunMode.INTERACTIVE and not ask(procedure, settings, title):
            return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
        action(document, settings, config)
    except PluginError as error:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(str(error)))
    except MemoryError:
        sentence = "There is not enough memory for this; close other programs, or select less."
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(sentence))
    except Exception as error:
        traceback.print_exc()
        sentence = f"This is a bug in Inpaint's plug-in: {type(error).__name__}: {error}."
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(sentence))
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


def ask(procedure: Gimp.Procedure, settings: Gimp.ProcedureConfig, title: str) -> bool:
    """Show the dialog that GIMP makes from the arguments; return whether it was confirmed."""
    gi.require_version("GimpUi", "3.0")
    from gi.repository import GimpUi

    GimpUi.init(procedure.get_name())
    dialog = GimpUi.ProcedureDialog.new(procedure, settings, title)
    dialog.fill(None)
    confirmed = dialog.run()
    dialog.destroy()
    return confirmed


def main() -> None:
    """Hand this process to GIMP."""
    Gimp.main(InpaintPlugin.__gtype__, sys.argv)
