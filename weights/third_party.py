"""Other people's models on the Hub, each with the contract that its authors document.

What each entry pins and where its numbers come from is told in docs/weights.md. Two files of one repository share their
commit, their licence and what there is to say about it.
"""

from dataclasses import replace
from functools import partial

from inpaint.weights.contract import Contract
from inpaint.weights.known import KnownModel

_OF_LAMA = (
    "Said by the repository that exported it; LaMa's own authors license their code so, and say nothing of the weights."
)
_PLACES = "Places2, by the papers of its authors; the photographs of Places are for research and teaching only"
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
_from_migan = partial(
    KnownModel,
    repository="andraniksargsyan/migan",
    revision="406830d0fa60666da0071c342ad2fbc8f30c5c64",
    licence="MIT",
    data="research only",
    trained_on=_PLACES,
    restrictions="The licence of the code of its author, who says nothing of the weights apart from it.",
)

FOREIGN = (
    KnownModel(
        name="lama",
        repository="Carve/LaMa-ONNX",
        revision="a3ee2fca54baebec351b8fa7786154ffa7555aa6",
        file="lama_fp32.onnx",
        size=208_044_816,
        sha256="1faef5301d78db7dda502fe59966957ec4b79dd64e16f03ed96913c7a4eb68d6",
        licence="Apache-2.0",
        restrictions=_OF_LAMA,
        data="research only",
        trained_on=_PLACES,
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
        restrictions=_OF_LAMA,
        data="research only",
        trained_on=_PLACES,
        contract=replace(
            _LAMA,
            name="lama-opencv",
            output="",
            colours="BGR",  # as the demo of its authors feeds it, although LaMa was trained on RGB
            largest_batch=1,
            description="LaMa with 8-bit weights, from the OpenCV model zoo",
        ),
    ),
    _from_migan(
        name="migan",
        file="migan_pipeline_v2.onnx",
        size=28_079_181,
        sha256="6f1f3530a1a2324b19752018ce756088b07973cda8d7d890034ace5c8a48c40b",
        contract=_MIGAN,
    ),
    _from_migan(
        name="migan-network",
        file="migan.onnx",
        size=29_546_882,
        sha256="593eba0b7e04730f1b61c0a3cbca68d97d8d6a7ff5c6a44a7b9d7fcd880fc5ae",
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
        trained_on="drawings, by one account Manga109, which is not for commercial use",
        restrictions="Tuned on drawings, not photographs; by one account on Manga109, which is not for commercial use.",
        suits="drawings",
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
