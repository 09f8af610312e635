"""Colour profiles and coded colours, made here: small ICC files of three primaries and a gamma, and what PQ, HLG and Display P3
make of an sRGB colour.
"""

import struct

import numpy as np

from inference.engine.photos.colour import PRIMARIES, SRGB_PRIMARIES, Chromaticities

ADOBE: Chromaticities = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def _xyz(chromaticities: Chromaticities) -> np.ndarray:
    points = np.array(chromaticities).reshape(4, 2)
    white, *rest = [np.array([x / y, 1, (1 - x - y) / y]) for x, y in points]
    columns = np.stack(rest, axis=1)
    return columns * np.linalg.solve(columns, white)


def icc(chromaticities: Chromaticities = SRGB_PRIMARIES, gamma: float = 2.2, order: tuple[int, int, int] = (0, 1, 2)) -> bytes:
    """A display profile. `order`: which primary the first, second and third channel drive."""
    matrix = _xyz(chromaticities)
    cones = (BRADFORD @ D50) / (BRADFORD @ matrix.sum(axis=1))
    adapted = np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD @ matrix

    def xyz(values: np.ndarray) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    name = b"made for a test\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text\0\0\0\0nobody\0\0",
        b"wtpt": xyz(D50),
    }
    for channel, primary in zip(b"rgb", order, strict=True):
        tags[bytes([channel]) + b"XYZ"] = xyz(adapted[:, primary])
        tags[bytes([channel]) + b"TRC"] = curve
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for tag, data in tags.items():
        padded = data + bytes(-len(data) % 4)
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += padded
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ") + bytes(12) + b"acsp"
    head += bytes(28) + b"".join(struct.pack(">i", round(value * 65536)) for value in D50)
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + table + body


def light(colour: tuple[int, int, int]) -> np.ndarray:
    value = np.array(colour) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def in_primaries(colour: tuple[int, int, int], chromaticities: Chromaticities) -> np.ndarray:
    """The light of an sRGB colour with other primaries of the same white."""
    return np.linalg.solve(_xyz(chromaticities), _xyz(SRGB_PRIMARIES) @ light(colour)).clip(0, 1)


def encoded(values: np.ndarray) -> tuple[int, ...]:
    return tuple(round(value * 255) for value in values.clip(0, 1))


def pq(colour: tuple[int, int, int]) -> tuple[int, ...]:
    """With white at 203 nits, in BT.2020."""
    part = (in_primaries(colour, PRIMARIES[9]) * 203 / 10_000) ** 0.1593017578125
    return encoded(((0.8359375 + 18.8515625 * part) / (1 + 18.6875 * part)) ** 78.84375)


def hlg(colour: tuple[int, int, int]) -> tuple[int, ...]:
    """With white at 75 % of the signal, in BT.2020."""
    scene = in_primaries(colour, PRIMARIES[9]) * 0.26496
    upper = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return encoded(np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper))


def p3(colour: tuple[int, int, int]) -> tuple[int, ...]:
    part = in_primaries(colour, PRIMARIES[12])
    return encoded(np.where(part <= 0.0031308, part * 12.92, 1.055 * part ** (1 / 2.4) - 0.055))
