"""Lines made of straight segments, in the plane: distances to them, and where they cross."""

import numpy as np
from numpy.typing import NDArray


def segments(
    line: NDArray[np.float64], closed: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Starts and vectors of a line's segments.

    Args:
        line: float64[N, 2], metres; of a closed one the first point is not repeated.
        closed: whether a segment leads from the last point to the first.

    Returns:
        float64[S, 2] each; S is N of a closed line and N - 1 of an open one.
    """
    starts, ends = _ends(line, closed)
    return starts, ends - starts


def squared_distances(
    points: NDArray[np.float64],
    starts: NDArray[np.float64],
    directions: NDArray[np.float64],
    lengths: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Squared distances of M points to S segments, and how far along them the nearest points are.

    Args:
        points: float64[M, 2], metres.
        starts: float64[S, 2], metres.
        directions: float64[S, 2], unit vectors.
        lengths: float64[S], metres.

    Returns:
        float64[M, S] in square metres and float64[M, S] in metres, [0, length].
    """
    away_x = points[:, :1] - starts[:, 0]
    away_y = points[:, 1:] - starts[:, 1]
    along = np.clip(away_x * directions[:, 0] + away_y * directions[:, 1], 0.0, lengths)
    gap_x = away_x - along * directions[:, 0]
    gap_y = away_y - along * directions[:, 1]
    return gap_x * gap_x + gap_y * gap_y, along


def distances_to_line(
    points: NDArray[np.float64], line: NDArray[np.float64], closed: bool
) -> NDArray[np.float64]:
    """Metres from each of M points (float64[M, 2]) to the nearest point of a line: float64[M]."""
    starts, vectors = segments(line, closed)
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])
    # Two of the line's points may coincide: that segment is a point, whatever its direction.
    directions = vectors / np.where(lengths > 0.0, lengths, 1.0)[:, None]
    squared, _ = squared_distances(points, starts, directions, lengths)
    return np.asarray(np.sqrt(squared.min(axis=1)))


def first_crossing(
    first: NDArray[np.float64], second: NDArray[np.float64], closed: bool
) -> tuple[int, int] | None:
    """Where a line crosses another line, or itself.

    Args:
        first: float64[N, 2].
        second: float64[K, 2], another line or the same one.
        closed: whether both are closed.

    Returns:
        The indices of a segment of each, or None where they do not. Touching is not crossing.
    """
    # Ends as they are, not start + vector: neighbours on one line share a point to the last digit,
    # which the strict comparison tells from a crossing.
    (a, b), (c, d) = _ends(first, closed), _ends(second, closed)
    a, b, c, d = a[:, None], b[:, None], c[None, :], d[None, :]
    crossing = (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)
    if not crossing.any():
        return None
    i, j = np.unravel_index(int(crossing.argmax()), crossing.shape)
    return int(i), int(j)


def _ends(
    line: NDArray[np.float64], closed: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of each of a line's segments, float64[S, 2] each."""
    ends = np.roll(line, -1, axis=0) if closed else line[1:]
    return line[: len(ends)], ends


def _side(
    a: NDArray[np.float64], b: NDArray[np.float64], p: NDArray[np.float64]
) -> NDArray[np.float64]:
    """1 where p is left of the line from a to b, -1 where it is right of it, 0 on it."""
    ab, ap = b - a, p - a
    return np.asarray(np.sign(ab[..., 0] * ap[..., 1] - ab[..., 1] * ap[..., 0]))
