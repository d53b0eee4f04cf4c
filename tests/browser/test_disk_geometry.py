"""The disk's JavaScript against slow, plain Python in complex numbers."""

# ruff: noqa: F811 (a fixture is imported under the name that tests ask for)

import numpy as np
import pytest

from tests.browser.disk_reference import FRAME, camera, complex_of, inside, moved, projected
from tests.browser.disk_server import disk_script  # noqa: F401

pytestmark = pytest.mark.browser
WORST = 1 - 1e-7  # how near the rim a float32 position can be


def cloud(n, seed=0, rim=0.3):
    """Float32 positions as complex numbers; a share of them next to the rim."""
    random = np.random.default_rng(seed)
    radius = np.where(random.random(n) < rim, 1 - 10 ** -random.uniform(1.5, 7, n), np.sqrt(random.random(n)))
    angle = random.uniform(-np.pi, np.pi, n)
    xy = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype(np.float32)
    return xy[(xy.astype(float) ** 2).sum(1) < WORST**2]


def seen_cloud(n, seen):
    """A cloud half of which lies where the camera looks."""
    w = complex_of(cloud(n // 2, seed=4, rim=0)) * np.exp(-1j * seen["angle"])
    a = complex(seen["re"], seen["im"])
    z = (w + a) / (1 + np.conj(a) * w)
    near = np.stack([z.real, z.imag], 1).astype(np.float32)
    return np.concatenate([cloud(n // 2), near[(near.astype(float) ** 2).sum(1) < WORST**2]])


CAMERAS = [
    camera(),
    camera(0.3, -0.2, 1.0, 0.4),
    camera(-0.62, 0.55, 2.5, -2.9),
    camera(0.0, 0.995, 1.3, 1.0),
    camera(0.99, -0.09, 0.7, 3.1),
]
LASSOS = {
    "round the middle": [(450 + 150 * np.cos(t), 350 + 120 * np.sin(t)) for t in np.linspace(0, 6.2, 70)],
    "a star that crosses itself": [(450 + 300 * np.cos(t * 2.4), 350 + 300 * np.sin(t * 2.4)) for t in range(7)],
    "along the rim": [(450 + r * np.cos(t), 350 + r * np.sin(t)) for r, t in [(337.9, k / 9) for k in range(40)]],
    "a sliver": [(200, 350), (700, 350.2), (700, 350.1)],
    "two points": [(100, 100), (500, 500)],
}


@pytest.mark.parametrize("seen", CAMERAS, ids=str)
def test_projection_is_right_to_a_millionth_of_a_pixel(disk_script, seen):
    xy = cloud(3000)
    got = disk_script(
        "(m, [seen, frame, xy]) => xy.map(([x, y]) => m.project(seen, frame, x, y))",
        "geometry",
        [seen, FRAME, xy.astype(float).tolist()],
    )
    np.testing.assert_allclose(got, projected(seen, complex_of(xy)), rtol=0, atol=1e-6)


def test_there_and_back_again_loses_nothing(disk_script):
    random = np.random.default_rng(1)
    z = 0.95 * np.sqrt(random.random(4000)) * np.exp(1j * random.uniform(-np.pi, np.pi, 4000))
    a = 0.3 * np.sqrt(random.random(4000)) * np.exp(1j * random.uniform(-np.pi, np.pi, 4000))
    there_and_back = """(m, rows) => rows.map(([x, y, re, im, angle]) => {
        const camera = { re, im, angle };
        return m.fromView(camera, ...m.toView(camera, x, y));
    })"""
    rows = np.stack([z.real, z.imag, a.real, a.imag, random.uniform(-3, 3, 4000)], 1)
    back = np.array(disk_script(there_and_back, "geometry", rows.tolist()))
    assert np.abs(back[:, 0] + 1j * back[:, 1] - z).max() < 1e-15


def test_there_and_back_again_from_far_away_loses_little(disk_script):
    xy = cloud(4000, rim=0.5).astype(float)
    seen = camera(0.97, -0.2, angle=1)
    back = disk_script(
        "(m, [seen, xy]) => xy.map(([x, y]) => m.fromView(seen, ...m.toView(seen, x, y)))",
        "geometry",
        [seen, xy.tolist()],
    )
    np.testing.assert_allclose(back, xy, rtol=0, atol=1e-12)


def test_distance_is_the_geodesic_one(disk_script):
    z, w = complex_of(cloud(500)), complex_of(cloud(500, seed=1))
    n = min(len(z), len(w))
    z, w = z[:n], w[:n]
    rows = np.stack([z.real, z.imag, w.real, w.imag], 1)
    got = disk_script("(m, rows) => rows.map((r) => m.distance(...r))", "geometry", rows.tolist())
    z, w = z.astype(np.clongdouble), w.astype(np.clongdouble)
    expected = 2 * np.arctanh(np.abs((z - w) / (1 - np.conj(z) * w)).astype(np.longdouble))
    np.testing.assert_allclose(got, expected.astype(float), rtol=1e-8)


def test_a_drag_brings_what_was_grasped_to_where_it_is_let_go_and_keeps_all_distances(disk_script):
    drag = """(m, [seen, from, to, xy]) => {
        const next = m.dragged(seen, from, to);
        return [m.toView(next, ...m.fromView(seen, ...from)), xy.map(([x, y]) => m.toView(next, x, y))];
    }"""
    seen, xy = camera(0.4, 0.3, angle=0.7), cloud(300, rim=0)
    (x, y), after = disk_script(drag, "geometry", [seen, [0.3, -0.5], [-0.2, 0.6], xy.astype(float).tolist()])
    assert (x, y) == pytest.approx((-0.2, 0.6), abs=1e-14)
    before = moved(seen, complex_of(xy)).astype(complex)
    after = np.array(after) @ [1, 1j]
    ratio = lambda p: np.abs((p[1:] - p[:-1]) / (1 - np.conj(p[1:]) * p[:-1]))  # noqa: E731
    np.testing.assert_allclose(ratio(after), ratio(before), rtol=1e-10)


def test_zooming_leaves_what_is_under_the_cursor(disk_script):
    zoom = """(m, [seen, frame, X, Y]) => {
        const [x, y] = m.fromView(seen, ...m.screenToView(seen, frame, X, Y));
        return m.project(m.zoomedAt(seen, frame, X, Y, 1.7), frame, x, y);
    }"""
    for model in ("poincare", "klein", "tangent", "half-plane"):
        seen = camera(0.2, -0.4, 1.1, 0.3, model)
        assert disk_script(zoom, "geometry", [seen, FRAME, 520, 300]) == pytest.approx([520, 300], abs=1e-7)


def test_every_model_of_the_plane_can_be_undone(disk_script):
    z = complex_of(cloud(500, rim=0))
    z = z[np.abs(z) < 0.999]
    rows = np.stack([z.real, z.imag], 1).tolist()
    for model in ("klein", "tangent", "half-plane"):
        back = disk_script(
            "(m, [model, rows]) => rows.map((p) => m.fromModel(model, ...m.toModel(model, ...p)))",
            "geometry",
            [model, rows],
        )
        np.testing.assert_allclose(back, rows, atol=1e-9)


def test_klein_draws_geodesics_straight(disk_script):
    line = disk_script(
        "(m) => m.geodesic(.3, .7, -.8, .2, 20).map((p) => m.toModel('klein', ...p))",
        "geometry",
    )
    (x0, y0), (x1, y1) = line[0], line[-1]
    for x, y in line:
        assert (x - x0) * (y1 - y0) == pytest.approx((y - y0) * (x1 - x0), abs=1e-12)


@pytest.mark.parametrize("ends", [(0.3, 0.7, -0.8, 0.2), (0.5, 0.1, -0.25, -0.05), (0.99, 0.1, 0.99, -0.1)], ids=str)
def test_a_geodesic_is_the_shortest_way(disk_script, ends):
    way = """(m, ends) => {
        const points = m.geodesic(...ends, 50);
        const lengths = points.slice(1).map((p, i) => m.distance(...points[i], ...p));
        return [points[0], points[50], lengths.reduce((a, b) => a + b), m.distance(...ends)];
    }"""
    first, last, length, shortest = disk_script(way, "geometry", ends)
    assert [*first, *last] == pytest.approx(ends, abs=1e-12)
    assert length == pytest.approx(shortest, rel=1e-3) and length >= shortest - 1e-9


@pytest.mark.parametrize("seen", CAMERAS, ids=str)
@pytest.mark.parametrize("name", LASSOS)
def test_lasso_is_exactly_what_the_slow_reference_says(disk_script, seen, name):
    polygon, xy = LASSOS[name], seen_cloud(2500, seen)
    kept = np.arange(len(xy)) % 5 > 0
    got = disk_script(
        """(m, [seen, frame, polygon, xy, kept]) =>
            [...m.lasso(Float32Array.from(xy), Uint8Array.from(kept), seen, frame, Float64Array.from(polygon))]""",
        "geometry",
        [seen, FRAME, np.ravel(polygon).tolist(), xy.ravel().astype(float).tolist(), kept.astype(int).tolist()],
    )
    expected = [
        k and len(polygon) > 2 and inside(polygon, *p)
        for k, p in zip(kept, projected(seen, complex_of(xy)), strict=True)
    ]
    assert np.flatnonzero(got).tolist() == np.flatnonzero(expected).tolist()
    assert any(expected) or name in ("two points", "a sliver")


def test_a_point_without_a_place_is_in_no_lasso(disk_script):
    everything = """(m) => {
        const [frame, polygon] = [{ width: 9, height: 9, radius: 4 }, Float64Array.of(0, 0, 9, 0, 9, 9, 0, 9)];
        return [...m.lasso(Float32Array.of(NaN, NaN, 0, 0), null, m.HOME, frame, polygon)];
    }"""
    assert disk_script(everything, "geometry") == [0, 1]


@pytest.mark.parametrize("seen", CAMERAS, ids=str)
def test_the_point_under_the_cursor_is_the_one_drawn_nearest(disk_script, seen):
    xy = seen_cloud(800, seen)
    cursors = np.random.default_rng(5).uniform([100, 0], [800, 700], (60, 2))
    got = disk_script(
        """(m, [seen, frame, xy, cursors]) =>
            cursors.map((c) => m.nearest(Float32Array.from(xy), null, seen, frame, ...c, 12))""",
        "geometry",
        [seen, FRAME, xy.ravel().astype(float).tolist(), cursors.tolist()],
    )
    places = projected(seen, complex_of(xy))
    expected = []
    for cursor in cursors:
        gaps = np.hypot(*(places - cursor).T)
        expected.append(int(np.argmin(gaps)) if gaps.min() <= 12 else -1)
    assert got == expected
    assert max(expected) >= 0


def test_positions_moved_beforehand_are_seen_where_they_were(disk_script):
    seen = camera(0.999, -0.03, angle=0.8)
    xy = cloud(500, rim=0.8)
    # Compared in the geodesic metric near the focus, where a picture at this depth has its points.
    both = """(m, [seen, xy]) => {
        const [bx, by] = [0.998, -0.05];
        const near = m.rebased(seen, bx, by);
        return xy.map(([x, y]) => [m.toView(seen, x, y), m.toView(near, ...m.mobius(x, y, bx, by))]);
    }"""
    pairs = np.array(disk_script(both, "geometry", [seen, xy.astype(float).tolist()]))
    np.testing.assert_allclose(pairs[:, 0], pairs[:, 1], atol=1e-8)


def test_halfway_between_two_cameras_lies_on_their_geodesic(disk_script):
    halfway = """(m) => {
        const [a, b] = [{ ...m.HOME, re: .5, im: .1, zoom: 1 }, { ...m.HOME, re: -.6, im: .6, zoom: 4, angle: 3 }];
        const c = m.between(a, b, .5);
        const apart = (p, q) => m.distance(p.re, p.im, q.re, q.im);
        return [apart(a, c), apart(c, b), apart(a, b), c.zoom];
    }"""
    a, b, whole, zoom = disk_script(halfway, "geometry")
    assert a == pytest.approx(whole / 2) and b == pytest.approx(whole / 2) and zoom == pytest.approx(2)


def test_a_walk_through_the_rows_visits_each_once(disk_script):
    for n in (1, 2, 3, 10, 997, 1000, 7442):
        stride = disk_script("(m, n) => m.strideOf(n)", "renderer", n)
        assert len({k * stride % n for k in range(n)}) == n


def test_masks_are_packed_as_numpy_packs_them(disk_script):
    mask = np.random.default_rng(2).random(1003) < 0.3
    bits = disk_script("(m, mask) => [...m.packedMask(Uint8Array.from(mask))]", "columns", mask.astype(int).tolist())
    assert bits == np.packbits(mask, bitorder="little").tolist()
    back = disk_script("(m, bits) => [...m.unpackedMask(Uint8Array.from(bits), 1003)]", "columns", bits)
    assert back == mask.astype(int).tolist()


def test_a_range_keeps_what_lies_in_it_and_never_what_is_missing(disk_script):
    keep = """(m, [range, codes]) => {
        const kept = new Uint8Array(codes.length).fill(1);
        m.keepRange(kept, { kind: "number", range: [0, 1] }, Uint16Array.from(codes), range);
        return [...kept];
    }"""
    codes = [0, 32767, 65534, 65535]
    for kept, expected in (
        ((0, 1), [1, 1, 1, 0]),
        ((0.4, 7), [0, 1, 1, 0]),
        ((-3, 0), [1, 0, 0, 0]),
        ((2, 3), [0] * 4),
    ):
        assert disk_script(keep, "columns", [kept, codes]) == expected


def test_counts_of_categories_and_of_bins_have_the_missing_ones_last(disk_script):
    count = (
        "(m, [column, codes, mask]) => [...m.counted(column, Uint8Array.from(codes), mask && Uint8Array.from(mask))]"
    )
    column = {"kind": "category", "categories": [{"name": "a"}, {"name": "b"}]}
    assert disk_script(count, "columns", [column, [0, 1, 1, 255], None]) == [1, 2, 1]
    assert disk_script(count, "columns", [column, [0, 1, 1, 255], [1, 1, 0, 0]]) == [1, 1, 0]
    bins = "(m, codes) => [...m.counted({ kind: 'number' }, Uint16Array.from(codes), null)]"
    assert disk_script(bins, "columns", [0, 65534, 65533, 65535]) == [1, *[0] * 30, 2, 1]
