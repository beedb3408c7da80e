import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from inpaint.core.errors import RecipeError
from inpaint.training.data.segments import open_segments, split


def encoded(array, kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return buffer.getvalue()


def add(tar, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


@pytest.fixture
def labels():
    labels = np.zeros((80, 96), np.uint8)
    labels[10:50, 20:60] = 1
    labels[30:70, 50:80] = 2
    return labels


def test_shards(tmp_path, picture, labels):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for key in range(3):
            add(tar, f"{key:06}.webp", encoded(picture(80, 96, key), "WEBP"))
            add(tar, f"{key:06}.png", encoded(labels))
            add(tar, f"{key:06}.json", b"{}")
        add(tar, "lonely.webp", encoded(picture(80, 96, 9), "WEBP"))
    source = open_segments(str(tmp_path))
    assert len(source) == 3
    second = source.read(1)
    np.testing.assert_array_equal(second.pixels, picture(80, 96, 1))
    np.testing.assert_array_equal(second.labels, labels)
    assert second.name == "000001 in a.tar"


def test_folders(tmp_path, picture, labels):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    Image.fromarray(picture(80, 96)).save(tmp_path / "images" / "one.png")
    Image.fromarray(picture(80, 96)).save(tmp_path / "images" / "unmarked.png")
    Image.fromarray(labels).save(tmp_path / "masks" / "one.png")
    source = open_segments(str(tmp_path))
    assert len(source) == 1
    np.testing.assert_array_equal(source.read(0).labels, labels)
    assert source.read(0).name == str(tmp_path / "images" / "one.png")


@pytest.fixture
def coco(tmp_path, picture):
    """COCO's own layout: one photograph with a polygon, an RLE and a crowd, one without objects."""
    mask_utils = pytest.importorskip("pycocotools.mask")
    (tmp_path / "annotations").mkdir()
    (tmp_path / "train2017").mkdir()
    for number in (7, 9):
        Image.fromarray(picture(80, 96, number)).save(tmp_path / "train2017" / f"{number:012}.png")
    small = np.zeros((80, 96), np.uint8, order="F")
    small[40:50, 40:50] = 1
    rle = mask_utils.encode(small)
    rle["counts"] = rle["counts"].decode()
    annotations = [
        {
            "id": 1,
            "image_id": 7,
            "category_id": 1,
            "iscrowd": 0,
            "area": 1600,
            "segmentation": [[20, 10, 60, 10, 60, 50, 20, 50]],
        },
        {"id": 2, "image_id": 7, "category_id": 2, "iscrowd": 0, "area": 100, "segmentation": rle},
        {"id": 3, "image_id": 7, "category_id": 2, "iscrowd": 1, "area": 9, "segmentation": rle},
    ]
    record = {
        "images": [{"id": n, "file_name": f"{n:012}.png", "height": 80, "width": 96} for n in (7, 9)],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
    }
    (tmp_path / "annotations" / "instances_train2017.json").write_text(json.dumps(record))
    return tmp_path


def test_coco(coco, picture):
    for location in (coco, coco / "annotations" / "instances_train2017.json"):
        source = open_segments(str(location))
        assert len(source) == 1  # the photograph without objects teaches nothing
        one = source.read(0)
        np.testing.assert_array_equal(one.pixels, picture(80, 96, 7))
        assert one.name == str(coco / "train2017" / "000000000007.png")
        assert sorted(np.unique(one.labels)) == [0, 1, 2]
        assert (one.labels[40:50, 40:50] == 2).all()  # the smaller one is on top
        assert abs((one.labels > 0).sum() - 1600) < 90


def test_an_object_without_a_pixel_is_none(coco):
    file = coco / "annotations" / "instances_train2017.json"
    record = json.loads(file.read_text())
    speck = record["annotations"][0] | {"id": 4, "image_id": 9, "area": 0.2, "bbox": [5, 5, 0.5, 0.4]}
    record["annotations"].append(speck | {"segmentation": [[5, 5, 5.5, 5, 5.5, 5.4, 5, 5.4]]})
    file.write_text(json.dumps(record))
    assert len(open_segments(str(coco))) == 1


def test_coco_without_its_photographs_says_where_to_put_them(coco):
    for file in (coco / "train2017").iterdir():
        file.unlink()
    with pytest.raises(RecipeError, match=r"photographs of .* are missing"):
        open_segments(str(coco))


def test_wrong_data_is_said(tmp_path, picture, labels):
    with pytest.raises(RecipeError, match="No segmented pictures"):
        open_segments(str(tmp_path))
    (tmp_path / "bad.json").write_text("[]")
    with pytest.raises(RecipeError, match="not a COCO file"):
        open_segments(str(tmp_path / "bad.json"))
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    with pytest.raises(RecipeError, match="has objects marked"):
        open_segments(str(tmp_path))
    Image.fromarray(picture(40, 40)).save(tmp_path / "images" / "one.png")
    Image.fromarray(labels).save(tmp_path / "masks" / "one.png")
    with pytest.raises(RecipeError, match=r"one\.png .*same size"):
        open_segments(str(tmp_path)).read(0)


def test_what_is_held_back_is_never_trained_on():
    part, held = split(range(25), 10)
    assert held.indices == (0, 10, 20)
    assert sorted((*part.indices, *held.indices)) == list(range(25))
    part, held = split(range(5), 0)
    assert (len(part), len(held)) == (5, 0)


def test_nothing_to_train_on_is_said():
    with pytest.raises(RecipeError, match="hold_back to 0"):
        split(range(1), 10)
    assert split(range(1), 0)[0].indices == (0,)
