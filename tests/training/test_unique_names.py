from pathlib import PurePosixPath

from inpaint.training.unique_names import distinct_names, file_stem, free_name


def names(*paths):
    return distinct_names([PurePosixPath(path) for path in paths])


def test_names_lose_their_suffix_where_they_stay_apart():
    assert names("0.png", "deeper/1.jpg", "a.b.png") == ["0", "deeper/1", "a.b"]


def test_what_only_the_suffix_tells_apart_keeps_it():
    assert names("x.bmp", "x.png", "y.png") == ["x.bmp", "x.png", "y"]


def test_no_two_names_become_one_file():
    found = names("a/b.png", "a-b.png", "a-b.jpg", "a-b.png.webp", "0.jpg", "0.jpg")
    assert found == ["a/b.png (2)", "a-b.png (3)", "a-b.jpg", "a-b.png", "0.jpg", "0.jpg (2)"]
    assert len({file_stem(name) for name in found}) == len(found)


def test_the_first_name_that_is_free_is_taken():
    assert free_name({"a"}, "a", "b") == "b"
    assert free_name({"a", "b", "b (2)"}, "a", "b") == "b (3)"
