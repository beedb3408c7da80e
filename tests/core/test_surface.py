import subprocess
import sys

import pytest

import inpaint.core


def test_every_public_name_is_there_and_sorted() -> None:
    names = inpaint.core.__all__
    constants = sorted(names, key=lambda name: (name[0].islower(), name))
    assert names == constants
    for name in names:
        assert getattr(inpaint.core, name).__name__ == name
    assert set(names) <= set(dir(inpaint.core))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        inpaint.core.nothing  # noqa: B018


@pytest.mark.parametrize("first", ["inpaint.core", "inpaint.core.filling.fill", "inpaint.core.engines.engine"])
def test_fill_is_the_function_whatever_was_imported_first(first: str) -> None:
    script = (
        f"import {first}; from inpaint.core import fill, load_engine; assert callable(fill) and callable(load_engine)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_package_alone_costs_nothing() -> None:
    script = "import sys, inpaint.core; assert not {'numpy', 'PIL', 'cv2', 'onnxruntime'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
