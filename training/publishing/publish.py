"""A finished training as a repository on the Hub that anybody can fetch, check and load.

model.onnx, model_fp16.onnx       what `inpaint fill` runs, each with its contract
model.safetensors, config.json    what `PretrainedGenerator.from_pretrained` loads
recipe.toml, contract.json        how it was made, and what it expects
evaluation.json, samples.png      how good it is
training-data.csv                 source, author and licence of every training photograph, where they were given
README.md                         the card
"""

import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from inpaint.core.errors import ModelError, OutputError
from inpaint.training.export.inpainting import export_run, load_filler
from inpaint.training.json_files import write_json
from inpaint.training.publishing.data_licences import CREDITS, read_data_licences, write_credits
from inpaint.training.publishing.disclosure import Disclosure
from inpaint.training.publishing.model_card import Card, read_evaluation
from inpaint.training.publishing.pretrained import PretrainedGenerator
from inpaint.training.publishing.upload import check_repository
from inpaint.training.run.directory import RunDirectory
from inpaint.weights.paths import is_file, is_there

FILES = {
    "model.onnx": "ONNX, float32",
    "model_fp16.onnx": "ONNX, half precision inside: half the size, made for CUDA",
    "model.safetensors": "the weights for PyTorch",
    "config.json": "what they belong to",
    "recipe.toml": "the whole training",
    "contract.json": "what the ONNX files expect and return",
    "evaluation.json": "the numbers above, and more",
    "samples.png": "validation pictures",
    CREDITS: "every training photograph with its source, author and licence",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A folder in the layout of a repository."""

    folder: Path
    files: tuple[str, ...]
    notes: tuple[str, ...]
    """What the user should know."""


def build_folder(
    run: Path,
    repository: str,
    folder: Path,
    *,
    step: int | None = None,
    licence: str = "Apache-2.0",
    datasets: tuple[str, ...] = (),
    evaluation: Path | None = None,
    data_licences: Path | None = None,
    limits: tuple[str, ...] = (),
) -> Published:
    """Write everything that would be published; the folder appears only once all of it is there.

    - `evaluation`: result of `inpaint eval` with this model as its first method;
    - `datasets`: what it was trained on;
    - `data_licences`: CSV file with the licence of every training photograph (see `read_data_licences`), from which the
      card gets the table that makers of free photo software ask for;
    - `limits`: what the model cannot do, for that table.

    A folder of an earlier call is replaced, any other one is not. Raises `RecipeError` for a folder that is no run or
    an `evaluation` that is none, `ModelError` when an export differs from the network, `OutputError` for the disk.
    """
    check_repository(repository)
    table = read_evaluation(evaluation) if evaluation is not None else None
    rundir = RunDirectory(run)
    _, recipe, at_step, _ = load_filler(run, step)
    origin = rundir.origin()
    licences = read_data_licences(data_licences, origin.get("data")) if data_licences is not None else None
    if is_file(folder):
        raise OutputError(f"{folder} is a file; give a folder with --output.")
    if is_there(folder) and any(folder.iterdir()) and not (folder / "contract.json").is_file():
        raise OutputError(f"{folder} holds other things; give another folder with --output.")
    part, notes = folder.with_name(f".{folder.name}.part"), []
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        contract, _ = export_run(run, part / "model.onnx", step=step, licence=licence)
        try:
            export_run(run, part / "model_fp16.onnx", half=True, step=step, licence=licence)
        except ModelError as error:
            notes.append(f"model_fp16.onnx is left out. {error}")
        PretrainedGenerator.from_run(run, step).write(part)
        (part / "recipe.toml").write_text(recipe.to_toml(), "utf-8")
        write_json(part / "contract.json", asdict(contract))
        validation = _last_validation(rundir, at_step)
        source = evaluation / "scores.json" if evaluation is not None and evaluation.is_dir() else evaluation
        if source is not None:
            record = json.loads(source.read_text("utf-8"))
            record.pop("pictures", None)  # the names of somebody's photographs are nobody else's business
            write_json(part / "evaluation.json", record)
        else:
            write_json(part / "evaluation.json", {"validation": validation, "step": at_step})
            notes.append(
                "There is no comparison in the card; make one with `inpaint eval`, and give it as --evaluation."
            )
        samples = _last_samples(rundir, at_step)
        if samples is not None:
            shutil.copyfile(samples, part / "samples.png")
        else:
            notes.append("There is no picture in the card: the training drew none.")
        if licences is not None:
            write_credits(licences, part / CREDITS)
            notes += licences.notes
            if licences.unfree:
                notes.append(f"Not every training photograph is free: {', '.join(licences.unfree)}.")
        else:
            notes.append("The card does not say under which licences the photographs are; give --data-licences.")
        files = {name: what for name, what in FILES.items() if (part / name).exists()}
        card = Card(
            repository=repository,
            recipe=recipe,
            contract=contract,
            step=at_step,
            files=files,
            datasets=datasets,
            evaluation=table,
            validation=validation,
            has_samples=samples is not None,
            disclosure=licences
            and Disclosure(licence=licence, recipe=recipe, data=licences, origin=origin, limits=limits),
        )
        (part / "README.md").write_text(card.text(), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Published(folder=folder, files=tuple(sorted({*files, "README.md"})), notes=tuple(notes))


def _last_validation(rundir: RunDirectory, step: int) -> dict[str, float]:
    """Return the measures that the training logged last, up to `step`; empty when it logged none."""
    found: dict[str, float] = {}
    for record in rundir.records():
        measures = record.get("validation")
        with suppress(TypeError, ValueError):
            if isinstance(measures, dict) and record.get("step", 0) <= step:
                found = {str(key): float(value) for key, value in measures.items()}
    return found


def _last_samples(rundir: RunDirectory, step: int) -> Path | None:
    """Return the contact sheet that was drawn last, up to `step`."""
    sheets = sorted(rundir.samples.glob("step-*.png"))
    return next((sheet for sheet in reversed(sheets) if sheet.stem <= f"step-{step:06d}"), None)
