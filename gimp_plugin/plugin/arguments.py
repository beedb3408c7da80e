"""Arguments that both procedures have, and what the worker is told of them."""

from __future__ import annotations

from pathlib import Path

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GObject  # noqa: E402 - after the version is chosen

from .errors import PluginError  # noqa: E402
from .paths import Config  # noqa: E402

FOLDER = Path(__file__).resolve().parent.parent
"""The folder of the plug-in in GIMP's `plug-ins`."""
FLAGS = GObject.ParamFlags.READWRITE


def add_output_argument(procedure: Gimp.Procedure, what: str, *, retouch: bool, this: bool = True) -> None:
    """Add the choice of where `what` goes: `retouch`, one layer for all, a new layer, or `this` one."""
    output = Gimp.Choice.new()
    if retouch:
        output.add("retouch-layer", 2, "The retouch layer above", "One layer for all fills; made where there is none")
    output.add("new-layer", 0, "A new layer above", f"With a mask, for this {what} alone")
    if this:
        output.add("this-layer", 1, "This layer", "Its own pixels change")
    first = "retouch-layer" if retouch else "new-layer"
    procedure.add_choice_argument("output", f"_Put the {what} into", f"Where the {what} goes", output, first, FLAGS)


def add_engine_arguments(procedure: Gimp.Procedure) -> None:
    """Add the arguments for choosing a model and a device."""
    try:
        config = Config.read(FOLDER)
    except PluginError:
        config = Config("", "", "")  # the call itself will say what is wrong
    names = Gimp.Choice.new()
    for number, name in enumerate(config.models):
        label = name if config.is_here(name) else f"{name} (not here yet)"  # a call says how to get it
        names.add(name, number, label, "")
    procedure.add_choice_argument("model", "_Model", "The network that fills", names, config.models[0], FLAGS)
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


def engine_settings(settings: Gimp.ProcedureConfig) -> dict[str, str]:
    """Return the part of a request that says which model computes where."""
    own = settings.get_property("model-file")
    if own is not None and not own.get_path() and own.get_uri():
        raise PluginError(f"The model file {own.get_uri()} is not on this computer; save it here first.")
    file = own.get_path() if own is not None else ""  # Script-Fu gives a file without a name for ""
    return {
        "model": file or settings.get_property("model"),
        "device": settings.get_property("device"),
    }


def show_progress(done: int, total: int) -> None:
    """Show how many regions are done, when there are several."""
    if total > 1:
        Gimp.progress_update(done / total)
