import numpy as np
import pytest

from inpaint.core import ModelError, load_engine, load_joint


@pytest.fixture(scope="module")
def engine(tiny_joint):
    return load_joint(tiny_joint, "cpu", 1)


def masks(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    box, foreground = np.zeros((height, width), bool), np.zeros((height, width), bool)
    box[20:60, 20:70] = True
    foreground[30:50, 30:50] = True
    return box & ~foreground, foreground


@pytest.mark.parametrize(("height", "width"), [(96, 128), (81, 73), (61, 90)])
def test_any_size_and_known_pixels_as_given(engine, picture, height: int, width: int) -> None:
    image = picture(height, width).astype(np.float32) / 255
    hole, foreground = masks(height, width)
    inpainted, harmonized = engine.run(image, hole, foreground)
    known = ~(hole | foreground)
    for result in (inpainted, harmonized):
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result[known], image[known])
    np.testing.assert_allclose(harmonized[foreground], (image[foreground] + 0.1).clip(0, 1), atol=1e-5)
    assert np.ptp(inpainted[hole], axis=0).max() < 1e-4


def test_wrong_arrays_are_refused(engine, picture) -> None:
    image = picture().astype(np.float32) / 255
    hole, foreground = masks(96, 128)
    with pytest.raises(ValueError, match="float32"):
        engine.run(picture(), hole, foreground)
    with pytest.raises(ValueError, match="foreground"):
        engine.run(image, hole, foreground.astype(np.float32))


def test_broken_models_are_refused(make_joint) -> None:
    with pytest.raises(ModelError, match="changes known pixels"):
        load_joint(make_joint(shift_known=0.1), "cpu", 1)
    with pytest.raises(ModelError, match="leaves the hole"):
        load_joint(make_joint(leaves_hole=True), "cpu", 1)


def test_neither_kind_is_taken_for_the_other(tiny_model, tiny_joint) -> None:
    with pytest.raises(ModelError, match="harmonizes"):
        load_joint(tiny_model, "cpu", 1)
    with pytest.raises(ModelError, match="inpaints"):
        load_engine(tiny_joint, "cpu", 1)
