"""A line chart of braille dots, two dots wide and four high in each character."""

from collections.abc import Sequence
from itertools import pairwise

# Bits of a braille character (8-dot braille, from U+2800) by column and by row from the top.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800


def braille_chart(
    values: Sequence[float], columns: int, rows: int, low: float, high: float
) -> list[str]:
    """Draw values as a filled curve.

    Few values are spread over the whole width, many are averaged into it.

    Args:
        values: one or more numbers, drawn left to right.
        columns: width in characters.
        rows: height in characters.
        low: value at the lower edge.
        high: value at the upper edge.

    Returns:
        The rows from top to bottom, each of `columns` characters.
    """
    width, height = columns * 2, rows * 4
    cells = [[0] * columns for _ in range(rows)]
    for x, value in enumerate(_resample(values, width)):
        share = (min(max(value, low), high) - low) / (high - low)
        level = round(share * (height - 1))
        for dot in range(level + 1):
            y = height - 1 - dot
            cells[y // 4][x // 2] |= _DOTS[x % 2][y % 4]
    return ["".join(chr(_BLANK + cell) for cell in row) for row in cells]


def _resample(values: Sequence[float], width: int) -> list[float]:
    """Bring values to `width` points: means of equal shares, or straight lines between them."""
    count = len(values)
    if count == 1:
        return [values[0]] * width
    if count > width:
        edges = [count * point // width for point in range(width + 1)]
        shares = [values[begin:end] for begin, end in pairwise(edges)]
        return [sum(share) / len(share) for share in shares]
    points = []
    for point in range(width):
        position = point * (count - 1) / (width - 1)
        before = min(int(position), count - 2)
        share = position - before
        points.append(values[before] * (1 - share) + values[before + 1] * share)
    return points
