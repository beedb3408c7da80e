"""The models that can be asked for by name: ours, and those of other people with the contract their authors document.

What each entry pins and where its numbers come from is told in docs/weights.md. A name is a promise about bytes: the
content is checked against `sha256` whenever a model is loaded, so an entry never starts to mean another file.
"""

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from inpaint.weights.contract import Contract
from inpaint.weights.errors import ModelError
from inpaint.weights.reference import Reference

NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """One model with a name: bundled with this package when it has no repository, otherwise on the Hub."""

    name: str
    """What is typed after `--model`."""
    file: str
    """Name of the `.onnx` file, in the folder `bundled` or in the repository."""
    size: int
    """Bytes."""
    sha256: str
    """Of the content, 64 hexadecimal digits; empty where nobody published it, and then the Hub's own is used."""
    licence: str
    """Of the weights, as their authors state it (SPDX identifier, or "not stated")."""
    aliases: tuple[str, ...] = ()
    """Other names for the same model."""
    task: str = "inpaint"
    """What the model does."""
    repository: str = ""
    """Owner and name on the Hub; empty for a bundled model."""
    revision: str = ""
    """Commit, 40 hexadecimal digits."""
    restrictions: str = ""
    """What else to know before using it, as a sentence."""
    contract: Contract | None = None
    """For files that carry none. A file of ours does."""

    @property
    def bundled(self) -> bool:
        """Whether it comes with this package."""
        return not self.repository

    @property
    def reference(self) -> Reference:
        """Where it is on the Hub."""
        return Reference(repository=self.repository, revision=self.revision or "main", file=self.file)

    def locate(self) -> Path:
        """Return where the bundled file is on this machine.

        Raises `ModelError` when the installation lacks it.
        """
        path = Path(str(files("inpaint.weights"))) / "bundled" / self.file
        if not path.is_file():
            raise ModelError(
                f"The model {self.name!r} should have come with Inpaint and is missing from {path.parent}; "
                "install Inpaint again, or name an .onnx file instead."
            )
        return path


_LAMA = Contract(
    name="lama",
    image_range=(0.0, 1.0),
    output_range=(0.0, 255.0),
    stride=8,
    native_size=512,
    native_hole=256,
    least_size=512,
    fixed_size=True,
    licence="Apache-2.0",
    description="LaMa (big-lama), exported to ONNX by Carve",
)
_MIGAN = Contract(
    name="migan",
    image_range=(0.0, 255.0),
    mask_values=(255.0, 0.0),
    output="result",
    dtype="uint8",
    stride=1,
    native_size=512,
    native_hole=256,
    least_size=512,
    largest_batch=1,
    known="near",
    licence="MIT",
    description="MI-GAN 512 for Places2 with the cropping and blending of its authors in the graph",
)

MODELS = (
    KnownModel(
        name="btgmi-default",
        aliases=("default",),
        file="btgmi-default.onnx",
        size=13_180_849,
        sha256="5e0ed0adb3529dcfae9431c6f75d4e30f20a1fb9e997a6219fd1ec6631e34a65",
        licence="Apache-2.0",
        restrictions="Trained on photographs of which many are for research only; read its card before commercial use.",
    ),
    KnownModel(
        name="btgmi-joint",
        aliases=("joint",),
        file="btgmi-joint.onnx",
        size=12_460_187,
        sha256="d13dbdefd894adbb40fac4294516b75eb0304cf742682e3ce6af9362c52d6b27",
        licence="Apache-2.0",
        task="joint",
        restrictions="Trained on photographs of which many are for research only; read its card before commercial use.",
    ),
    KnownModel(
        name="cutout",
        file="cutout.onnx",
        size=3_527_309,
        sha256="6efaec6ab94b77d98c98f3082a2a1f40f1b3e9acdd3ee25e792c1df2df038cd5",
        licence="Apache-2.0",
        task="cutout",
        restrictions="Trained on photographs of which many are for research only; read its card before commercial use.",
    ),
    KnownModel(
        name="lama",
        repository="Carve/LaMa-ONNX",
        revision="a3ee2fca54baebec351b8fa7786154ffa7555aa6",
        file="lama_fp32.onnx",
        size=208_044_816,
        sha256="1faef5301d78db7dda502fe59966957ec4b79dd64e16f03ed96913c7a4eb68d6",
        licence="Apache-2.0",
        restrictions="Said by the repository that exported it; LaMa's own authors license their code so, and say "
        "nothing of the weights.",
        contract=_LAMA,
    ),
    KnownModel(
        name="lama-opencv",
        repository="opencv/inpainting_lama",
        revision="aee6d22f0a13e5e35af1c9a1c3afd62841fc6f3f",
        file="inpainting_lama_2025jan.onnx",
        size=92_591_623,
        sha256="7df918ac3921d3daf0aae1d219776cf0dc4e4935f035af81841b40adcf74fdf2",
        licence="Apache-2.0",
        restrictions="Said by the repository that exported it; LaMa's own authors license their code so, and say "
        "nothing of the weights.",
        contract=replace(
            _LAMA,
            name="lama-opencv",
            output="",
            colours="BGR",  # as the demo of its authors feeds it, although LaMa was trained on RGB
            largest_batch=1,
            description="LaMa with 8-bit weights, from the OpenCV model zoo",
        ),
    ),
    KnownModel(
        name="migan",
        repository="andraniksargsyan/migan",
        revision="406830d0fa60666da0071c342ad2fbc8f30c5c64",
        file="migan_pipeline_v2.onnx",
        size=28_079_181,
        sha256="6f1f3530a1a2324b19752018ce756088b07973cda8d7d890034ace5c8a48c40b",
        licence="MIT",
        restrictions="The licence of the code of its author, who says nothing of the weights apart from it.",
        contract=_MIGAN,
    ),
    KnownModel(
        name="migan-network",
        repository="andraniksargsyan/migan",
        revision="406830d0fa60666da0071c342ad2fbc8f30c5c64",
        file="migan.onnx",
        size=29_546_882,
        sha256="593eba0b7e04730f1b61c0a3cbca68d97d8d6a7ff5c6a44a7b9d7fcd880fc5ae",
        licence="MIT",
        restrictions="The licence of the code of its author, who says nothing of the weights apart from it.",
        contract=replace(
            _MIGAN,
            name="migan-network",
            stride=8,
            fixed_size=True,
            known="exact",
            description="The bare MI-GAN 512 for Places2",
        ),
    ),
    KnownModel(
        name="aot-gan",
        repository="ogkalu/aot-inpainting",
        revision="42ffc84ff1bd46dd95f1c5a41e83ee7e98f39189",
        file="aot.onnx",
        size=0,
        sha256="",
        licence="MIT",
        restrictions="Tuned on manga, not photographs; by one account on Manga109, which is not for commercial use.",
        contract=Contract(
            name="aot-gan",
            output="",
            stride=8,
            native_size=512,
            native_hole=256,
            least_size=256,
            largest_batch=1,
            under_hole=0.5,
            known="free",
            licence="MIT",
            description="AOT-GAN tuned on manga",
        ),
    ),
)
"""Every model known by name, the bundled default first."""


def find(name: str) -> KnownModel | None:
    """Return the model of that name or alias; None when nobody knows it."""
    return next((model for model in MODELS if name in (model.name, *model.aliases)), None)


def names() -> list[str]:
    """List every name and alias, sorted."""
    return sorted(name for model in MODELS for name in (model.name, *model.aliases))
