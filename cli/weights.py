"""`inpaint weights`: the models by name and on the Hugging Face Hub."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inpaint.cli._options import complete_known
from inpaint.cli._report import print_notes

if TYPE_CHECKING:
    from inpaint.weights.hub import Offer
    from inpaint.weights.transfer import Progress

app = typer.Typer(
    help="Download models from the Hugging Face Hub, check them, move them to another machine, publish your own.",
    no_args_is_help=True,
)

Wanted = Annotated[
    str,
    typer.Argument(
        help=r"A name from `inpaint weights list`, or user/repo\[@revision]\[:file].",
        show_default=False,
        autocompletion=complete_known,
    ),
]
WantedOrFile = Annotated[
    str,
    typer.Argument(
        help=r"A name from `inpaint weights list`, user/repo\[@revision]\[:file], or an .onnx file of yours.",
        show_default=False,
        autocompletion=complete_known,
    ),
]
Several = Annotated[
    list[str],
    typer.Argument(
        help=r"Names from `inpaint weights list`, or user/repo\[@revision]\[:file].", autocompletion=complete_known
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List all known and downloaded models: licence, training data, size, and whether they are on this machine.

    Data is "free" if every photograph has a free licence, and "research only" if some do not.
    """
    from inpaint.weights import MODELS
    from inpaint.weights.hub import fetched

    names = [model.name for model in MODELS]
    rows = [_describe(name) for name in [*names, *(name for name in fetched() if name not in names)]]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("name", "licence", "data", "size", "here", "from", box=None, pad_edge=False)
    aliases = {model.name: f" ({', '.join(model.aliases)})" for model in MODELS if model.aliases}
    for row in rows:
        size = f"{row['size'] / 1e6:.0f} MB" if row["size"] else "?"
        origin = row.get("repository")
        here = "damaged" if row["damaged"] else "yes" if row["path"] else "no"
        bundled = "bundled" if row["path"] else "left out"
        name = row["name"] + aliases.get(row["name"], "")
        cells = name, row["licence"], row["data"], size, here if origin else bundled, origin or "Inpaint"
        table.add_row(*(Text(cell) for cell in cells))  # what others wrote is no markup
    Console().print(table)
    for model in MODELS:
        for alias in model.cpu_aliases:
            typer.echo(f"On a CPU {alias} is {model.name}.")
        if model.suits:
            typer.echo(f"{model.name} is tuned on {model.suits}, not on photographs.")
    typer.echo("More about one: inpaint weights info NAME. Any repository with an exported model works, too: user/repo")


@app.command()
def info(wanted: WantedOrFile, as_json: AsJson = False) -> None:
    """Show where a model is from, its licence and what it expects. Asks the Hub only for a repository not yet here."""
    from inpaint.weights import Contract

    record = _describe(wanted)
    if as_json:
        typer.echo(json.dumps(record, indent=2))
        return
    for name, value in record.items():
        if name == "contract" and value:
            value = Contract(**value).in_words()
        if value not in ("", None, False):
            typer.echo(_plain(f"{name.replace('_', ' '):>13}  {value}"))


@app.command()
def pull(
    wanted: Several,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but notes and errors.")] = False,
) -> None:
    """Download models. Interrupted downloads continue, every file is checked, and nothing is downloaded twice."""
    from inpaint.weights.hub import offer_or_cached
    from inpaint.weights.pull import pull as fetch

    _silence()
    for name in wanted:
        offered, note = offer_or_cached(name)
        if not quiet:
            _introduce(offered)
        with _progress(offered, quiet) as progress:
            pulled = fetch(offered, progress)
        if not quiet:
            done = f"fetched {pulled.fetched / 1e6:.1f} MB" if pulled.fetched else "it was here already"
            checked = "sha256 checked" if pulled.checked else "not checked, because nothing here says what it should be"
            typer.echo(f"{offered.name}: {done}, {checked}. Use it with --model {offered.name}")
        print_notes((*pulled.notes, *filter(None, [note])))


