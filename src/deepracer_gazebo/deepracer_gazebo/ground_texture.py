"""Textures of the ground, made of noise that repeats without a seam, as small PNG files."""

import random
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIZE = 256
"""Pixels along either side of a texture."""

Color = tuple[int, int, int]


def noise(seed: int, cells: Sequence[int]) -> NDArray[np.float64]:
    """Noise that repeats without a seam, coarse and fine in equal parts.

    Args:
        seed: the same seed gives the same noise everywhere.
        cells: for each layer how many cells of noise the texture is wide.

    Returns:
        float64[SIZE, SIZE], [0, 1], each value as frequent as any other.
    """
    # The standard library's generator: its numbers are the same in every version.
    generator = random.Random(seed)
    total = np.zeros((SIZE, SIZE))
    for count in cells:
        lattice = np.array([[generator.random() for _ in range(count)] for _ in range(count)])
        total += _stretched(_stretched(lattice).T).T
    ranks = np.empty(total.size)
    ranks[np.argsort(total, axis=None, kind="stable")] = np.arange(total.size)
    return ranks.reshape(total.shape) / (total.size - 1)


def with_joints(levels: NDArray[np.float64], columns: int, rows: int) -> NDArray[np.float64]:
    """Slabs with dark joints between them.

    Args:
        levels: float64[SIZE, SIZE], [0, 1], of the slabs.
        columns: how many slabs lie side by side.
        rows: how many lie above each other.
    """
    slabs = 0.4 + 0.6 * levels
    for axis, count in ((0, rows), (1, columns)):
        at = np.arange(count) * SIZE // count
        joints = np.concatenate((at, at + 1))
        slabs[joints if axis == 0 else (slice(None), joints)] = 0.0
    return slabs


def with_squares(levels: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """A carpet: squares of two shades by turns.

    Args:
        levels: float64[SIZE, SIZE], [0, 1], of the pile.
        count: of squares along either side; an even number has no seam.
    """
    number = np.arange(SIZE) * count // SIZE
    is_light = (number[:, None] + number) % 2
    return 0.6 * is_light + 0.4 * levels


def png(levels: NDArray[np.float64], dark: Color, light: Color) -> bytes:
    """A PNG of 16 colours from dark to light.

    It is stored rather than compressed, 4 bits a pixel: the same bytes with any version of zlib.

    Args:
        levels: float64[SIZE, SIZE], 0 dark to 1 light.
        dark: red, green, blue, 0 to 255.
        light: likewise.
    """
    shades = np.linspace(dark, light, 16).round().astype(np.uint8)
    index = np.minimum(levels * 16, 15).astype(np.uint8)
    packed = (index[:, 0::2] << 4) | index[:, 1::2]
    rows = np.insert(packed, 0, 0, axis=1).tobytes()
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 4, 3, 0, 0, 0)
    stored = struct.pack("<BHH", 1, len(rows), len(rows) ^ 0xFFFF) + rows
    data = b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(rows))
    chunks = ((b"IHDR", header), (b"PLTE", shades.tobytes()), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _stretched(lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stretch the rows of a lattice to SIZE, going evenly from each to the next, round the seam."""
    place = np.arange(SIZE) * len(lattice) / SIZE
    below = place.astype(np.int64)
    share = (place - below)[:, None]
    above = (below + 1) % len(lattice)
    return lattice[below] * (1.0 - share) + lattice[above] * share
