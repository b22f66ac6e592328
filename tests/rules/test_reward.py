from math import degrees, pi
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from deepracer_core.episode import CarState, Episode, EpisodeRules
from deepracer_core.errors import ConfigurationError
from deepracer_core.object_places import Spread
from deepracer_core.obstacles import Obstacles
from deepracer_core.reward import (
    RewardError,
    RewardFunction,
    load_reward_function,
    reward_params,
)
from deepracer_core.simulation import frame_time_ns

# Key and type of everything in the public format.
KEYS = {
    "all_wheels_on_track": bool,
    "x": float,
    "y": float,
    "heading": float,
    "distance_from_center": float,
    "is_left_of_center": bool,
    "progress": float,
    "steps": float,
    "speed": float,
    "steering_angle": float,
    "track_width": float,
    "track_length": float,
    "waypoints": list,
    "closest_waypoints": list,
    "projection_distance": float,
    "is_reversed": bool,
    "is_offtrack": bool,
    "is_crashed": bool,
    "sim_time": float,
    "objects_location": list,
    "objects_distance": list,
    "objects_distance_from_center": list,
    "objects_heading": list,
    "objects_speed": list,
    "objects_left_of_center": list,
    "closest_objects": list,
    "object_in_camera": bool,
}


RACES = Path(__file__).parents[2] / "docs" / "races.md"


def params_of(track, distance=2.0, offset=0.1, turned=0.0, speed=1.5, steering=0.2, contacts=()):
    """After a first step that led from 0.1 m before to `distance`."""
    x, y, yaw = track.pose_at(distance - 0.1)
    episode = Episode(track, EpisodeRules(), CarState(0, x, y, yaw, 0.0, 0.0), 0)
    x, y, yaw = track.pose_at(distance, offset)
    state = CarState(frame_time_ns(30), x, y, yaw + turned, speed, steering, contacts)
    return reward_params(track, track.waypoints, episode.advance(state)), state


def test_all_keys_of_the_public_format_are_there_with_their_types(ring):
    params, _ = params_of(ring)
    assert {name: type(value) for name, value in params.items()} == KEYS


