"""The flat world and Gazebo: the same drives and the same pictures, as far as is promised."""

from math import degrees, radians

import cv2
import numpy as np
import pytest
from deepracer_core.action_space import Command
from deepracer_flat.flat_simulator import FRONT
from deepracer_flat.parity import drive_open_loop, gap, road_area, structural_similarity

STEPS = 45  # three seconds


def steerings(name):
    time = np.arange(STEPS) / 15.0
    rng = np.random.default_rng(7)
    return np.radians(
        {
            "straight": np.zeros(STEPS),
            "left": np.full(STEPS, 15.0),
            "right": np.full(STEPS, -12.0),
            "slalom": 18.0 * np.sin(2.0 * np.pi * time / 1.5),
            "at random": np.repeat(rng.choice([-15.0, 0.0, 15.0], STEPS // 3), 3),
        }[name]
    )


@pytest.mark.parametrize("speed", [1.0, 2.0])
@pytest.mark.parametrize("name", ["straight", "left", "right", "slalom", "at random"])
def test_the_same_commands_lead_to_the_same_place(gazebo, simulator, name, speed):
    commands = [Command(float(angle), speed) for angle in steerings(name)]
    start = (0.5, -0.5, 0.3)
    metres, turned = gap(
        drive_open_loop(gazebo, start, commands), drive_open_loop(simulator, start, commands)
    )
    assert metres < 0.05
    assert degrees(turned) < 5.0


def gray(simulator, pose):
    return cv2.cvtColor(simulator.reset(*pose).image, cv2.COLOR_RGB2GRAY)


def test_the_road_looks_the_same(gazebo, simulator, track):
    rng = np.random.default_rng(3)
    for _ in range(12):
        x, y, yaw = track.pose_at(rng.uniform(0.0, track.length), rng.uniform(-0.2, 0.2))
        pose = x, y, yaw + rng.uniform(-0.3, 0.3)
        there, here = gray(gazebo, pose), gray(simulator, pose)
        assert structural_similarity(there, here, road_area(track, FRONT, pose)) > 0.8
        assert (there[:20] == here[:20]).mean() > 0.99  # the sky


def test_an_unlike_picture_is_found_out(simulator, track):
    """The measure itself: another place on the road is not similar."""
    pose = track.pose_at(0.0)
    here, there = gray(simulator, pose), gray(simulator, track.pose_at(4.2))
    road = road_area(track, FRONT, pose)
    assert structural_similarity(here, here, road) == pytest.approx(1.0)
    assert structural_similarity(here, there, road) < 0.7


def test_it_turns_where_it_is_told(simulator):
    poses = drive_open_loop(simulator, (0.0, 0.0, 0.0), [Command(radians(10.0), 1.0)] * 15)
    assert poses.shape == (16, 3)
    assert poses[-1, 2] > 0.5
