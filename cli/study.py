"""`inpaint study`: a blinded web page that asks people to rank fills, and the score of their answers."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from inpaint.training.study.score import Result, Share


class _MakeByDefault(TyperGroup):
    """`inpaint study a/ b/` means `inpaint study make a/ b/`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["make", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_MakeByDefault,
    help="Ask people which fills look best, without telling them which method made which.",
    no_args_is_help=True,
)


@app.command()
def make(
    folders: Annotated[
        list[Path],
        typer.Argument(help="One folder of filled pictures per method, with the same names.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The page, one .html file.")] = Path("study.html"),
    key: Annotated[
        Path | None, typer.Option(help="Where to write the key. Default: study.key.json beside the page.")
    ] = None,
    questions: Annotated[int, typer.Option(min=1, help="Number of photographs shown.")] = 30,
    masks: Annotated[
        Path | None, typer.Option(help="Folder of masks with the same names, to show people where the holes were.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed for the choice of photographs.")] = 0,
) -> None:
    """Write the page of a study, and a separate key that tells which method made which fill."""
    from inpaint.cli._extras import require_train

    require_train("jinja2")
    from inpaint.training.study.page import make_study

    study = make_study(folders, out, key, questions=questions, seed=seed, masks=masks)
    typer.echo(f"{study.page}: {len(study.key.questions)} questions of {len(study.key.methods)} pictures; send this.")
    typer.echo(f"{study.key_file}: the key; keep it to yourself until all answers are in.")


@app.command()
def score(
    answers: Annotated[
        list[Path],
        typer.Argument(
            help="The files that people sent back, or CSV files with the ranks of blind sheets. Their columns: "
            "photograph, judge, order (such as B > A=D > C) and kept.",
            show_default=False,
        ),
    ],
    key: Annotated[Path, typer.Option(help="The key that was written with the page or sheets.", show_default=False)],
    groups: Annotated[
        Path | None,
        typer.Option(help="CSV with the columns photograph and group, to score each group separately, too."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Print how often each method was preferred, with 95% confidence intervals."""
    from inpaint.training.study.blinding import Key
    from inpaint.training.study.ranks import read_groups, read_ranks
    from inpaint.training.study.score import read_answers, score
    from inpaint.training.study.sheet_key import SheetKey

    sheets = {path.suffix.lower() == ".csv" for path in answers}
    if len(sheets) > 1:
        raise typer.BadParameter("give the answers of one study, CSV files or those of a page", param_hint="ANSWERS")
    parts: dict[str, set[str]] = {}
    if sheets == {True}:
        opened = SheetKey.read(key)
        rankings = read_ranks(answers, opened)
        parts = read_groups(groups, opened) if groups is not None else {}
    elif groups is not None:
        raise typer.BadParameter("only blind sheets have groups", param_hint="--groups")
    else:
        opened = Key.read(key)
        rankings = read_answers(answers, opened)
    result = score(rankings, opened)
    by_group = {
        name: score(some, opened)
        for name, part in parts.items()
        if (some := [ranking for ranking in rankings if ranking.question in part])
    }
    if as_json:
        record = result.to_record()
        if by_group:
            record["groups"] = {name: part.to_record() for name, part in by_group.items()}
        typer.echo(json.dumps(record, indent=2))
        return
    _print(result)
    for name, part in by_group.items():
        typer.echo(f"\n{name}")
        _print(part)


def _print(result: "Result") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"{result.participants} participants, {result.answers} answers")
    asked = any(method.kept is not None for method in result.methods)
    columns = (
        "method",
        "mean rank ↓",
        "spread",
        "ranked highest ↑",
        "comparisons won ↑",
        *(["kept ↑"] if asked else []),
    )
    for column in columns:
        table.add_column(column, justify="left" if column == "method" else "right")
    for method in result.methods:
        rank = method.mean_rank
        table.add_row(
            method.name,
            f"{rank.value:.2f} ({rank.low:.2f} to {rank.high:.2f})",
            f"{method.spread:.2f}",
            _percent(method.first),
            _percent(method.wins),
            *([f"{method.kept} of {method.answers}"] if asked else []),
        )
    console.print(table)
    duels = Table(title="Against each other (ties count half)")
    for column in ("method", "against", "won", "tied", "lost", "win rate"):
        duels.add_column(column, justify="left" if column in ("method", "against") else "right")
    for duel in result.duels:
        duels.add_row(duel.one, duel.other, str(duel.wins), str(duel.ties), str(duel.losses), _percent(duel.rate))
    console.print(duels)
    for pair in result.agreement:
        if pair.share is not None:
            console.print(
                f"{pair.one} and {pair.other} order {pair.same} of {pair.pairs} pairs alike "
                f"({100 * pair.share:.0f}%), on {pair.photographs} photographs.",
                markup=False,
            )


def _percent(share: "Share") -> str:
    return f"{100 * share.value:.1f}% ({100 * share.low:.1f} to {100 * share.high:.1f})"
