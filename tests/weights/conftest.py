"""A Hub on this machine, an empty cache, and a model that is large enough to break off."""

from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from inpaint.weights import transfer


def load_server() -> ModuleType:
    """Import hub.py from beside this file, which under pytest's importlib mode is no package."""
    import sys

    spec = spec_from_file_location("inpaint_tests_hub", Path(__file__).with_name("hub.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


server = load_server()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the Hub that is used instead of the user's; returns its folder."""
    from huggingface_hub import constants

    home = tmp_path / "hf"
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setattr(constants, "HF_HOME", str(home))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_STORED_TOKENS_PATH", str(home / "stored_tokens"))
    monkeypatch.setattr(constants, "AGENT_HARNESSES_PATH", str(home / "agents.json"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return home / "hub"


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """A Hub that huggingface_hub takes for the real one, in this process and in those it starts."""
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    with server.Hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        template = running.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield running
        close_session()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits between two tries; returns the seconds that would have been waited."""
    waited: list[float] = []
    monkeypatch.setattr(transfer, "sleep", waited.append)
    return waited


@pytest.fixture(scope="session")
def heavy_model(tiny_model: Path) -> bytes:
    """A model that keeps its contract and weighs a megabyte, so that there is something to break off."""
    import onnx

    model = onnx.load(tiny_model)
    entry = model.metadata_props.add()
    entry.key, entry.value = "weight", "".join(chr(33 + n * n % 90) for n in range(1_000_000))
    return model.SerializeToString()
