"""Light, colours, textures, camera and grip in a real Gazebo: as asked for, and only that."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.car_geometry import CAMERA_FIELD_OF_VIEW
from deepracer_core.conditions import TEXTURES, Conditions
from deepracer_core.randomisation import RANDOMISED, Randomisation, parse_range
from deepracer_core.simulation import CONTROL_RATE, Frame, ObjectPose
from deepracer_core.track_library import load_track, share_folder
from deepracer_gazebo.client import GazeboSimulator, SimulatorError
from numpy.typing import NDArray

START_DEADLINE = 120.0

DEFAULT = Conditions()

BLACK = (0.0, 0.0, 0.0)

CAMERA_PITCH = math.radians(15.0)

WILD = Randomisation(
    {name: parse_range(name, "0:3" if "texture" in name else "1:3") for name in RANDOMISED}
)

Image = NDArray[np.int64]


@pytest.fixture
def meadow(track_socket: Path) -> Iterator[GazeboSimulator]:
    """A box on the road, some way ahead of the car."""
    with GazeboSimulator(track_socket, deadline=START_DEADLINE) as simulator:
        simulator.place([ObjectPose("obstacle_0", *load_track("meadow_loop").pose_at(1.3, 0.15))])
        yield simulator


def seen(simulator: GazeboSimulator, conditions: Conditions = DEFAULT) -> Image:
    """What the car sees from the start line."""
    simulator.apply(conditions)
    return simulator.reset(*load_track("meadow_loop").pose_at(0.0)).image.astype(np.int64)


def changed(simulator: GazeboSimulator, **conditions: object) -> NDArray[np.bool_]:
    """Where the picture is another one."""
    return (seen(simulator, replace(DEFAULT, **conditions)) != seen(simulator)).any(axis=2)


def horizon(image: Image) -> float:
    """In which row the field begins, seen straight ahead."""
    column = image[:, 5].astype(float)
    sky, field = column[0], column[-1]
    share = np.abs(column - field).sum(axis=1) < np.abs(column - sky).sum(axis=1)
    return float(np.argmax(share))


@pytest.mark.parametrize("strength", [0.25, 0.5, 0.75])
def test_the_lights_strength_is_that_of_every_pixel(
    meadow: GazeboSimulator, strength: float
) -> None:
    default = seen(meadow)
    dim = seen(meadow, Conditions(light_strength=strength))
    np.testing.assert_allclose(dim, strength * default, atol=2.0)


def test_the_lights_color_is_that_of_every_pixel(meadow: GazeboSimulator) -> None:
    default = seen(meadow)
    warm = seen(meadow, Conditions(light_color=(0.9, 0.6, 0.3)))
    np.testing.assert_allclose(warm, default * (0.9, 0.6, 0.3), atol=2.0)


def test_a_color_is_that_of_its_own_part_alone(meadow: GazeboSimulator) -> None:
    default = seen(meadow)
    names = ("road_color", "field_color", "line_color", "object_color")
    parts = {name: changed(meadow, **{name: BLACK}) for name in names}
    sky = ~np.any(list(parts.values()), axis=0)
    assert all(part.sum() > 300 for part in (*parts.values(), sky))
    # A pixel on an edge is of several parts, and of the sky.
    inside = np.sum(list(parts.values()), axis=0) == 1
    for name, part in parts.items():
        painted = seen(meadow, replace(DEFAULT, **{name: (0.8, 0.5, 0.2)}))
        np.testing.assert_array_equal(painted[~part], default[~part])
        off = np.abs(painted - default * (0.8, 0.5, 0.2)).max(axis=2)[part & inside]
        assert np.mean(off <= 2.0) > 0.9


@pytest.mark.parametrize("part", ["road", "field"])
def test_each_texture_is_another_one_on_its_own_part(meadow: GazeboSimulator, part: str) -> None:
    where = changed(meadow, **{f"{part}_color": BLACK})
    default = seen(meadow)
    looks = {default.tobytes()}
    for number in range(1, TEXTURES):
        image = seen(meadow, replace(DEFAULT, **{f"{part}_texture": number}))
        np.testing.assert_array_equal(image[~where], default[~where])
        assert (image != default).any(axis=2).sum() > 0.5 * where.sum()
        looks.add(image.tobytes())
    assert len(looks) == TEXTURES


def test_the_light_comes_from_where_it_is_asked_to(meadow: GazeboSimulator) -> None:
    default = seen(meadow)
    box = changed(meadow, object_color=BLACK)
    # Not on the horizon, where a pixel is of the sky, too.
    field = changed(meadow, field_color=BLACK) & ~box
    field[: math.ceil(horizon(default)) + 2] = False
    turned = seen(meadow, Conditions(light_azimuth=math.pi))
    # What is level is lit from any side alike.
    np.testing.assert_allclose(turned[field], default[field], atol=1.0)
    assert np.abs(turned - default)[box].max() > 10

    # Light of the world's file: 0.45 from everywhere, 0.6 of the sun, from 60.9 degrees up.
    elevation = math.atan2(0.9, 0.5)
    low = seen(meadow, Conditions(light_elevation=math.radians(30.0) - elevation))
    factor = (0.45 + 0.6 * 0.5) / (0.45 + 0.6 * math.sin(elevation))
    np.testing.assert_allclose(low[field], factor * default[field], atol=2.0)


@pytest.mark.parametrize("degrees", [-5.0, -2.0, 3.0, 8.0])
def test_the_horizon_goes_up_when_the_camera_looks_down(
    meadow: GazeboSimulator, degrees: float
) -> None:
    pitch = math.radians(degrees)
    focal = 80.0 / math.tan(0.5 * CAMERA_FIELD_OF_VIEW)
    row = horizon(seen(meadow, Conditions(camera_pitch=pitch)))
    assert row == pytest.approx(60.0 - focal * math.tan(CAMERA_PITCH + pitch), abs=2.0)


@pytest.mark.parametrize("degrees", [-15.0, 20.0])
def test_the_horizon_comes_nearer_to_the_middle_when_the_camera_sees_wider(
    meadow: GazeboSimulator, degrees: float
) -> None:
    wider = math.radians(degrees)
    focal = 80.0 / math.tan(0.5 * (CAMERA_FIELD_OF_VIEW + wider))
    row = horizon(seen(meadow, Conditions(camera_field_of_view=wider)))
    assert row == pytest.approx(60.0 - focal * math.tan(CAMERA_PITCH), abs=2.0)


@pytest.mark.parametrize("friction", [0.1, 0.2, 0.3])
def test_tyres_pull_as_hard_as_they_grip(meadow: GazeboSimulator, friction: float) -> None:
    meadow.apply(Conditions(friction=friction))
    meadow.reset(0.0, 0.0, 0.0)
    frames = [meadow.step(0.0, 1.6) for _ in range(5)]
    expected = friction * 9.81 * len(frames) / CONTROL_RATE
    assert frames[-1].linear_velocity[0] == pytest.approx(expected, rel=0.03)


def bend(simulator: GazeboSimulator, friction: float) -> list[Frame]:
    """Into a bend of 0.45 m at 1.6 m/s, which takes a grip of 0.58."""
    simulator.apply(DEFAULT)
    simulator.reset(0.0, 0.0, 0.0)
    for _ in range(8):
        simulator.step(0.0, 1.6)
    simulator.apply(Conditions(friction=friction))
    return [simulator.step(math.radians(20.0), 1.6) for _ in range(8)]


def test_a_car_without_grip_slides_out_of_a_bend(meadow: GazeboSimulator) -> None:
    full, low = bend(meadow, 1.0), bend(meadow, 0.3)
    turned = [
        math.atan2(run[-1].linear_velocity[1], run[-1].linear_velocity[0]) for run in (full, low)
    ]
    assert turned[0] > 1.5
    # No faster than the tyres push it round; ODE lets them push along and across at once.
    most = math.sqrt(2.0) * 0.3 * 9.81 * len(low) / CONTROL_RATE / 1.6
    assert 0.3 < turned[1] < most < turned[0]
    for one, other in zip(full, bend(meadow, 1.0), strict=True):
        assert one.position.tobytes() == other.position.tobytes()


def test_all_cameras_see_the_light_and_those_of_the_car_are_turned(server_of) -> None:
    with GazeboSimulator(server_of("--cameras", "front,left,right,chase")) as simulator:
        default = simulator.reset(0.0, 0.0, 0.0).images
        simulator.apply(Conditions(light_strength=0.5))
        for name, image in simulator.reset(0.0, 0.0, 0.0).images.items():
            np.testing.assert_allclose(image.astype(float), 0.5 * default[name], atol=2.0)
        simulator.apply(Conditions(camera_pitch=0.1))
        turned = simulator.reset(0.0, 0.0, 0.0).images
        for name in ("front", "left", "right"):
            assert horizon(turned[name]) < horizon(default[name]) - 5.0
        np.testing.assert_array_equal(turned["chase"], default["chase"])


def test_the_same_conditions_give_the_same_frames_and_the_default_comes_back(
    start_server: Callable[..., tuple[object, Path]], meadow: GazeboSimulator
) -> None:
    world = share_folder() / "worlds/meadow_loop.world"
    _, socket = start_server(
        "--world", str(world), "--race-type", "object_avoidance", "--objects", "1"
    )
    with GazeboSimulator(socket, deadline=START_DEADLINE) as other:
        other.place([ObjectPose("obstacle_0", *load_track("meadow_loop").pose_at(1.3, 0.15))])
        untouched = other.reset(*load_track("meadow_loop").pose_at(0.0)).image.astype(np.int64)
        looks = [WILD.conditions(episode) for episode in range(8)]
        first = [seen(meadow, look) for look in looks]
        again = [seen(meadow, look) for look in reversed(looks)][::-1]
        elsewhere = [seen(other, look) for look in looks]
        for one, two, three in zip(first, again, elsewhere, strict=True):
            np.testing.assert_array_equal(one, two)
            np.testing.assert_array_equal(one, three)
            assert (one != untouched).any()
        np.testing.assert_array_equal(seen(other), untouched)
        np.testing.assert_array_equal(seen(meadow), untouched)


@pytest.mark.parametrize(
    "impossible",
    [
        Conditions(light_strength=math.nan),
        Conditions(friction=-1.0),
        Conditions(camera_pitch=math.inf),
        Conditions(road_color=(1.0, -0.1, 1.0)),
    ],
)
def test_what_is_not_possible_is_refused(track_socket: Path, impossible: Conditions) -> None:
    with GazeboSimulator(track_socket, deadline=START_DEADLINE) as simulator:
        simulator.apply(impossible)
        with pytest.raises(SimulatorError, match="gone away"):
            simulator.step(0.0, 1.0)
