"""Generators and discriminators (torch). Nothing here knows of files, recipes or losses."""

from inpaint.core.nets.discriminator import (
    DiscriminatorConfig,
    MultiScaleDiscriminator,
    build_discriminators,
    patch_overlap,
)
from inpaint.core.nets.generator import Generator, GeneratorConfig, build_generator
from inpaint.core.nets.growth import Growing, blocks_grown
from inpaint.core.nets.pyramid import push_pull

__all__ = [
    "DiscriminatorConfig",
    "Generator",
    "GeneratorConfig",
    "Growing",
    "MultiScaleDiscriminator",
    "blocks_grown",
    "build_discriminators",
    "build_generator",
    "patch_overlap",
    "push_pull",
]
