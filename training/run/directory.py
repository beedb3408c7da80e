"""The directory of one training: its recipe, its log, its pictures and its checkpoints.

runs/x/recipe.toml                       the resolved recipe; `inpaint train runs/x/recipe.toml` repeats it
       recipe-until-000500.toml          what it was up to that step, where `--resume --set` has changed it
       run.json                          where data and backbones came from, and how many photographs are held out
       log.jsonl                         one JSON object per logged step, validation and skipped picture
       tensorboard/                      the same numbers for TensorBoard
       samples/step-000500.png           fixed validation pictures: photograph, hole, smooth start, filled
       checkpoints/step-000500/          state.safetensors (every tensor) and state.json
       best.json                         which checkpoint validated best, and how well
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from inpaint.core.atomic_files import atomic_write
from inpaint.core.errors import OutputError, RecipeError
from inpaint.training.json_files import write_json
from inpaint.weights.paths import is_there, matching

if TYPE_CHECKING:
    from torch import Tensor

    from inpaint.training.recipe import Recipe
# torch is imported where tensors are read and written: what a directory holds can be said without it.

STATE_VERSION = 1
UNTIL = "recipe-until-"
"""How the names of recipes begin that were changed on the way."""


class RunDirectory:
    """Files of one training, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recipe_file = path / "recipe.toml"
        self.origin_file = path / "run.json"
        self.log_file = path / "log.jsonl"
        self.best_file = path / "best.json"
        self.samples = path / "samples"
        self.checkpoints = path / "checkpoints"
        self.tensorboard = path / "tensorboard"

    def create(self, recipe: "Recipe", origin: dict[str, Any], *, again: bool = False) -> None:
        """Make the directory of a new training. Raises `OutputError` when one is there already.

        again: whether one that has no checkpoint yet may be started over.
        """
        self.check_free(again=again)
        try:
            for folder in (self.path, self.samples, self.checkpoints):
                folder.mkdir(parents=True, exist_ok=True)
            write_json(self.origin_file, origin)
            # Last, because it is what makes the folder a run directory.
            with atomic_write(self.recipe_file) as file:
                file.write(recipe.to_toml().encode())
        except OSError as error:
            raise OutputError(f"The run directory {self.path} cannot be written ({error.strerror}).") from error

    def check_free(self, *, again: bool = False) -> None:
        """Raise `OutputError` when there is a training already; again: as in `create`."""
        if not is_there(self.recipe_file) or (again and not self.steps()):
            return
        if self.steps():
            raise OutputError(f"{self.path} holds a training already; go on with --resume, or give another --out.")
        raise OutputError(
            f"{self.path} holds a training that has no checkpoint yet; start it over with --auto-resume in place of "
            "--resume, or give another --out."
        )

    def adopt(self, recipe: "Recipe", step: int) -> None:
        """Make a recipe that a training goes on with at a step the one of the directory; the one before is kept.

        Raises `OutputError` when it cannot be written.
        """
        with suppress(RecipeError):  # it may be that what is wrong with it has just been changed
            if self.recipe() == recipe:
                return
        before = self.path / f"{UNTIL}{step:06d}.toml"
        try:
            # If there is one already, then nothing has been saved with what came after it.
            if not before.exists():
                with atomic_write(before) as file:
                    file.write(self.recipe_file.read_bytes())
            with atomic_write(self.recipe_file) as file:
                file.write(recipe.to_toml().encode())
        except OSError as error:
            raise OutputError(f"{self.recipe_file} cannot be written ({error.strerror}).") from error

    def check_there(self) -> None:
        """Raise `RecipeError` when there is no training here."""
        if not is_there(self.recipe_file):
            raise RecipeError(f"{self.path} is not a run directory: it has no recipe.toml.")

    def check_resumable(self) -> None:
        """Raise `RecipeError` when there is no training here, or none that has a checkpoint to go on from."""
        self.check_there()
        if not self.steps():
            raise RecipeError(
                f"{self.path} has no checkpoint to go on from; start it over with --auto-resume in place of --resume."
            )

    def recipe(self, settings: list[str] | None = None) -> "Recipe":
        """Read the recipe of this training. Raises `RecipeError` when the directory holds none."""
        self.check_there()
        from inpaint.training.recipe import load_recipe

        return load_recipe(str(self.recipe_file), settings)

    def recipe_at(self, step: int) -> "Recipe":
        """Read the recipe that the training followed up to a step: not the last one, where it was changed since."""
        from inpaint.training.recipe import load_recipe

        kept = {file.stem.removeprefix(UNTIL): file for file in matching(self.path, f"{UNTIL}*.toml")}
        later = [(int(number), file) for number, file in kept.items() if number.isdigit() and int(number) >= step]
        return load_recipe(str(min(later)[1])) if later else self.recipe()

    def origin(self) -> dict[str, Any]:
        """Return what `create` was told about data and backbones; empty when it is lost."""
        try:
            return json.loads(self.origin_file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}

    def remember_origin(self, origin: dict[str, Any]) -> None:
        """Note where the data of a training that goes on is now. What `origin` has as None stays as it was."""
        before = self.origin()
        now = before | {key: value for key, value in origin.items() if value is not None}
        if now != before:
            write_json(self.origin_file, now)

    def log(self, record: dict[str, Any]) -> None:
        """Append one JSON line; one that a crash has torn ends before it."""
        with self.log_file.open("a+b") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(json.dumps(record).encode() + b"\n")

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield what was logged, without lines that a crash has torn."""
        try:
            lines = self.log_file.read_bytes().split(b"\n")
        except OSError:
            return
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record

    def steps(self) -> list[int]:
        """List the steps that have a checkpoint, in order."""
        found = (folder.name.removeprefix("step-") for folder in matching(self.checkpoints, "step-*"))
        return sorted(int(number) for number in found if number.isdigit())

    def last_step(self) -> int | None:
        """Return the last step that has a checkpoint; None where there is none."""
        return max(self.steps(), default=None)

    def checkpoint(self, step: int) -> Path:
        """Name the folder of a checkpoint."""
        return self.checkpoints / f"step-{step:06d}"

    def save(self, step: int, tensors: "dict[str, Tensor]", recipe: "Recipe", grown: int, **counts: int) -> None:
        """Write a checkpoint under a temporary name, then rename it: a killed process leaves no half of one.

        counts: what else the record should hold. Raises `OutputError` when there is no room for it.
        """
        from inpaint.training.recipe import recipe_digest

        record = {"version": STATE_VERSION, "step": step, "grown": grown, "recipe": recipe_digest(recipe), **counts}
        target = self.checkpoint(step)
        folder = self.checkpoints / f".saving-{step:06d}"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            write_tensors(folder / "state.safetensors", tensors)
            write_json(folder / "state.json", record)
            _sync(folder / "state.safetensors")
            if target.exists():
                shutil.rmtree(target)
            folder.rename(target)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise OutputError(f"{target} cannot be written ({error.strerror or error}); free some space.") from error

    def load(self, step: int | None = None) -> "tuple[dict[str, Tensor], dict[str, Any]]":
        """Read a checkpoint, the last one by default: its tensors and its record.

        Raises `RecipeError` when there is none, or it is damaged.
        """
        steps = self.steps()
        if not steps or (step is not None and step not in steps):
            which = "" if step is None else f" of step {step}"
            raise RecipeError(f"{self.path} has no checkpoint{which}; train first, or choose another.")
        from safetensors.torch import load_file

        folder = self.checkpoint(steps[-1] if step is None else step)
        try:
            record = json.loads((folder / "state.json").read_text("utf-8"))
            if record["version"] != STATE_VERSION:
                raise RecipeError(f"{folder} was written by another version of Inpaint ({record['version']}).")
            return load_file(folder / "state.safetensors"), record
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise RecipeError(f"The checkpoint {folder} is damaged; delete it to go on from the one before.") from error

    def remember_best(self, step: int, measures: dict[str, float]) -> None:
        """Note that a checkpoint, which is there already, has validated best so far."""
        write_json(self.best_file, {"step": step, **measures})

    def best_step(self) -> int | None:
        """Return the step that validated best, if its checkpoint is still there."""
        try:
            step = int(json.loads(self.best_file.read_text("utf-8"))["step"])
        except (OSError, ValueError, KeyError):
            return None
        return step if step in self.steps() else None

    def prune(self, keep: int) -> None:
        """Delete all but the last `keep` checkpoints and the best one, and what killed processes left behind."""
        best = self.best_step()
        for step in self.steps()[:-keep]:
            if step != best:
                shutil.rmtree(self.checkpoint(step), ignore_errors=True)
        for leftover in self.checkpoints.glob(".saving-*"):
            shutil.rmtree(leftover, ignore_errors=True)


def write_tensors(path: Path, tensors: "dict[str, Tensor]", metadata: dict[str, str] | None = None) -> None:
    """Write tensors by name. Raises OSError, also for a full disk, of which safetensors makes an error of its own."""
    from safetensors.torch import save_file

    try:
        save_file(tensors, path, metadata)
    except SafetensorError as error:
        raise OSError(str(error)) from error


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
