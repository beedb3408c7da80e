from inpaint.training.evaluation.metrics import columns
from inpaint.training.evaluation.report import TEXTURE, report_page
from inpaint.training.evaluation.results import Evaluation, Scored
from inpaint.training.evaluation.tables import Conditions


def page(groups):
    """Two methods: one as crisp as the photograph, one twice as busy."""
    found = tuple(columns(groups))
    keys = [column.key for column in found if column.per_picture]
    rows = {"crisp": dict.fromkeys(keys, 1.0), "busy": dict.fromkeys(keys, 2.0)}
    together = {name: {"crispness_median": 1.0, "crispness_near": 1.0, "frechet_hole": 0.1} for name in rows}
    evaluation = Evaluation(tuple(rows), found, (Scored("a", 0.1, rows),), together)
    return report_page(
        evaluation, Conditions("0", "val", 1, 64, "mixed", 0, None, "f" * 64, None), dict.fromkeys(rows, ""), []
    )


def test_texture_comes_first_and_the_page_says_what_the_others_reward():
    text = page(["l1", "crispness", "frechet"])
    assert text.index(TEXTURE) < text.index("Inside the hole") < text.index("Whole picture")
    assert "they reward blur" in text
    assert 'data-better="near 1"' in text
    # Sorted by how far from 1 they are: 0 before log 2.
    assert 'data-value="0.0"' in text
    assert 'data-value="0.693' in text


def test_without_texture_nothing_is_said_of_it():
    assert TEXTURE not in page(["l1"])
