"""The choice of method that commands around pasted objects share."""

from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from inpaint.cli._options import Device

if TYPE_CHECKING:
    from inpaint.core.engines.engine import Engine
    from inpaint.core.objects.joint import JointEngine


class Method(StrEnum):
    """How an object is fitted to its surroundings."""

    JOINT = "joint"
    TRANSFER = "transfer"


def load_method(
    method: Method, model: str | None, device: Device, threads: int | None, *, fills: bool
) -> "tuple[JointEngine | Engine | None, list[str]]":
    """Return the model that a method needs, None for colour transfer that fills nothing, and what to tell the user.

    Where the joint model is not part of the installation, and no other was named, colours are transferred. Raises
    `typer.BadParameter` for a model that nothing would use.
    """
    from inpaint.weights.locate import is_left_out

    notes = []
    if method is Method.JOINT and model is None and is_left_out("joint"):
        notes.append("The model joint is not part of this installation; colours are fitted by --method transfer.")
    elif method is Method.JOINT:
        from inpaint.core.objects.joint import load_joint

        engine = load_joint(model or "joint", device.value, threads)
        return engine, [*engine.notes]
    if not fills:
        if model is not None:
            raise typer.BadParameter("--method transfer needs no model here; leave one out", param_hint="--model")
        return None, notes
    from inpaint.core.engines.engine import load_engine

    engine = load_engine(model or "default", device.value, threads)
    return engine, [*notes, *engine.notes]
