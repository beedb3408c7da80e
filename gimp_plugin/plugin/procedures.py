"""The plug-in as GIMP sees it: its procedures, and how each is asked for, run, and reports what went wrong."""

from __future__ import annotations

import sys
import traceback

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib, GObject  # noqa: E402 - after the version is chosen

from . import compose, fill, transparency  # noqa: E402
from .arguments import FLAGS, FOLDER  # noqa: E402
from .document import Document  # noqa: E402
from .errors import PluginError  # noqa: E402
from .layers import drawn_from  # noqa: E402
from .paths import Config  # noqa: E402

PROCEDURES = {module.NAME: module for module in (fill, transparency, compose)}
"""A module has a NAME, a TITLE, a WISH where to select, `describe(procedure)` and
`run(document, settings, config)`, which returns the layer with the result."""


class InpaintPlugin(Gimp.PlugIn):
    """What GIMP asks for the names and descriptions of the procedures."""

    def do_set_i18n(self, name: str) -> bool:
        """There are no translations."""
        return False

    def do_query_procedures(self) -> list[str]:
        """Return the names of all procedures."""
        return list(PROCEDURES)

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """Describe one procedure."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_attribution("The Inpaint authors", "Apache-2.0", "2026")
        PROCEDURES[name].describe(procedure)
        procedure.add_layer_return_value("layer", "Layer", "The layer that has the result", False, FLAGS)
        return procedure


def run(
    procedure: Gimp.Procedure,
    mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    settings: Gimp.ProcedureConfig,
    data: object,
) -> Gimp.ValueArray:
    """Run a procedure in any of GIMP's three modes; what goes wrong becomes a sentence in GIMP's own box."""
    module = PROCEDURES[procedure.get_name()]
    try:
        document = Document(image, drawables)
        if module.WISH:
            document.selected(module.WISH, document.canvas)  # before the dialog, not after somebody filled it in
        config = Config.read(FOLDER)
        if mode == Gimp.RunMode.INTERACTIVE and not ask(procedure, settings, module.TITLE, document):
            return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
        layer = module.run(document, settings, config)
    except PluginError as error:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(str(error)))
    except MemoryError:
        sentence = "There is not enough memory for this; close other programs, or select less."
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(sentence))
    except Exception as error:
        traceback.print_exc()
        sentence = f"This is a bug in Inpaint's plug-in: {type(error).__name__}: {error}."
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(sentence))
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())
    values.remove(1)
    values.insert(1, GObject.Value(Gimp.Layer, layer))
    return values


def ask(procedure: Gimp.Procedure, settings: Gimp.ProcedureConfig, title: str, document: Document) -> bool:
    """Show the dialog that GIMP makes from the arguments; return whether it was confirmed."""
    gi.require_version("GimpUi", "3.0")
    from gi.repository import GimpUi

    GimpUi.init(procedure.get_name())
    dialog = GimpUi.ProcedureDialog.new(procedure, settings, title)
    words = drawn_from(document.layer)
    if words:
        from gi.repository import Gtk

        note = Gtk.Label(label=f"With \u201cThis layer\u201d its {words} becomes pixels; undo brings the {words} back.")
        note.set_line_wrap(True)
        note.show()
        dialog.get_content_area().pack_start(note, False, False, 6)
    dialog.fill(None)
    confirmed = dialog.run()
    dialog.destroy()
    return confirmed


def main() -> None:
    """Hand this process to GIMP."""
    Gimp.main(InpaintPlugin.__gtype__, sys.argv)
