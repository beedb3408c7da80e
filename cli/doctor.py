"""`inpaint doctor`: what works here, what does not, and what to do about it."""

import json
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Check Python, the devices, the models and the GIMP plug-in, and say what to do about each problem.

    The exit code is 1 if it finds a problem.
    """
    from inpaint.gimp_plugin.doctor import examine

    marks = {
        "good": ("ok", typer.colors.GREEN),
        "note": ("note", typer.colors.YELLOW),
        "bad": ("BAD", typer.colors.RED),
    }
    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            mark, colour = marks[finding.level]
            typer.echo(f"{typer.style(f'{mark:>4}', fg=colour)}  {finding.sentence}")
    good = all(finding.level != "bad" for finding in findings)
    if as_json:
        told = [{"level": finding.level, "sentence": finding.sentence} for finding in findings]
        typer.echo(json.dumps({"good": good, "findings": told}))
    if not good:
        raise typer.Exit(1)
