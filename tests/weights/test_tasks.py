"""The contracts of joint models and segmenters: as the inpainting one's, and never mistaken for each other."""

import json

import pytest

from inpaint.weights import Contract, ModelError
from inpaint.weights.cutout import CutoutContract
from inpaint.weights.joint import JointContract
from inpaint.weights.onnx_metadata import METADATA_KEY

KINDS = [JointContract, CutoutContract]


@pytest.mark.parametrize(
    "contract",
    [
        JointContract(name="x", stride=8, native_size=128, licence="MIT"),
        CutoutContract(name="y", box="corners", side=512),
    ],
)
def test_it_survives_the_metadata(contract) -> None:
    assert type(contract).from_metadata(contract.to_metadata()) == contract


@pytest.mark.parametrize("kind", KINDS)
def test_other_tasks_are_refused(kind) -> None:
    for other in (Contract(name="x"), *(k(name="x") for k in KINDS if k is not kind)):
        with pytest.raises(ModelError, match="is for the task"):
            kind.from_metadata(other.to_metadata())
    with pytest.raises(ModelError, match="is for the task"):
        Contract.from_metadata(kind(name="x").to_metadata())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "change", [{"version": 99}, {"stride": 0, "side": 3}, {"name": None, "stride": "a", "side": "a"}]
)
def test_bad_records_are_refused_in_one_sentence(kind, change) -> None:
    record = json.loads(kind(name="x").to_metadata()[METADATA_KEY]) | change
    with pytest.raises(ModelError) as raised:
        kind.from_metadata({METADATA_KEY: json.dumps(record)})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (JointContract, "stride", 32.5),
        (JointContract, "native_size", 256.5),
        (JointContract, "mask_input", None),
        (CutoutContract, "side", 128.5),
        (CutoutContract, "share", "0.7"),
        (CutoutContract, "share", float("nan")),
        (CutoutContract, "box", "circle"),
    ],
)
def test_what_a_field_cannot_be_is_refused_by_name(kind, field, value) -> None:
    record = json.loads(kind(name="x").to_metadata()[METADATA_KEY]) | {field: value}
    with pytest.raises(ModelError, match=f"says {field} = "):
        kind.from_metadata({METADATA_KEY: json.dumps(record)})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("metadata", [{}, {METADATA_KEY: "not json"}, {METADATA_KEY: "[]"}])
def test_no_record_is_refused(kind, metadata) -> None:
    with pytest.raises(ModelError, match="contract"):
        kind.from_metadata(metadata)