@app.command()
def verify(
    wanted: Annotated[list[str] | None, typer.Argument(help="Default: all models on this machine.")] = None,
) -> None:
    """Check the models on this machine against their sha256. Uses no network."""
    from inpaint.core.errors import InpaintError, ModelError
    from inpaint.weights import MODELS
    from inpaint.weights.cache import digest, known_hash
    from inpaint.weights.hub import fetched
    from inpaint.weights.locate import resolve
    from inpaint.weights.manifest import find
    from inpaint.weights.paths import is_there

    bundled = [model.name for model in MODELS if model.bundled and not model.left_out]
    names = wanted or [*bundled, *fetched(thorough=True)]
    bad = []
    for name in names:
        known = find(name)
        try:
            if known is None and is_there(Path(name)):
                raise ModelError(f"{name} is a file of yours, and nothing says what it should hold; name a model.")
            path = resolve(name)
            if known and known.bundled and digest(path) != known.sha256:
                raise ModelError(f"The file of the model {name} is damaged; install Inpaint again.")
            checked = (known and known.sha256) or known_hash(path)
            typer.echo(f"{name}: {'intact' if checked else 'a copy without a hash, so not checked'}, {path}")
        except InpaintError as error:
            bad.append(error)
            typer.secho(str(error), fg=typer.colors.RED, err=True)
    if bad:
        raise typer.Exit(bad[0].exit_code)


@app.command()
def remove(wanted: Several) -> None:
    """Delete downloaded models from this machine. The bundled ones stay."""
    from inpaint.core.errors import ModelError
    from inpaint.weights.cache import find_cached, remove_cached
    from inpaint.weights.hub import cached_offer
    from inpaint.weights.manifest import find

    for name in wanted:
        known = find(name)
        if known is not None and known.bundled:
            raise ModelError(f"The model {known.name} comes with Inpaint and stays; nothing was deleted.")
        here = cached_offer(name)
        path = find_cached(here.reference) if here is not None else None
        if path is None:
            raise ModelError(f"{name} is not among the fetched models, so nothing was deleted.")
        typer.echo(f"{name}: deleted, {remove_cached(path) / 1e6:.1f} MB freed")


@app.command()
def where(
    wanted: Annotated[str | None, typer.Argument(help="Default: the folder that holds all of them.")] = None,
) -> None:
    """Print the path of a model's file, or the folder of downloaded models (HF_HOME moves it)."""
    from inpaint.core.engines.devices import expected
    from inpaint.weights.cache import cache_folder
    from inpaint.weights.locate import resolve

    typer.echo(resolve(wanted, expected("auto")) if wanted else cache_folder())


@app.command()
def bundle(
    wanted: Several,
    output: Annotated[Path, typer.Option("--output", "-o", help="The .tar file to write.")] = Path("models.tar"),
) -> None:
    """Write downloaded models into one file, for a machine without internet."""
    from inpaint.core.atomic_files import atomic_write
    from inpaint.weights.bundle import write_bundle

    with atomic_write(output) as file:
        models = write_bundle(file, wanted)
    licences = ", ".join(_plain(f"{model.name} ({model.licence})") for model in models)
    typer.echo(f"{output}: {licences}, {output.stat().st_size / 1e6:.1f} MB")
    typer.echo(f"On the other machine: inpaint weights install {output.name}")


@app.command()
def install(
    file: Annotated[Path, typer.Argument(help="File from `inpaint weights bundle`.", show_default=False)],
) -> None:
    """Install the models of a bundle after checking them. Uses no network."""
    from inpaint.weights.bundle import install_bundle

    for model in install_bundle(file):
        typer.echo(_plain(f"{model.name} ({model.licence}): installed. Use it with --model {model.name}"))


