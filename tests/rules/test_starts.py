import numpy as np
import pytest
from deepracer_core.starts import StartPositions


def test_each_start_is_a_twentieth_of_the_lap_further_on(ring):
    starts = StartPositions(ring)
    distances = [starts.next().distance for _ in range(41)]
    shares = np.array(distances) / ring.length
    np.testing.assert_allclose(shares[:20], np.arange(20) * 0.05, atol=1e-12)
    np.testing.assert_allclose(shares[20:40], shares[:20], atol=1e-12)
    assert all(0.0 <= distance < ring.length for distance in distances)


def test_alternating_drives_each_place_in_both_directions(ring):
    starts = StartPositions(ring, alternate_direction=True)
    taken = [starts.next() for _ in range(6)]
    assert [start.track.is_reversed for start in taken] == [False, True] * 3
    forward, back = ([start.distance for start in taken[i::2]] for i in (0, 1))
    assert forward == pytest.approx(back)
    assert forward == pytest.approx([0.0, 0.05 * ring.length, 0.1 * ring.length])


def test_an_evaluation_starts_on_the_line_each_time(ring):
    starts = StartPositions.start_line(ring)
    assert [starts.next().distance for _ in range(5)] == [0.0] * 5


def test_the_same_starts_in_every_run(ring):
    first = StartPositions(ring, 0.07, True, 0.3)
    second = StartPositions(ring, 0.07, True, 0.3)
    pairs = [(first.next(), second.next()) for _ in range(100)]
    assert all(a.distance == b.distance for a, b in pairs)
    assert all(a.track.is_reversed == b.track.is_reversed for a, b in pairs)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_beyond_the_lap_is_refused(ring, share):
    with pytest.raises(ValueError, match="advance: expected a share"):
        StartPositions(ring, advance=share)
