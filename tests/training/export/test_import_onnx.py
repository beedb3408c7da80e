import pytest
import torch

from inpaint.core.errors import ModelError
from inpaint.core.nets import GeneratorConfig, build_generator
from inpaint.training.export.import_onnx import load_folded_weights, normed, read_weights, recompute_norms
from inpaint.training.export.inpainting import Traceable, to_onnx
from inpaint.training.export.subpixel import SubpixelConvolution, whole_kernel
from inpaint.weights import Contract

CONFIG = GeneratorConfig(width=4, blocks=2, convolution="dilated+resized", start="push-pull")


def seasoned(seed=0):
    """A generator whose batch norms are all different, as after a training."""
    torch.manual_seed(seed)
    generator = build_generator(CONFIG)
    for _, norm in normed(generator):
        torch.nn.init.uniform_(norm.running_mean, -0.5, 0.5)
        torch.nn.init.uniform_(norm.running_var, 0.5, 2.0)
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        torch.nn.init.uniform_(norm.bias, -0.5, 0.5)
    return generator.eval()


def pictures(count=4, seed=1):
    random = torch.Generator().manual_seed(seed)
    image = torch.rand(count, 3, 64, 64, generator=random) * 2 - 1
    mask = torch.zeros(count, 1, 64, 64)
    mask[:, :, 16:40, 20:44] = 1
    return image, mask


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    generator = seasoned()
    file = tmp_path_factory.mktemp("exported") / "model.onnx"
    file.write_bytes(to_onnx(Traceable(generator, 1.0, half=False), Contract(name="x", stride=32)))
    return generator, file


def test_the_small_kernel_gives_the_whole_one_back():
    convolution = torch.nn.Conv2d(5, 3, 3, padding=1)
    assert torch.allclose(whole_kernel(SubpixelConvolution(convolution).small.weight), convolution.weight, atol=1e-6)


def test_an_export_poured_back_computes_the_same(exported):
    generator, file = exported
    again = build_generator(CONFIG).eval()
    load_folded_weights(read_weights(file), again)
    with torch.no_grad():
        assert torch.allclose(again(*pictures()), generator(*pictures()), atol=1e-4)


def test_kernels_before_a_norm_have_the_spread_of_fresh_ones(exported):
    _, file = exported
    again = build_generator(CONFIG).eval()
    fresh = [convolution.weight.std().item() for convolution, _ in normed(build_generator(CONFIG))]
    load_folded_weights(read_weights(file), again)
    for (convolution, _), spread in zip(normed(again), fresh, strict=True):
        assert convolution.weight.std().item() == pytest.approx(spread, rel=0.25)


def test_a_block_that_had_only_just_grown_comes_back_as_the_identity_and_can_learn(tmp_path):
    """Its folded kernels are all 0, and a spread of 0 is nothing to divide by."""
    generator = seasoned()
    generator.grow()
    generator.eval()
    file = tmp_path / "grown.onnx"
    file.write_bytes(to_onnx(Traceable(generator, 1.0, half=False), Contract(name="x", stride=32)))
    again = build_generator(CONFIG, grown=1).eval()
    load_folded_weights(read_weights(file), again)
    block = again.grown[0]
    with torch.no_grad():
        wanted = generator(*pictures())
        assert torch.allclose(again(*pictures()), wanted, atol=1e-4)
        recompute_norms(again, lambda: again(*pictures()))
        assert torch.allclose(again(*pictures()), wanted, atol=1e-4)
    assert all(torch.isfinite(weight).all() for weight in again.state_dict().values())
    assert block.branch[3].weight.std() > 0
    again(*pictures()).square().mean().backward()
    assert block.branch[4].weight.grad.abs().max() > 0


def test_another_architecture_is_refused(exported):
    _, file = exported
    with pytest.raises(ModelError, match="names or shapes"):
        load_folded_weights(read_weights(file), build_generator(GeneratorConfig(width=8, blocks=2)))


def test_norms_that_measure_anew_change_nothing_in_evaluation():
    generator = seasoned()
    with torch.no_grad():
        before = generator(*pictures())
        recompute_norms(generator, lambda: generator(*pictures()))
        assert torch.allclose(generator(*pictures()), before, atol=1e-4)


def test_norms_measure_mean_and_variance_of_what_they_were_given():
    generator = seasoned()
    given = []
    _, first = normed(generator)[0]
    hook = first.register_forward_pre_hook(lambda _, arguments: given.append(arguments[0]))
    with torch.no_grad():
        recompute_norms(generator, lambda: generator(*pictures()))
    hook.remove()
    values = given[0].transpose(0, 1).flatten(1)
    assert torch.allclose(first.running_mean, values.mean(1), atol=1e-5)
    assert torch.allclose(first.running_var, values.var(1, unbiased=False), rtol=1e-4)


def test_only_settled_norms_let_training_begin_where_the_export_was(exported):
    """In training mode a norm takes the batch's own statistics, which must be about those it has measured."""
    generator, file = exported
    with torch.no_grad():
        wanted = generator(*pictures(16))
        poured = build_generator(CONFIG).eval()
        load_folded_weights(read_weights(file), poured)
        unsettled = (poured.train()(*pictures(16)) - wanted).abs().mean()
        load_folded_weights(read_weights(file), poured.eval())
        recompute_norms(poured, lambda: poured(*pictures(16)))
        settled = (poured.train()(*pictures(16)) - wanted).abs().mean()
    assert unsettled > 1e-3
    assert settled < unsettled / 100
