"""A trained generator as PyTorch code gets it from the Hub: `PretrainedGenerator.from_pretrained("user/repo")`."""

import json
from pathlib import Path
from typing import Any

from huggingface_hub import PyTorchModelHubMixin, constants, hf_hub_download
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from inpaint.core.errors import ModelError
from inpaint.core.nets import Growing
from inpaint.training.export.inpainting import load_generator
from inpaint.training.json_files import write_json
from inpaint.training.recipe import Recipe
from inpaint.training.run.directory import write_tensors
from inpaint.weights.hub_errors import in_one_sentence
from inpaint.weights.paths import is_folder
from inpaint.weights.reference import Reference

WHERE = ("revision", "cache_dir", "force_download", "local_files_only", "token")
"""Options that say which files of a repository, and how to get them."""


class PretrainedGenerator(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="inpaint",
    pipeline_tag="image-to-image",
    tags=["inpainting"],
):
    """A generator with the recipe that made it; in evaluation mode when it is loaded.

    - `recipe`: the resolved recipe as plain values, which decides the architecture;
    - `grown`: how many blocks were added while it trained;
    - `fade`: weight of the newest of them, 0..1.
    """

    def __init__(self, recipe: dict[str, Any], grown: int = 0, fade: float = 1.0) -> None:
        super().__init__()
        self.recipe = Recipe.model_validate(recipe)
        self.grown = grown
        self.fade = fade
        self.generator = self.recipe.family.build_generator()
        if isinstance(self.generator, Growing):
            for _ in range(grown):
                self.generator.grow()

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Complete N x 3 x H x W in [-1, 1] where the N x 1 x H x W mask is 1; H and W multiples of the stride."""
        return self.generator(image, mask, self.fade)

    @classmethod
    def from_run(cls, run: Path, step: int | None = None) -> "PretrainedGenerator":
        """Take the averaged generator out of a run directory. Raises `RecipeError` for a folder that is no run."""
        generator, recipe, _, fade = load_generator(run, step)
        grown = len(generator.grown) if isinstance(generator, Growing) else 0
        pretrained = cls(recipe=recipe.model_dump(mode="json"), grown=grown, fade=fade)
        pretrained.generator.load_state_dict(generator.state_dict())
        return pretrained.eval()

    def write(self, folder: Path) -> None:
        """Write model.safetensors and config.json, as `save_pretrained` does, without its empty model card."""
        config = {"recipe": self.recipe.model_dump(mode="json"), "grown": self.grown, "fade": self.fade}
        write_json(folder / constants.CONFIG_NAME, config)
        tensors = {name: tensor.contiguous() for name, tensor in self.state_dict().items()}
        write_tensors(folder / constants.SAFETENSORS_SINGLE_FILE, tensors, {"format": "pt"})

    @classmethod
    def from_pretrained(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, pretrained_model_name_or_path: str | Path, **options: Any
    ) -> "PretrainedGenerator":
        """Load from a repository on the Hub, or from a folder that `save_pretrained` or `--dry-run` wrote.

        Takes the options of `PyTorchModelHubMixin.from_pretrained`: `revision`, `token`, `local_files_only` and so on.
        Raises `HubError` when the Hub does not give it and `ModelError` when it is not a generator of ours.
        """
        name = str(pretrained_model_name_or_path)
        if is_folder(Path(name)):
            return cls._build(name, Path(name) / constants.CONFIG_NAME, options)
        with in_one_sentence(Reference(repository=name, revision=str(options.get("revision") or "main"))):
            asked = {key: options[key] for key in WHERE if key in options}
            config = hf_hub_download(name, constants.CONFIG_NAME, **asked)  # the mixin says nothing when that fails
            return cls._build(name, Path(config), options)

    @classmethod
    def _build(cls, name: str, config: Path, options: dict[str, Any]) -> "PretrainedGenerator":
        """Let the mixin load what a config.json describes, once that has proved to be JSON."""
        try:
            record = json.loads(config.read_text("utf-8"))
        except (OSError, RecursionError, ValueError) as error:
            raise ModelError(f"The config.json of {name} is damaged or cannot be read; get the model again.") from error
        refusal = ModelError(f"{name} holds no generator of Inpaint: its config.json names no recipe.")
        if not isinstance(record, dict):
            raise refusal
        try:
            return super().from_pretrained(name, **options)
        except (TypeError, ValidationError) as error:
            raise refusal from error

    @classmethod
    def _from_pretrained(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, *, model_id: str, map_location: str = "cpu", strict: bool = True, **options: Any
    ) -> "PretrainedGenerator":
        """Load the safetensors; unlike the mixin's, never a pickle."""
        asked = {key: options.pop(key) for key in WHERE if key in options}
        model = cls(**options)
        if is_folder(Path(model_id)):
            file = Path(model_id) / constants.SAFETENSORS_SINGLE_FILE
        else:
            file = Path(hf_hub_download(model_id, constants.SAFETENSORS_SINGLE_FILE, **asked))
        try:
            model.load_state_dict(load_file(file, device=map_location), strict=strict)
        except (OSError, SafetensorError, RuntimeError) as error:
            raise ModelError(f"The weights of {model_id} do not fit its config.json, or are damaged.") from error
        return model.to(map_location).eval()