@app.command()
def publish(
    run: Annotated[Path, typer.Argument(help="Run directory of `inpaint train`.", show_default=False)],
    repository: Annotated[str, typer.Argument(help="user/repo. Created if it does not exist.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only write the folder that would be uploaded.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to write. Default: RUN/published.", show_default=False)
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence of the weights (SPDX identifier or words).")] = "Apache-2.0",
    trained_on: Annotated[
        list[str] | None,
        typer.Option(metavar="DATA", help="Training data: a data set of the Hub, or words. Can be repeated."),
    ] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="Result of `inpaint eval` with this model first: scores.json or its folder.")
    ] = None,
    data_licences: Annotated[
        Path | None,
        typer.Option(
            help="CSV file with key, licence, source, author, evidence of every training photograph, for the table "
            "that makers of free photo software ask for."
        ),
    ] = None,
    limits: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="What the model cannot do, for that table. Can be repeated."),
    ] = None,
    step: Annotated[int | None, typer.Option(help="Step of the checkpoint. Default: the last.")] = None,
    private: Annotated[bool, typer.Option("--private", help="If the repository is new, only you can see it.")] = False,
) -> None:
    """Publish a training on the Hub: ONNX, safetensors, recipe, contract, numbers, pictures and a model card."""
    from inpaint.cli._extras import require_train

    require_train()
    from inpaint.training.publishing.publish import build_folder
    from inpaint.training.publishing.upload import upload_folder

    _silence()
    published = build_folder(
        run,
        repository,
        output or run / "published",
        step=step,
        licence=licence,
        datasets=tuple(trained_on or ()),
        evaluation=evaluation,
        data_licences=data_licences,
        limits=tuple(limits or ()),
    )
    typer.echo(f"{published.folder}: {', '.join(published.files)}")
    print_notes(published.notes)
    if dry_run:
        typer.echo("Nothing was uploaded. The same without --dry-run uploads this folder.")
        return
    typer.echo(f"published: {upload_folder(published.folder, repository, private=private)}")
    typer.echo(f"Anybody can now run: inpaint weights pull {repository}")


def _describe(wanted: str) -> dict[str, Any]:
    """Collect what is known about a model, as plain values."""
    from dataclasses import asdict

    from inpaint.weights.cache import find_cached
    from inpaint.weights.hub import cached_offer, contract_in, looks_damaged, offer
    from inpaint.weights.manifest import find
    from inpaint.weights.paths import is_file

    known = find(wanted)
    if known is None and is_file(Path(wanted)):
        return _describe_file(Path(wanted))
    if known is not None and known.bundled:
        path, origin, record = None if known.left_out else known.locate(), {}, known
    else:
        record = cached_offer(wanted) or offer(wanted)
        path, reference = find_cached(record.reference), record.reference
        origin = {"repository": reference.repository, "revision": record.commit, "file": reference.file}
    contract = (known.contract if known else None) or (contract_in(path) if path else None)
    return {
        "name": record.name,
        "task": known.task if known else contract.task if contract else "",
        "licence": record.licence,
        "data": known.data if known else "not known",
        "trained_on": known.trained_on if known else "",
        "restrictions": record.restrictions,
        "size": record.size,
        "sha256": record.sha256,
        **origin,
        "path": str(path) if path else None,
        "damaged": path is not None and bool(origin) and looks_damaged(path, record.sha256),
        "contract": asdict(contract) if contract else None,
    }


def _describe_file(path: Path) -> dict[str, Any]:
    """Collect what a file of the user's own says. Raises `ModelError` when it is no model."""
    from dataclasses import asdict

    from inpaint.weights import Contract
    from inpaint.weights.cache import digest
    from inpaint.weights.onnx_file import read_contents

    contract = Contract.from_metadata(read_contents(path).metadata)
    return {
        "name": contract.name,
        "task": contract.task,
        "licence": contract.licence,
        "restrictions": "",
        "size": path.stat().st_size,
        "sha256": digest(path),
        "path": str(path),
        "contract": asdict(contract),
    }


def _introduce(offered: "Offer") -> None:
    """Say what will be fetched, and under what licence, before it is."""
    size = f", {offered.size / 1e6:.1f} MB" if offered.size else ""
    typer.echo(f"{offered.name}: {offered.reference.repository}, {offered.reference.file}{size}")
    typer.echo(_plain(f"  licence: {offered.licence}. {offered.restrictions}".rstrip()))


def _plain(text: str) -> str:
    """Return one line without control characters: a stranger's licence must not steer the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _silence() -> None:
    """Keep the library's own log lines out of the terminal; what matters is told in our words."""
    import logging

    logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)


@contextmanager
def _progress(offered: "Offer", quiet: bool) -> "Iterator[Progress | None]":
    """Show a bar on standard error while a model arrives, if somebody is watching."""
    import sys

    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(offered.name, total=offered.size or None)
        yield lambda here, total: bar.update(task, completed=here, total=total or None)
