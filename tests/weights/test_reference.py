import pytest

from inpaint.weights import ModelError
from inpaint.weights.reference import Reference, parse_reference

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "revision", "file"),
    [
        ("user/repo", "main", ""),
        ("user/repo@v1.0", "v1.0", ""),
        ("user/repo@refs/pr/3", "refs/pr/3", ""),
        (f"user/repo@{COMMIT}:onnx/model.onnx", COMMIT, "onnx/model.onnx"),
        ("user/repo:model.onnx", "main", "model.onnx"),
    ],
)
def test_a_reference_is_read_and_written(text: str, revision: str, file: str) -> None:
    reference = parse_reference(text)
    assert reference == Reference(repository="user/repo", revision=revision, file=file)
    assert str(reference) == text
    assert reference.pinned == (revision == COMMIT)


@pytest.mark.parametrize(
    "text",
    [
        "default",
        "model.onnx",
        "models/x.onnx",
        "./user/repo",
        "../repo",
        "/abs/repo",
        "a/b/c",
        "~/x",
        "a b/c",
        "",
        "ü/x",
    ],
)
def test_a_path_is_no_reference(text: str) -> None:
    assert parse_reference(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "user/repo:../../x.onnx",
        "user/repo:/etc/x.onnx",
        "user/repo:a\\b.onnx",
        "user/repo:C:x.onnx",
        "user/repo:model.bin",
        "user/repo:model.pkl",
        "user/repo@..:x.onnx",
        "user/repo@a/../../b",
        "user/repo@/x",
    ],
)
def test_what_leads_elsewhere_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ModelError) as raised:
        parse_reference(text)
    assert "\n" not in str(raised.value)
