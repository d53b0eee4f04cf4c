"""Our disk, plotly scattergl and the least WebGL there can be, with the same points: ``?n=100000&show=disk``.

What is selected is written by Python, so that a gesture counts once the server knows of it.
"""

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from cloud import COLOURS, EMOTIONS, cloud

from emoviz.app import disk

CENTRES = [0.75 * np.array([np.cos(angle), np.sin(angle)]) for angle in np.arange(7) * 2 * np.pi / 7]

# What any picture by WebGL in this page must cost: one component, one buffer, one shader, one colour for all.
LEAST = """
const VERTEX = `#version 300 es
layout(location = 0) in vec2 p;
void main() { gl_Position = vec4(0.95 * p, 0, 1); gl_PointSize = 3.0; }`;
const FRAGMENT = `#version 300 es
precision mediump float;
out vec4 ink;
void main() { ink = vec4(0.9, 0.3, 0, 1); }`;
export default function ({ data, parentElement }) {
  const canvas = Object.assign(document.createElement("canvas"), { className: "least", width: 900, height: 760 });
  parentElement.append(canvas);
  const gl = canvas.getContext("webgl2", { antialias: false, depth: false });
  const made = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  gl.useProgram(made);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, data.slice(), gl.STATIC_DRAW);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  gl.drawArrays(gl.POINTS, 0, data.byteLength / 12);
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  canvas.dataset.painted = "yes";
  return () => canvas.remove();
}
"""
BARE = st.components.v2.component("bare", js=LEAST, isolate_styles=False)


def bare(n: int) -> None:
    """Positions and a colour for each point, 12 bytes, drawn once by the shortest program there is."""
    xy, _, score = cloud(n)
    BARE(key="bare", data=xy.tobytes() + score.tobytes())


def ours(n: int) -> int | None:
    """The disk; how many points the person chose just now."""
    xy, emotion, score = cloud(n)
    categories = tuple(map(disk.Category, EMOTIONS, COLOURS))
    anchors = zip(EMOTIONS, COLOURS, CENTRES, strict=True)
    view = disk.DiskView(
        key=f"bench {n}",
        xy=xy,
        columns=(
            disk.Column("label", "Emotion", "category", emotion, categories),
            disk.Column("score", "Score", "number", score, range=(0, 1)),
        ),
        colour_by=st.session_state.get("colour", "label"),
        anchors=tuple(disk.Anchor(name, colour, float(x), float(y)) for name, colour, (x, y) in anchors),
        selected=st.session_state.get("chosen"),
        height=760,
    )
    event = disk.heard(view, "disk")
    if event and event.colour_by:
        st.session_state.colour = event.colour_by
    if event and event.mask is not None:
        st.session_state.chosen = event.mask
    disk.show(view, "disk")
    return int(event.mask.sum()) if event and event.mask is not None else None


def plotlys(n: int) -> int | None:
    """The same by plotly, with an id and words under the cursor, as an application has them."""
    xy, emotion, score = cloud(n)
    by = st.radio("colour by", ["label", "score"], horizontal=True)
    if st.session_state.get("coloured") != (n, by):
        ids = np.array([f"clip_{row:07d}" for row in range(n)])
        words = np.array([f"clip_{row:07d}<br>{EMOTIONS[k]}" for row, k in enumerate(emotion)])
        figure = go.Figure()
        groups = [(EMOTIONS[k], np.flatnonzero(emotion == k), {"color": COLOURS[k]}) for k in range(7)]
        if by == "score":
            groups = [("score", np.arange(n), {"color": score, "colorscale": "Viridis"})]
        for name, rows, marker in groups:
            x, y = xy[rows].T
            marker = {"size": 4, **marker}
            trace = go.Scattergl(x=x, y=y, mode="markers", name=name, marker=marker, customdata=ids[rows])
            figure.add_trace(trace.update(text=words[rows], hoverinfo="text"))
        figure.update_layout(width=900, height=760, dragmode=st.query_params.get("drag", "pan"))
        st.session_state.figure, st.session_state.coloured = figure, (n, by)
    config = {"scrollZoom": True}
    seen = st.plotly_chart(
        st.session_state.figure, key="plotly", width="content", on_select="rerun", selection_mode="box", config=config
    )
    return len(seen.selection.points) or None


def main() -> None:
    st.set_page_config(layout="wide")
    n = int(st.query_params.get("n", 20_000))
    choices = ("nothing", "disk", "plotly", "bare")
    shown = st.radio("show", choices, choices.index(st.query_params.get("show", "nothing")), horizontal=True)
    st.button("rerun")
    chosen = {"nothing": lambda _: None, "disk": ours, "plotly": plotlys, "bare": bare}[shown](n)
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    st.html(f'<p id="told" data-runs="{st.session_state.runs}" data-selected="{chosen or 0}"></p>')


main()
