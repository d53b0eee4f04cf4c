"""The Poincaré disk as a plotly figure, for notebooks and papers.

The app draws its disk by WebGL, which carries a million points; this figure carries some thousands
and can be saved. Both show the coordinates that stand in the findings.
"""

import numpy as np
import plotly.graph_objects as go
import torch

from emoviz.analysis.findings import Findings
from emoviz.data.dataset import FUSED
from emoviz.errors import ConfigError, UnknownNameError
from emoviz.geometry import poincare

STEPS = 49  # points on a geodesic


def figure(findings: Findings, colour: str = "label", sample: str = "") -> go.Figure:
    """Samples on the disk by their fused points, the emotions' prototypes, and one sample's constellation.

    Args:
        findings: made with a checkpoint
        colour: column that colours the points: numbers by a ramp, anything else by category
        sample: id of the sample whose modalities are joined by geodesics; none if empty

    Returns:
        a figure with one trace a category (or one for all), one of anchors, and one a geodesic

    Raises:
        ConfigError: if the findings have no coordinates
        UnknownNameError: if there is no such column or sample
    """
    table, meta = findings.table, findings.meta
    if f"x_{FUSED}" not in table:
        raise ConfigError(
            "These findings were made without a model, which alone gives samples a place: choose a model."
        )
    if colour not in table:
        raise UnknownNameError("column", colour, table.columns)
    out = go.Figure(layout=_layout())
    values, ids = table[colour], table["sample_id"].to_numpy()
    x, y = table[f"x_{FUSED}"].to_numpy(), table[f"y_{FUSED}"].to_numpy()
    if values.dtype.kind == "f":
        marker = {"size": 4, "color": values, "showscale": True, "colorbar": {"title": {"text": colour}}}
        out.add_scattergl(x=x, y=y, mode="markers", text=ids, marker=marker, name=colour)
    else:
        colours = {name: hexadecimal for name, hexadecimal, _ in meta.labels}
        for name in dict.fromkeys([*colours, *values.astype(str)]):
            rows = (values.astype(str) == name).to_numpy()
            if rows.any():
                marker = {"size": 4, "color": colours.get(name)}
                shown = name or "none"
                out.add_scattergl(x=x[rows], y=y[rows], mode="markers", text=ids[rows], marker=marker, name=shown)
    if meta.anchors:
        places = np.array([(anchor.x, anchor.y) for anchor in meta.anchors])
        marker = {"symbol": "diamond", "size": 11, "color": [anchor.colour for anchor in meta.anchors]}
        names = [anchor.name for anchor in meta.anchors]
        out.add_scatter(
            x=places[:, 0], y=places[:, 1], mode="markers+text", text=names, textposition="top center", marker=marker,
            name="prototypes",
        )  # fmt: skip
    if sample:
        for path, title in _constellation(findings, sample):
            out.add_scatter(x=path[:, 0], y=path[:, 1], mode="lines", name=title, line={"width": 2})
    return out


def _constellation(findings: Findings, sample: str) -> list[tuple[np.ndarray, str]]:
    """Geodesics from a sample's fused point to each of its modalities, with their lengths."""
    rows = np.flatnonzero(findings.table["sample_id"].to_numpy() == sample)
    if not len(rows):
        raise UnknownNameError("sample", sample, findings.table["sample_id"].head(5))
    row = findings.table.iloc[rows[0]]
    place = {side: torch.tensor([row[f"x_{side}"], row[f"y_{side}"]]).double() for side in findings.meta.sides}
    lines = []
    for side in findings.meta.modalities:
        if not place[side].isnan().any():
            path = poincare.geodesic(place[FUSED], place[side], torch.linspace(0, 1, STEPS, dtype=torch.float64))
            lines.append((path.numpy(), f"{side}, {poincare.distance(place[FUSED], place[side]):.2f} away"))
    return lines


def _layout() -> go.Layout:
    axis = {"visible": False, "range": [-1.05, 1.05]}
    rim = {"type": "circle", "x0": -1, "y0": -1, "x1": 1, "y1": 1, "line": {"color": "#8a8f98", "width": 1}}
    return go.Layout(
        xaxis=axis,
        yaxis={**axis, "scaleanchor": "x"},
        shapes=[rim],
        width=760,
        height=680,
        plot_bgcolor="rgba(0,0,0,0)",
    )
