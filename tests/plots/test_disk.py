"""The figure of the disk draws what stands in the findings."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from emoviz.analysis.findings import Anchor, Findings, FindingsMeta
from emoviz.errors import ConfigError, UnknownNameError
from emoviz.plots import disk


@pytest.fixture
def findings() -> Findings:
    table = pd.DataFrame(
        {
            "sample_id": ["a", "b", "c"],
            "label": pd.Categorical(["joy", "fear", ""]),
            "conflict": [0.1, 0.9, 0.5],
            **{"x_voice": [0.1, 0.2, np.nan], "y_voice": [0.0, 0.3, np.nan], "x_face": [-0.5, 0.2, 0.1]},
            **{"y_face": [0.0, -0.3, 0.1], "x_fused": [0.5, 0.2, 0.0], "y_fused": [0.0, 0.0, 0.4]},
        }
    )
    labels = (("joy", "#e69f00", 1.0), ("fear", "#0072b2", -1.0))
    anchors = tuple(Anchor(name, colour, 0.1 * i, 0.2) for i, (name, colour, _) in enumerate(labels))
    return Findings(table, FindingsMeta("toy", "0" * 64, labels, ("voice", "face"), False, "m", "s", anchors))


def test_every_sample_is_drawn_once_in_the_colour_of_its_label(findings):
    traces = {trace.name: trace for trace in disk.figure(findings).data}
    assert [(traces[name].marker.color, list(traces[name].text)) for name in ("joy", "fear")] == [
        ("#e69f00", ["a"]),
        ("#0072b2", ["b"]),
    ]
    assert list(traces["none"].text) == ["c"]
    assert list(traces["prototypes"].text) == ["joy", "fear"]


def test_numbers_are_drawn_by_a_ramp(findings):
    (points, _) = disk.figure(findings, colour="conflict").data
    assert_allclose(points.marker.color, [0.1, 0.9, 0.5])


def test_a_constellation_joins_the_whole_to_each_modality_that_is_there(findings):
    lines = [trace for trace in disk.figure(findings, sample="b").data if trace.mode == "lines"]
    assert [line.name.split(",")[0] for line in lines] == ["voice", "face"]
    assert_allclose([lines[0].x[0], lines[0].y[0], lines[0].x[-1], lines[0].y[-1]], [0.2, 0, 0.2, 0.3], atol=1e-9)
    assert len([trace for trace in disk.figure(findings, sample="c").data if trace.mode == "lines"]) == 1


def test_on_a_diameter_a_geodesic_is_straight_and_its_length_is_known(findings):
    line = disk.figure(findings, sample="a").data[-1]
    assert_allclose(line.y, 0, atol=1e-12)
    assert line.name == f"face, {4 * np.arctanh(0.5):.2f} away"


def test_unknown_names_and_findings_without_places_are_sentences(findings):
    with pytest.raises(UnknownNameError, match="column 'mood'"):
        disk.figure(findings, colour="mood")
    with pytest.raises(UnknownNameError, match="sample 'z'"):
        disk.figure(findings, sample="z")
    with pytest.raises(ConfigError, match="choose a model"):
        disk.figure(Findings(findings.table.drop(columns="x_fused"), findings.meta))
