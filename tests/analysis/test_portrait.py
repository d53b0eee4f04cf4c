import numpy as np
import pytest

from emoviz.analysis.portrait import portrait, portraits
from tests.analysis.made import findings as made


@pytest.fixture(scope="module")
def findings():
    return made()


def test_a_portrait_says_what_the_columns_say(findings):
    for row in (0, 7, 119):
        one, values = portrait(findings, row), findings.table.iloc[row]
        assert one.sample_id == values["sample_id"]
        assert one.flag == values["flag"]
        assert one.human_type == values["human_type"]
        assert one.pairs[0].people == values["human_conflict_voice_face"]
        assert one.pairs[0].beyond_noise == (values["human_conflict_q_voice_face"] <= 0.05)
        assert np.allclose(one.sides[0].people, [values[f"human_voice_{name}"] for name in one.labels])


def test_without_a_model_there_is_nothing_of_it(findings):
    one = portrait(findings, 3)
    assert all(side.model is None for side in one.sides)
    assert one.fold is None and one.prediction == "" and np.isnan(one.conflict)


def test_many_portraits_are_those_of_each_row(findings):
    together = portraits(findings, [5, 2, 9])
    assert [one.sample_id for one in together] == [portrait(findings, row).sample_id for row in (5, 2, 9)]
    assert [one.row for one in together] == [5, 2, 9]
