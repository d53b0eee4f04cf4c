"""From a :class:`~emoviz.app.disk.DiskView` to what travels: bytes for what is large, JSON for the rest.

A buffer is little-endian: ``u32`` magic, ``u32`` length of a JSON header, the header padded with
spaces to a multiple of 8, then its arrays, each beginning at a multiple of 8 from the end of the header.
"""

import json
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from emoviz.app.disk import Column, DiskView

MAGIC = 0x564D4531
SMALL = 240  # categories that one byte a point tells apart; as many colours as the browser keeps
STEPS = 65534  # codes 0 to 65534 are steps of a number's range
MISSING_NUMBER = 65535
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def check(view: "DiskView") -> None:
    """That positions, columns and selection speak of the same points.

    Raises:
        ValueError: if they do not; a mistake of the page, not of the person
    """
    n = len(view.xy)
    if view.xy.shape != (n, 2) or view.xy.dtype != np.float32:
        raise ValueError(f"xy must be (N, 2) float32, not {view.xy.shape} {view.xy.dtype}")
    lengths = {c.name: len(c.values) for c in view.columns} | (
        {} if view.selected is None else {"the selection": len(view.selected)}
    )
    if wrong := [name for name, length in lengths.items() if length != n]:
        raise ValueError(f"{wrong[0]} has {lengths[wrong[0]]} values for {n} points")
    if len({c.name for c in view.columns}) < len(view.columns):
        raise ValueError("two columns have the same name")
    sides = view.constellation.sides if view.constellation else ()
    numbers = [number for anchor in view.anchors for number in (anchor.x, anchor.y)]
    numbers += [number for side in sides for number in (side.x, side.y)]
    numbers += [number for kept in view.ranges.values() for number in kept]
    numbers += [view.camera.re, view.camera.im, view.camera.zoom, view.camera.angle] if view.camera else []
    # NaN is not JSON: the browser would refuse the whole message.
    if not np.isfinite(numbers).all():
        raise ValueError("an anchor, a side, a range or the camera is not finite")


def span(column: "Column") -> tuple[float, float]:
    """Lowest and highest number of a column's ramp; symmetric about zero where zero means something."""
    if column.range is not None:
        low, high = column.range
    else:
        finite = column.values[np.isfinite(column.values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        if column.kind == "diverging":
            low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def codes(column: "Column") -> np.ndarray:
    """A column as small unsigned integers ``(N,)``; the largest of its type stands for missing."""
    if column.kind == "category":
        kind = np.uint8 if len(column.categories) <= SMALL else np.uint16
        values = np.asarray(column.values).astype(np.int64)
        known = (values >= 0) & (values < len(column.categories))
        return np.where(known, values, np.iinfo(kind).max).astype(kind)
    low, high = span(column)
    values = np.asarray(column.values, np.float64)
    finite = np.isfinite(values)
    steps = np.rint((np.clip(np.where(finite, values, low), low, high) - low) * (STEPS / (high - low)))
    return np.where(finite, steps, MISSING_NUMBER).astype(np.uint16)


def first_columns(view: "DiskView", bytes_per_point: int) -> tuple[str, ...]:
    """The columns, in their order, that fit beside 8 bytes of position into so many bytes a point."""
    names, weight = [], 8
    for column in view.columns:
        weight += 1 if column.kind == "category" and len(column.categories) <= SMALL else 2
        if weight > bytes_per_point:
            break
        names.append(column.name)
    return tuple(names)


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """The same without numpy's numbers, which Streamlit would turn into words without a warning."""
    return json.loads(json.dumps(data, default=lambda number: number.item()))


def _coloured(mark: Any) -> dict[str, Any]:
    """A mark or category as JSON. What is not plainly a colour never reaches a style sheet."""
    colour = mark.colour if COLOUR.fullmatch(mark.colour) else ""
    return asdict(mark) | {"colour": colour}


def buffer(key: str, arrays: Mapping[str, np.ndarray]) -> bytes:
    """Named arrays as one run of bytes, under the key by which the state refers to them."""
    listed, offset = [], 0
    for name, array in arrays.items():
        listed.append({"name": name, "type": array.dtype.name, "offset": offset, "length": array.size})
        offset += -(-array.nbytes // 8) * 8
    header = json.dumps({"key": key, "arrays": listed}).encode()
    header += b" " * (-len(header) % 8)
    chunks = [struct.pack("<II", MAGIC, len(header)), header]
    for array in arrays.values():
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        chunks += [data, bytes(-len(data) % 8)]
    return b"".join(chunks)


def cloud(view: "DiskView", columns: tuple[str, ...]) -> bytes:
    """Positions and the first columns."""
    first = {c.name: codes(c) for c in view.columns if c.name in columns}
    return buffer(view.key, {"xy": view.xy} | {f"column {name}": values for name, values in first.items()})


def column(key: str, column: "Column") -> bytes:
    """One further column of the cloud with this key."""
    return buffer(f"{key} {column.name}", {f"column {column.name}": codes(column)})


def packed(mask: np.ndarray) -> np.ndarray:
    """A mask ``(N,)`` as bits, row 0 in the lowest bit of the first byte."""
    return np.packbits(np.asarray(mask, bool), bitorder="little")


def unpacked(bits: bytes, n: int) -> np.ndarray:
    """Inverse of :func:`packed`; rows that the bits do not reach are False."""
    found = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[:n].astype(bool)
    return np.pad(found, (0, n - len(found)))


def named(name: str, data: bytes) -> str:
    """A name that changes with the bytes it stands for."""
    return f"{name} {zlib.crc32(data):08x}"


def selection_key(view: "DiskView") -> str:
    """Name of the selection's buffer, empty where nothing is selected."""
    if view.selected is None or not np.any(view.selected):
        return ""
    return named(view.key, packed(view.selected).tobytes())


def selection(view: "DiskView") -> bytes:
    """The selection as a buffer, empty where nothing is selected."""
    if view.selected is None or not np.any(view.selected):
        return b""
    return buffer(selection_key(view), {"selection": packed(view.selected)})


def setting(view: "DiskView") -> dict[str, Any]:
    """What is small and seldom changes, as JSON: a rerun that changes nothing of it sends a reference."""
    columns = [
        {
            "name": c.name,
            "title": c.title,
            "kind": c.kind,
            "categories": [_coloured(category) for category in c.categories],
            "range": None if c.kind == "category" else span(c),
        }
        for c in view.columns
    ]
    anchors = [_coloured(anchor) for anchor in view.anchors]
    texts = asdict(view.texts)
    return plain({"key": view.key, "count": len(view.xy), "columns": columns, "anchors": anchors, "texts": texts})


def state(view: "DiskView") -> dict[str, Any]:
    """What changes with every gesture, as JSON."""
    constellation = view.constellation and {
        "sides": [_coloured(side) for side in view.constellation.sides],
        "links": [asdict(link) for link in view.constellation.links],
    }
    return plain(
        {
            "key": view.key,
            "colour_by": view.colour_by,
            "constellation": constellation,
            "selection": selection_key(view),
            "primary": view.primary,
            "related": view.related,
            "hidden": {name: sorted(hidden) for name, hidden in view.hidden.items()},
            "ranges": view.ranges,
            "camera": asdict(view.camera) if view.camera else None,
        }
    )
