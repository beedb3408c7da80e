"""The kinds of models that can be trained, one file each, chosen by the type of their generator's settings."""

from inpaint.core.nets import DiscriminatorConfig, GeneratorConfig
from inpaint.core.trainers.families.btgmi import Btgmi
from inpaint.core.trainers.family import Family

__all__ = ["Btgmi", "build_family"]


def build_family(generator: GeneratorConfig, discriminator: DiscriminatorConfig) -> Family:
    """Return the family that a recipe's two network tables describe."""
    return Btgmi(generator, discriminator)
