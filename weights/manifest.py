"""Every model that can be asked for by name: ours, which come with the package, and other people's.

A name is a promise about bytes: the content is checked against `sha256` whenever a fetched model is loaded, that of
bundled ones by `inpaint weights verify` and the tests, so an entry never starts to mean another file.
"""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal

from inpaint.weights.errors import ModelError
from inpaint.weights.known import KnownModel
from inpaint.weights.third_party import FOREIGN

NOT_STATED = "not stated"

_bundled = partial(
    KnownModel,
    licence="Apache-2.0",
    restrictions="Trained on photographs of which many are for research only; read its card before commercial use.",
    data="research only",
    trained_on="7,202 photographs of research collections, many of them for research only",
)
_SEGMENTED = "1,153 segmented photographs of research collections, many of them for research only"

MODELS = (
    _bundled(
        name="btgmi-default",
        aliases=("default",),
        file="btgmi-default.onnx",
        size=6_623_606,
        sha256="81327418800385692a5dbc77e41e184d561f3c2d4b27db040fd2a68ad67fe60b",
    ),
    _bundled(
        name="btgmi-default-int8",
        cpu_aliases=("default",),
        file="btgmi-default-int8.onnx",
        size=4_397_820,
        sha256="1d635f5343f58f40c9758834a371d3f932a44a063ad2ffed68f1c2430a969668",
    ),
    _bundled(
        name="btgmi-joint",
        aliases=("joint",),
        file="btgmi-joint.onnx",
        size=6_267_555,
        sha256="97106ef8afc17cd8aca65e947f861356798b3fcbd93e34491446941967a4373a",
        task="joint",
        trained_on=_SEGMENTED,
    ),
    _bundled(
        name="cutout",
        file="cutout.onnx",
        size=1_771_967,
        sha256="e6249e6b221fd29f7f8ecb227e61364fecc7545ba41415c1ad3705519a86b943",
        task="cutout",
        trained_on=_SEGMENTED,
    ),
    *FOREIGN,
)
"""Every model known by name, the bundled default first."""


def find(name: str, on: Literal["cpu", "cuda"] = "cuda") -> KnownModel | None:
    """Return the model of that name or alias; None when nobody knows it.

    on: where it is to run. Only a few aliases mean another file on a CPU, and no name does.
    """
    quick = [model for model in MODELS if on == "cpu" and name in model.cpu_aliases]
    named = [model for model in MODELS if name in (model.name, *model.aliases)]
    return next(iter([*quick, *named]), None)


def bundled_name(path: Path) -> str:
    """Return the name of the bundled model whose file this is; "" for any other file."""
    for model in MODELS:
        with suppress(ModelError):  # the installation lacks it
            if model.bundled and model.file == path.name and model.locate() == path:
                return model.name
    return ""


def names() -> list[str]:
    """List every name and alias, sorted."""
    return sorted(name for model in MODELS for name in (model.name, *model.aliases))
