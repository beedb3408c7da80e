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
) -> "JointEngine | Engine | None":
    """Return the model that a method needs; None for colour transfer that fills nothing.

    Raises `typer.BadParameter` for a model that nothing would use.
    """
    if method is Method.JOINT:
        from inpaint.core.objects.joint import load_joint

        return load_joint(model or "joint", device.value, threads)
    if not fills:
        if model is not None:
            raise typer.BadParameter("--method transfer needs no model here; leave one out", param_hint="--model")
        return None
    from inpaint.core.engines.engine import load_engine

    return load_engine(model or "default", device.value, threads)
