"""`inpaint doctor`: why something does not work, above all in GIMP."""

import typer


def doctor() -> None:
    """Look for everything that keeps Inpaint out of GIMP's menu or from filling, and say what to do."""
    from inpaint.gimp_plugin.doctor import examine

    marks = {
        "good": ("ok", typer.colors.GREEN),
        "note": ("note", typer.colors.YELLOW),
        "bad": ("BAD", typer.colors.RED),
    }
    bad = 0
    for finding in examine():
        mark, colour = marks[finding.level]
        typer.echo(f"{typer.style(f'{mark:>4}', fg=colour)}  {finding.sentence}")
        bad += finding.level == "bad"
    if bad:
        raise typer.Exit(1)
