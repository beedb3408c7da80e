"""The model card of a published model: what the Hub reads at its top, and what people read below."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from inpaint.core.errors import RecipeError
from inpaint.training.publishing.disclosure import Disclosure
from inpaint.training.recipe import Recipe, recipe_digest
from inpaint.weights import Contract

HUB_LICENCES = frozenset(
    {"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0"}
    | {"cc-by-nc-sa-4.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "mpl-2.0", "unlicense", "openrail", "unknown"}
)
"""Identifiers that the Hub knows; any other licence is "other" with a name."""
TASK = "image-to-image"
"""The Hub has no task for inpainting of its own."""


@dataclass(frozen=True, slots=True)
class EvaluationTable:
    """Means by metric and method, as an evaluation found them."""

    data: str
    """Name of the photographs."""
    protocol: str
    """Under which conditions, in words."""
    metrics: dict[str, str]
    """What each metric is, by key."""
    rows: dict[str, dict[str, float]]
    """method -> metric -> mean; the first method is the published model."""


def read_evaluation(path: Path) -> EvaluationTable:
    """Read scores.json of `inpaint eval --out` (the file, or its folder), or what `inpaint eval --json` printed.

    Raises `RecipeError` when it is something else.
    """
    file = path / "scores.json" if path.is_dir() else path
    try:
        record = json.loads(file.read_text("utf-8"))
        if record["format"] != "inpaint-evaluation" or record["version"] != 1:
            raise RecipeError(f"{file} was written by another version of Inpaint; run the evaluation again.")
        conditions = record["conditions"]
        size = f"{conditions['size']} px" if conditions["size"] else "full size"
        seed = "" if conditions["seed"] is None else f", seed {conditions['seed']}"
        distance = f"; perceptual distance: {conditions['distance']}" if conditions["distance"] else ""
        return EvaluationTable(
            data=str(conditions["data"]),
            protocol=f"{conditions['pictures']} photographs at {size}; masks: {conditions['masks']}{seed}, "
            f"sha256 {conditions['masks_sha256'][:12]}{distance}",
            metrics={str(key): str(text) for key, text in record["metrics"].items()},
            rows={
                str(method["name"]): {
                    str(key): float(mean["value"]) for key, mean in method["mean"].items() if mean["value"] is not None
                }
                for method in record["methods"]
            },
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecipeError(
            f"{file} is not the result of an evaluation; make one with: inpaint eval --out DIR"
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything that the card says."""

    repository: str
    recipe: Recipe
    contract: Contract
    step: int
    files: dict[str, str]
    """What each file is, by name."""
    datasets: tuple[str, ...]
    """Training data, by the Hub's names or as words."""
    evaluation: EvaluationTable | None
    validation: dict[str, float]
    """The training's own last measurement."""
    has_samples: bool
    disclosure: Disclosure | None = None
    """What makers of free photo software ask; None where the licences of the training data were not given."""

    def text(self) -> str:
        """Write the whole README.md."""
        parts = [f"---\n{self.metadata().to_yaml()}\n---", self._introduction(), self._use(), self._training()]
        parts += [self._results(), self._contract(), self._files(), self._disclosure(), self._licence()]
        return "\n\n".join(part for part in parts if part) + "\n"

    def metadata(self) -> ModelCardData:
        """Return what the Hub reads: licence, task, data sets, metrics and results."""
        spdx = self.contract.licence.lower()
        known = spdx in HUB_LICENCES
        results = []
        if self.evaluation is not None:
            means = next(iter(self.evaluation.rows.values()))
            results = [
                EvalResult(
                    task_type=TASK,
                    task_name="Inpainting",
                    dataset_type=_slug(self.evaluation.data),
                    dataset_name=self.evaluation.data,
                    metric_type=key,
                    metric_value=round(value, 6),
                    metric_name=key,
                )
                for key, value in means.items()
            ]
        return ModelCardData(
            license=spdx if known else "other",
            license_name=None if known else _slug(self.contract.licence),
            library_name="inpaint",
            pipeline_tag=TASK,
            tags=["inpainting", "image-inpainting", "onnx", "safetensors"],
            datasets=[name for name in self.datasets if "/" in name and " " not in name] or None,
            metrics=sorted({result.metric_type for result in results}) or None,
            model_name=self.recipe.name if results else None,
            eval_results=results or None,
        )

    def _introduction(self) -> str:
        picture = (
            "\n\n![Photographs, their holes, a smooth start, and the fills](samples.png)" if self.has_samples else ""
        )
        return f"# {self.recipe.name}\n\nFills holes in photographs. {self.recipe.description}".rstrip() + picture

    def _use(self) -> str:
        return (
            "## Use\n\n```\n"
            f"inpaint weights pull {self.repository}\n"
            f"inpaint fill photo.jpg --mask mask.png --model {self.repository}\n```\n\n"
            "White in the mask is filled. In PyTorch, in evaluation mode:\n\n```python\n"
            "from inpaint.training.publishing.pretrained import PretrainedGenerator\n\n"
            f'generator = PretrainedGenerator.from_pretrained("{self.repository}")\n'
            "filled = generator(image, mask)  # N x 3 x H x W in [-1, 1]; N x 1 x H x W, 1 = hole\n```"
        )

    def _training(self) -> str:
        listed = f"{len(self.disclosure.data.rows)} photographs, listed below" if self.disclosure else "not stated"
        data = ", ".join(self.datasets) or listed
        phases = "\n".join(f"| {phase.name} | {phase.steps} |" for phase in self.recipe.phases)
        return (
            f"## Training\n\nRecipe `{recipe_digest(self.recipe)}` in [recipe.toml](recipe.toml), step {self.step}; "
            f"the weights are their moving average.\n\nTraining data: {data}.\n\n| phase | steps |\n|---|---|\n{phases}"
        )

    def _results(self) -> str:
        parts = ["## Results"]
        if self.evaluation is not None:
            methods = list(self.evaluation.rows)
            parts += [f"{self.evaluation.data}: {self.evaluation.protocol}.", _table(self.evaluation, methods)]
            parts.append("\n".join(f"- {key}: {text}" for key, text in self.evaluation.metrics.items()))
        if self.validation:
            numbers = ", ".join(f"{key} {value:.4f}" for key, value in self.validation.items())
            parts.append(f"The training's own last validation: {numbers}.")
        if len(parts) == 1:
            parts.append("Not measured.")
        return "\n\n".join(parts)

    def _contract(self) -> str:
        c = self.contract
        low, high = c.image_range
        return (
            "## Contract\n\n"
            f"`{c.image_input}`: N x 3 x H x W float32 RGB from {low:g} to {high:g}. `{c.mask_input}`: N x 1 x H x W "
            f"float32, 1 = hole. `{c.output}`: like the image, known pixels unchanged. H and W: multiples of "
            f"{c.stride}. Trained at {c.native_size} pixels, on holes of up to {c.native_hole}. The same stands as "
            "JSON in the metadata of both ONNX files."
        )

    def _files(self) -> str:
        return "## Files\n\n" + "\n".join(f"- `{name}`: {what}" for name, what in self.files.items())

    def _disclosure(self) -> str:
        return f"## Selection criteria\n\n{self.disclosure.table()}" if self.disclosure else ""

    def _licence(self) -> str:
        return f"## Licence\n\n{self.contract.licence}. The training photographs carry their own terms."


def _table(evaluation: EvaluationTable, methods: list[str]) -> str:
    lines = ["| | " + " | ".join(methods) + " |", "|---" * (len(methods) + 1) + "|"]
    for key in evaluation.metrics:
        cells: list[Any] = [evaluation.rows[method].get(key) for method in methods]
        lines.append(f"| {key} | " + " | ".join("-" if cell is None else f"{cell:.4f}" for cell in cells) + " |")
    return "\n".join(lines)


def _slug(text: str) -> str:
    """Return `text` in the letters that identifiers on the Hub have."""
    return "-".join("".join(c if c.isalnum() or c in ".-" else " " for c in text.lower()).split()) or "unnamed"
