"""Generators and discriminators (torch). Nothing here knows of files, recipes or losses."""

from inpaint.core.nets.discriminator import (
    DiscriminatorConfig,
    MultiScaleDiscriminator,
    build_discriminators,
    patch_overlap,
)
from inpaint.core.nets.generator import Generator, GeneratorConfig, build_generator
from inpaint.core.nets.growth import Growing, blocks_grown
from inpaint.core.nets.joint import JointConfig, JointGenerator, build_joint
from inpaint.core.nets.pyramid import push_pull
from inpaint.core.nets.segmenter import Segmenter, SegmenterConfig

__all__ = [
    "DiscriminatorConfig",
    "Generator",
    "GeneratorConfig",
    "Growing",
    "JointConfig",
    "JointGenerator",
    "MultiScaleDiscriminator",
    "Segmenter",
    "SegmenterConfig",
    "blocks_grown",
    "build_discriminators",
    "build_generator",
    "build_joint",
    "patch_overlap",
    "push_pull",
]
