"""Generators and discriminators (torch). Nothing here knows of files, recipes or losses."""

from inpaint.core.nets.centre_discriminator import (
    CentreDiscriminator,
    CentreDiscriminatorConfig,
    build_centre_discriminator,
)
from inpaint.core.nets.context_encoder import ContextEncoder, ContextEncoderConfig, build_context_encoder
from inpaint.core.nets.discriminator import (
    DiscriminatorConfig,
    MultiScaleDiscriminator,
    build_discriminators,
    patch_overlap,
)
from inpaint.core.nets.free_form import FreeFormConfig, FreeFormGenerator, build_free_form
from inpaint.core.nets.gated import GatedConfig, GatedGenerator, build_gated
from inpaint.core.nets.generator import Generator, GeneratorConfig, build_generator
from inpaint.core.nets.growth import Growing, blocks_grown
from inpaint.core.nets.joint import JointConfig, JointGenerator, build_joint
from inpaint.core.nets.layer_discriminator import (
    LayerDiscriminator,
    LayerDiscriminatorConfig,
    build_layer_discriminator,
    judged_layers,
)
from inpaint.core.nets.pyramid import push_pull
from inpaint.core.nets.segmenter import Segmenter, SegmenterConfig

__all__ = [
    "CentreDiscriminator",
    "CentreDiscriminatorConfig",
    "ContextEncoder",
    "ContextEncoderConfig",
    "DiscriminatorConfig",
    "FreeFormConfig",
    "FreeFormGenerator",
    "GatedConfig",
    "GatedGenerator",
    "Generator",
    "GeneratorConfig",
    "Growing",
    "JointConfig",
    "JointGenerator",
    "LayerDiscriminator",
    "LayerDiscriminatorConfig",
    "MultiScaleDiscriminator",
    "Segmenter",
    "SegmenterConfig",
    "blocks_grown",
    "build_centre_discriminator",
    "build_context_encoder",
    "build_discriminators",
    "build_free_form",
    "build_gated",
    "build_generator",
    "build_joint",
    "build_layer_discriminator",
    "judged_layers",
    "patch_overlap",
    "push_pull",
]