def test_the_documentation_has_every_key_with_its_type(ring):
    params, _ = params_of(ring)
    section = RACES.read_text(encoding="utf-8").partition("## What the reward function is told\n")[
        2
    ]
    rows = [
        tuple(cell.strip(" `") for cell in line.strip("|").split("|")[:2])
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    assert rows == [(name, type(value).__name__) for name, value in params.items()]


def test_values_describe_the_state_after_the_step(ring):
    params, state = params_of(ring)
    assert (params["x"], params["y"]) == (state.x, state.y)
    assert params["speed"] == 1.5
    assert params["steering_angle"] == pytest.approx(degrees(0.2))
    assert params["steps"] == 1.0
    assert params["progress"] == pytest.approx(100.0 * 0.1 / ring.length, rel=1e-6)
    assert params["projection_distance"] == pytest.approx(2.0, abs=1e-3)
    assert params["distance_from_center"] == pytest.approx(0.1, abs=1e-3)
    assert params["is_left_of_center"]
    assert params["all_wheels_on_track"]
    assert params["sim_time"] == pytest.approx(2.0)
    assert params["track_length"] == ring.length
    assert params["track_width"] == pytest.approx(0.76, abs=0.01)
    assert params["objects_location"] == []
    assert not params["object_in_camera"]


def test_waypoints_are_closed_and_the_closest_two_lie_about_the_car(ring):
    params, state = params_of(ring)
    waypoints = params["waypoints"]
    assert waypoints[0] == waypoints[-1]
    assert len(waypoints) == 241
    behind, ahead = params["closest_waypoints"]
    assert ahead == behind + 1
    before, after = (np.array(waypoints[index]) for index in (behind, ahead))
    along = (np.array([state.x, state.y]) - before) @ (after - before)
    assert 0.0 <= along <= (after - before) @ (after - before)


def test_sides_and_direction_turn_round_with_the_driving_direction(ring):
    back = ring.reversed()
    left, _ = params_of(back, offset=0.1)
    right, _ = params_of(back, offset=-0.1)
    assert (left["is_left_of_center"], right["is_left_of_center"]) == (True, False)
    assert left["is_reversed"]
    assert not params_of(ring)[0]["is_reversed"]
    np.testing.assert_allclose(left["waypoints"], ring.waypoints[::-1], atol=1e-9)


@pytest.mark.parametrize(
    ("yaw", "heading"),
    [(0.0, 0.0), (pi, 180.0), (-pi, 180.0), (0.5 * pi, 90.0), (3.0 * pi, 180.0), (-3.5, 159.465)],
)
def test_heading_is_within_minus_180_and_180(ring, yaw, heading):
    x, y, _ = ring.pose_at(0.0)
    begin = Episode(ring, EpisodeRules(), CarState(0, x, y, yaw, 0.0, 0.0), 0).begin
    value = reward_params(ring, ring.waypoints, begin)["heading"]
    assert -180.0 < value <= 180.0
    assert value == pytest.approx(heading, abs=1e-3)


def test_end_states_are_told(ring):
    off, _ = params_of(ring, offset=0.6)
    assert off["is_offtrack"]
    assert not off["all_wheels_on_track"]
    crashed, _ = params_of(ring, contacts=("box",))
    assert crashed["is_crashed"]
    assert not crashed["is_offtrack"]


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "reward_function.py"
        path.write_text(dedent(text))
        return load_reward_function(path)

    return load


@pytest.mark.parametrize(
    ("value", "reward"),
    [
        ("1", 1.0),
        ("-0.25", -0.25),
        ("True", 1.0),
        ("1e5", 1e5),
        ("np.float32(0.5)", 0.5),
        ("np.int64(3)", 3.0),
        ("np.array(2.5)", 2.5),
        ("np.array([2.5])", 2.5),
    ],
)
def test_numbers_of_all_kinds_are_rewards(load, value, reward):
    function = load(f"import numpy as np\ndef reward_function(params):\n    return {value}\n")
    given = function({"steps": 1.0})
    assert given == reward
    assert type(given) is float


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("None", "got None: does every path"),
        ("float('nan')", "got nan"),
        ("float('inf')", "got inf"),
        ("'1.0'", "got '1.0': a number was probably turned into text"),
        ("100001", "got 100001"),
        ("-1.1e5", "got -110000.0"),
        ("10 ** 400", "got 1000"),
        ("[1.0]", r"got \[1.0\]"),
        ("1j", "got 1j"),
        ("(-0.5) ** 0.5", "got .*j"),
        ("np.array([1.0, 2.0])", r"got array\("),
        ("np.float64('nan')", "got nan"),
    ],
)
def test_what_is_no_reward_is_an_error_that_names_step_and_params(ring, load, value, named):
    function = load(f"import numpy as np\ndef reward_function(params):\n    return {value}\n")
    params, _ = params_of(ring)
    params["steps"] = 37.0
    with pytest.raises(RewardError) as caught:
        function(params)
    assert caught.match(rf"reward_function at step 37: expected a finite number within .*{named}")
    lines = str(caught.value).splitlines()
    assert len(lines) == 2 + len(KEYS)
    assert "  speed = 1.5" in lines
    assert any(line.startswith("  waypoints = [(1.5, 0),") for line in lines)
    assert all(len(line) < 400 for line in lines)
    assert "(241 of them)" in str(caught.value)


def test_an_exception_in_the_function_names_the_users_line(load):
    function = load(
        """
        def share(a, b):
            return a / b

        def reward_function(params):
            del params["speed"]
            return share(1, params["zero"])
        """
    )
    with pytest.raises(RewardError) as caught:
        function({"steps": 5.0, "speed": 1.0, "zero": 0})
    assert caught.match(
        r"reward_function\.py: reward_function at step 5: ZeroDivisionError: division by zero "
        r"\(reward_function\.py, line 3: return a / b\)"
    )
    # The params are those that were given, whatever the function did to them.
    assert "speed = 1" in str(caught.value)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_misspelt_param_names_the_right_one(load):
    function = load("def reward_function(params):\n    return params['is_left_of_centre']\n")
    with pytest.raises(RewardError, match="params has 'is_left_of_center'"):
        function({"steps": 1.0, "is_left_of_center": True})


def test_leaving_the_program_is_an_error_as_well(load):
    function = load("import sys\ndef reward_function(params):\n    sys.exit(0)\n")
    with pytest.raises(RewardError, match="SystemExit: 0"):
        function({"steps": 1.0})


def test_nothing_that_the_function_does_to_its_params_is_seen_again(ring, load):
    function = load(
        """
        def reward_function(params):
            assert len(params["waypoints"]) == 241
            params["waypoints"].clear()
            params["closest_waypoints"][0] = 99
            params["speed"] = 99
            params.clear()
            print("a function may print")
            return 1
        """
    )
    track_points = ring.waypoints
    x, y, yaw = ring.pose_at(0.0)
    begin = Episode(ring, EpisodeRules(), CarState(0, x, y, yaw, 0.0, 0.0), 0).begin
    params = reward_params(ring, track_points, begin)
    function(params)
    assert params == reward_params(ring, ring.waypoints, begin)
    assert len(track_points) == 241


