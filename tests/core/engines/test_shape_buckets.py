import pytest

from inpaint.core.engines.shape_buckets import bucket_side


@pytest.mark.parametrize(("side", "stride", "least", "fed"), [(1, 8, 64, 64), (64, 8, 64, 64), (65, 8, 64, 72)])
def test_on_the_cpu_a_side_becomes_the_next_multiple(side: int, stride: int, least: int, fed: int) -> None:
    assert bucket_side(side, stride, least, "cpu") == fed


@pytest.mark.parametrize(
    ("side", "fed"), [(1, 64), (65, 80), (97, 112), (256, 256), (257, 320), (448, 448), (512, 512), (513, 640)]
)
def test_on_cuda_there_are_four_sides_to_an_octave(side: int, fed: int) -> None:
    assert bucket_side(side, 8, 64, "cuda") == fed


@pytest.mark.parametrize("stride", [1, 8, 12, 32])
def test_sides_on_cuda_are_few_and_fit(stride: int) -> None:
    least = -(-64 // stride) * stride
    found = {side: bucket_side(side, stride, least, "cuda") for side in range(1, 2049)}
    assert all(fed >= max(side, least) and fed % stride == 0 for side, fed in found.items())
    assert all(fed <= 1.25 * side + stride for side, fed in found.items() if side >= least)
    assert len({fed for side, fed in found.items() if side > 256}) <= 15
