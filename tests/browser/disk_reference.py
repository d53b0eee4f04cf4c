"""What the disk has to do, slow and plain: complex numbers in extended precision, one point at a time."""

import numpy as np

FRAME = {"width": 900, "height": 700, "radius": 338}


def complex_of(xy):
    return xy[:, 0].astype(float) + 1j * xy[:, 1].astype(float)


def camera(re=0.0, im=0.0, zoom=1.0, angle=0.0, model="poincare"):
    return {"re": re, "im": im, "zoom": zoom, "angle": angle, "model": model}


def moved(camera, z):
    """The camera's Moebius motion of complex points, in extended precision."""
    a = np.clongdouble(complex(camera["re"], camera["im"]))
    z = np.asarray(z, np.clongdouble)
    with np.errstate(invalid="ignore"):  # a point without a place stays without one
        return np.exp(1j * np.longdouble(camera["angle"])) * (z - a) / (1 - np.conj(a) * z)


def projected(camera, z, frame=FRAME):
    """Complex points on the screen: X, Y in pixels, y down; the Poincare picture."""
    w = moved(camera, z)
    scale = frame["radius"] * camera["zoom"]
    return np.stack([frame["width"] / 2 + w.real * scale, frame["height"] / 2 - w.imag * scale], 1).astype(float)


def inside(polygon, X, Y):
    """Even-odd rule, one point and one edge at a time."""
    odd = False
    for (xi, yi), (xj, yj) in zip(polygon, [polygon[-1], *polygon[:-1]], strict=True):
        if (yi > Y) != (yj > Y) and (xj - xi) * (Y - yi) / (yj - yi) + xi > X:
            odd = not odd
    return odd


def rows_inside(camera, frame, polygon, xy):
    """Rows whose projection lies in a polygon ``[X0, Y0, X1, Y1, ...]`` on the screen."""
    corners = list(zip(polygon[::2], polygon[1::2], strict=True))
    places = projected(camera, complex_of(xy), frame)
    return [row for row, (X, Y) in enumerate(places) if np.isfinite(X) and inside(corners, X, Y)]