def test_functions_keep_what_they_remember_from_step_to_step(load):
    function = load(
        """
        from dataclasses import dataclass

        @dataclass
        class Memory:
            steps: "int" = 0

        memory = Memory()

        def reward_function(params):
            memory.steps += 1
            return memory.steps
        """
    )
    assert [function({"steps": 1.0}) for _ in range(3)] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "def reward_function(params):\n    return 1 1\n",
            r"reward_function\.py, line 2: SyntaxError: .*: return 1 1",
        ),
        ("def reward_function(params):\nreturn 1\n", "line 2: IndentationError"),
        ("x = 1\n", "expected `def reward_function.params.`, got no function at all"),
        ("def reward(params):\n    return 1\n", "got only reward"),
        ("reward_function = 3\n", "reward_function: expected a function, got 3"),
        ("def reward_function():\n    return 1\n", "expected one argument, params"),
        ("def reward_function(a, b):\n    return 1\n", "expected one argument, params"),
        (
            "import no_such_module_at_all\n",
            r"cannot be imported: ModuleNotFoundError.*\(reward_function\.py, line 1: import",
        ),
        ("raise SystemExit\n", r"cannot be imported: SystemExit \(.*line 1"),
        ("x = '\0'\n", "reward_function.py.*null bytes"),
        ("# coding: nonsense\n", "reward_function.py, line"),
    ],
)
def test_files_without_a_reward_function_are_refused(load, text, message):
    with pytest.raises(ConfigurationError, match=message):
        load(text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"no\.py: expected a reward function file, got"):
        load_reward_function(tmp_path / "no.py")


def test_loading_leaves_nothing_beside_the_file(load, tmp_path):
    load("def reward_function(params):\n    return 1\n")
    assert [path.name for path in tmp_path.iterdir()] == ["reward_function.py"]


def test_a_function_needs_no_file():
    assert RewardFunction(lambda params: params["speed"], "here")({"speed": 2}) == 2.0


def test_objects_are_described_as_the_public_format_does(ring):
    boxes = Obstacles(Spread(4)).scene(ring, 0.0, 0).at(0.0)
    lap = ring.length
    episode = Episode(ring, EpisodeRules(), state_at(ring, 0.05 * lap), 0, lambda time_ns: boxes)
    params = reward_params(
        ring, ring.waypoints, episode.advance(state_at(ring, 0.05 * lap + 0.1, step=1))
    )
    assert params["objects_location"] == [(box.outline.x, box.outline.y) for box in boxes]
    np.testing.assert_allclose(
        np.array(params["objects_distance"]) / lap, [0.2, 0.4, 0.6, 0.8], atol=0.01
    )
    assert params["objects_distance_from_center"] == pytest.approx([0.19] * 4, abs=0.01)
    assert params["objects_heading"] == pytest.approx(
        [np.arctan2(np.sin(a), np.cos(a)) for a in (np.arange(1, 5) * 0.4 * pi + 0.5 * pi)],
        abs=0.02,
    )
    assert params["objects_speed"] == [0.0] * 4
    assert params["objects_left_of_center"] == [True, False, True, False]
    assert params["closest_objects"] == [3, 0]
    # 27 degrees to the left, which is within the camera's 65.
    assert params["object_in_camera"] is True
    assert params["is_crashed"] is False
    assert {name: type(value) for name, value in params.items()} == KEYS

    near = state_at(ring, boxes[0].distance - 0.9, step=2)
    episode = Episode(ring, EpisodeRules(), near, 0, lambda time_ns: boxes)
    params = reward_params(
        ring, ring.waypoints, episode.advance(state_at(ring, boxes[0].distance - 0.8, step=3))
    )
    assert params["object_in_camera"] is True
    params = reward_params(
        ring, ring.waypoints, episode.advance(state_at(ring, boxes[0].distance - 0.6, step=4))
    )
    assert params["is_crashed"] is False
    params = reward_params(
        ring, ring.waypoints, episode.advance(state_at(ring, boxes[0].distance - 0.35, step=5))
    )
    assert params["is_crashed"] is True
    # Turned round, it has the next one behind it.
    x, y, yaw = ring.pose_at(boxes[0].distance + 0.05)
    turned = CarState(frame_time_ns(6), x, y, yaw + pi, 0.0, 0.0)
    episode = Episode(ring, EpisodeRules(), turned, 0, lambda time_ns: boxes)
    params = reward_params(ring, ring.waypoints, episode.begin)
    assert params["closest_objects"] == [0, 1]
    assert params["object_in_camera"] is False


def state_at(track, distance, step=0):
    return CarState(frame_time_ns(step), *track.pose_at(distance), 1.0, 0.0)
