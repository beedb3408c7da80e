import pytest

from inpaint.core.errors import EngineError, RecipeError
from inpaint.training.devices import choose_device


@pytest.mark.parametrize(
    ("asked", "there", "expected"),
    [
        ("auto", True, "cuda"),
        ("auto", False, "cpu"),
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_the_gpu_is_taken_where_there_is_one_and_it_may_be(monkeypatch, asked, there, expected):
    monkeypatch.setattr("torch.cuda.is_available", lambda: there)
    assert choose_device(asked, RecipeError) == expected


@pytest.mark.parametrize("error", [RecipeError, EngineError])
def test_a_gpu_that_is_not_there_is_refused(monkeypatch, error):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(error, match="no usable CUDA device; choose --device cpu or auto"):
        choose_device("cuda", error)
