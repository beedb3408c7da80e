"""A folder goes to a Hub that has no Xet storage, as the one on this machine; and what keeps it from getting there."""

import pytest

from inpaint.core.errors import HubError
from inpaint.training.publishing.upload import upload_folder

pytestmark = pytest.mark.usefixtures("waits")


@pytest.fixture
def folder(tmp_path):
    """A folder with a large file and a small one."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.onnx").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "mine" / "README.md").write_text("# mine")
    return tmp_path / "mine"


# huggingface_hub 2.4 uploads in a way that its own HTTP library calls old.
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_a_server_without_xet_gets_the_files_as_git_lfs(folder, hub, monkeypatch):
    pytest.importorskip("hf_xet")
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    upload_folder(folder, "me/tiny")
    assert any("xet-write-token" in request.path for request in hub.requests)
    head = hub.repositories["me/tiny"].commits[hub.repositories["me/tiny"].refs["main"]]
    assert {name: content for name, content in head.items() if name != ".gitattributes"} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_what_keeps_a_model_from_being_published_is_one_sentence_about_publishing(folder, hub, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", "hf_good")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set, so nothing was published in me/tiny; unset it"):
        upload_folder(folder, "me/tiny")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError, match=r"broke off; check the connection and run the same again\.$"):
        upload_folder(folder, "me/tiny")
