"""What a command says when it is done: a sentence or one JSON object, and notes."""

import json
from collections.abc import Iterable
from typing import Any

import typer


def report(
    sentence: str, record: dict[str, Any], notes: Iterable[str], *, as_json: bool, quiet: bool, err: bool = False
) -> None:
    """Print a sentence, or instead of it the record with the notes as JSON; and the notes to standard error.

    err: the JSON goes to standard error, too, because standard output is a picture; the sentence is left out then.
    """
    notes = list(dict.fromkeys(notes))
    if as_json:
        typer.echo(json.dumps(record | {"notes": notes}), err=err)
    elif not quiet and not err:
        typer.echo(sentence)
    if not quiet:
        print_notes(notes)


def print_notes(notes: Iterable[str]) -> None:
    """Print what the user should know to standard error."""
    for note in dict.fromkeys(notes):
        typer.secho(f"Note: {note}", fg=typer.colors.YELLOW, err=True)
