import pytest
from accelerate.state import AcceleratorState


@pytest.fixture(autouse=True)
def own_precision() -> None:
    """Let the accelerators of these tests be in full precision, whatever a training in this process was in before."""
    AcceleratorState._reset_state()
