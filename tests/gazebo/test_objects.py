"""The boxes and bot cars of a race in a real Gazebo: seen where they are, and in nobody's way."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.simulation import Frame, ObjectPose
from deepracer_gazebo.client import GazeboSimulator, SimulatorError

START_DEADLINE = 120.0


def seen(with_it: Frame, without: Frame) -> np.ndarray:
    """Columns of the image in which something is that was not there before."""
    different = np.abs(with_it.image.astype(int) - without.image).max(axis=2) > 20
    return np.flatnonzero(different.any(axis=0))


@pytest.mark.parametrize(
    ("race", "name", "least"),
    [("object_avoidance", "obstacle", 30), ("head_to_bot", "bot_car", 15)],
)
def test_an_object_is_seen_where_it_was_placed(
    start_server: Callable[..., tuple[object, Path]], race: str, name: str, least: int
) -> None:
    _, socket = start_server("--race-type", race, "--objects", "2")
    with GazeboSimulator(socket, deadline=START_DEADLINE) as simulator:
        empty = simulator.reset(0.0, 0.0, 0.0)
        simulator.place([ObjectPose(f"{name}_0", 1.0, 0.0, 0.0)])
        ahead = simulator.reset(0.0, 0.0, 0.0)
        columns = seen(ahead, empty)
        assert len(columns) > least
        assert abs(columns.mean() - 79.5) < 5.0

        # It stays there, and the other one comes to the left of it.
        simulator.place([ObjectPose(f"{name}_1", 1.0, 0.4, 0.0)])
        both = simulator.reset(0.0, 0.0, 0.0)
        assert seen(both, ahead).mean() < columns.mean() - 20.0
        assert len(seen(both, empty)) > len(columns)

        simulator.place([ObjectPose(f"{name}_{i}", -3.0, 0.0, 0.0) for i in range(2)])
        gone = simulator.reset(0.0, 0.0, 0.0)
        assert np.array_equal(gone.image, empty.image)


def test_an_object_neither_stops_the_car_nor_touches_it(
    start_server: Callable[..., tuple[object, Path]],
) -> None:
    _, socket = start_server("--race-type", "object_avoidance", "--objects", "1")
    with GazeboSimulator(socket, deadline=START_DEADLINE) as simulator:

        def drive(box: ObjectPose) -> list[Frame]:
            simulator.place([box])
            simulator.reset(0.0, 0.0, 0.0)
            return [simulator.step(0.1, 1.5) for _ in range(20)]

        free = drive(ObjectPose("obstacle_0", 50.0, 0.0, 0.0))
        through = drive(ObjectPose("obstacle_0", 0.8, 0.0, 0.0))
        for one, other in zip(free, through, strict=True):
            assert one.position.tobytes() == other.position.tobytes()
            assert other.contacts == ()


def test_what_the_world_does_not_have_is_refused(
    start_server: Callable[..., tuple[object, Path]],
) -> None:
    _, socket = start_server()
    with GazeboSimulator(socket, deadline=START_DEADLINE) as simulator:
        with pytest.raises(ValueError, match="finite pose"):
            simulator.place([ObjectPose("obstacle_0", math.nan, 0.0, 0.0)])
        with pytest.raises(ValueError, match="31 bytes"):
            simulator.place([ObjectPose("o" * 32, 0.0, 0.0, 0.0)])
        simulator.place([ObjectPose("obstacle_0", 1.0, 0.0, 0.0)])
        with pytest.raises(SimulatorError, match="gone away"):
            simulator.step(0.0, 1.0)
