"""Switches in `--help`: Typer says `<bool>` beside each, as if it took a value."""

from collections.abc import Iterable, Sequence
from typing import Any


def bare(parameters: Sequence[Any]) -> Sequence[Any]:
    """Return the parameters of a command, with nothing beside those that take no value."""
    for parameter in parameters:
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    return parameters


def bare_all(commands: Iterable[Any], context: Any) -> None:
    """Do that to every command, and to those within them. context: of the group they are in."""
    for command in commands:
        bare(command.get_params(context))
        bare_all(getattr(command, "commands", {}).values(), context)
