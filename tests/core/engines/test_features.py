from pathlib import Path

import numpy as np
import onnxruntime

from inpaint.core.engines.features import LAYERS, bundled_features, with_outputs


def test_a_tensor_inside_a_graph_becomes_an_output(tiny_model: Path) -> None:
    names = ("hole", "mean")
    session = onnxruntime.InferenceSession(with_outputs(tiny_model.read_bytes(), names))
    assert [item.name for item in session.get_outputs()] == ["output", *names]
    mask = np.zeros((1, 1, 64, 64), np.float32)
    mask[..., 10:20, 10:20] = 1
    image = np.full((1, 3, 64, 64), 0.25, np.float32)
    hole, mean = session.run(list(names), {"image": image, "mask": mask})
    assert np.array_equal(hole, mask)
    assert np.allclose(mean, 0.25)


def test_the_bundled_encoder_describes_a_picture_of_any_size() -> None:
    features = bundled_features()
    assert features is not None
    for shape in ((70, 90), (33, 200), (5, 6)):
        maps = features(np.random.default_rng(0).random((*shape, 3), np.float32))
        assert len(maps) == len(LAYERS)
        for found, step in zip(maps, (4, 8, 8), strict=True):
            assert found.shape[:2] == (-(-shape[0] // step), -(-shape[1] // step))
            assert found.std() > 0
