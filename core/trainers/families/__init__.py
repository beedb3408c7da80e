"""The kinds of models that can be trained, one file each, chosen by the type of their generator's settings."""

from inpaint.core.errors import RecipeError
from inpaint.core.nets import (
    CentreDiscriminatorConfig,
    ContextEncoderConfig,
    DiscriminatorConfig,
    FreeFormConfig,
    GatedConfig,
    GeneratorConfig,
    JointConfig,
    LayerDiscriminatorConfig,
)
from inpaint.core.trainers.families.btgmi import Btgmi
from inpaint.core.trainers.families.context_encoder import ContextEncoding
from inpaint.core.trainers.families.free_form import FreeForm
from inpaint.core.trainers.families.gated import Gated
from inpaint.core.trainers.families.joint import Joint
from inpaint.core.trainers.family import Family

__all__ = [
    "AnyDiscriminator",
    "AnyGenerator",
    "Btgmi",
    "ContextEncoding",
    "FreeForm",
    "Gated",
    "Joint",
    "build_family",
]

AnyGenerator = GeneratorConfig | JointConfig | GatedConfig | ContextEncoderConfig | FreeFormConfig
AnyDiscriminator = DiscriminatorConfig | LayerDiscriminatorConfig | CentreDiscriminatorConfig


def build_family(generator: AnyGenerator, discriminator: AnyDiscriminator) -> Family:
    """Return the family that a recipe's two network tables describe.

    Raises `RecipeError` for a discriminator that cannot judge what the generator paints.
    """
    match generator, discriminator:
        case GeneratorConfig(), DiscriminatorConfig():
            return Btgmi(generator, discriminator)
        case JointConfig(), DiscriminatorConfig():
            return Joint(generator, discriminator)
        case GatedConfig(), LayerDiscriminatorConfig():
            return Gated(generator, discriminator)
        case ContextEncoderConfig(), CentreDiscriminatorConfig():
            return ContextEncoding(generator, discriminator)
        case FreeFormConfig(), DiscriminatorConfig():
            return FreeForm(generator, discriminator)
    wanted = {"gated": "layers", "context-encoder": "centre"}.get(generator.family, "patchgan")
    raise RecipeError(
        f'The family "{generator.family}" is judged by a discriminator of kind "{wanted}": set discriminator.kind to '
        f'that, and not to "{discriminator.kind}".'
    )
