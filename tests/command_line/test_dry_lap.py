"""A reward function is tried all around the lap and in its mishaps before anything starts."""

import time

import pytest
from deepracer.preflight import job_findings
from deepracer.settings_sources import resolve_settings
from deepracer_core.object_places import Spread
from deepracer_core.obstacles import Obstacles
from deepracer_core.reward import RewardFunction
from deepracer_core.track_library import load_track

from deepracer import dry_lap


class Diary:
    """A reward function that keeps what it is told."""

    def __init__(self) -> None:
        self.params: list[dict] = []

    def __call__(self, params: dict) -> float:
        self.params.append(params)
        return params["progress"]

    def values(self, name: str) -> set:
        return {params[name] for params in self.params}


@pytest.fixture
def diary() -> Diary:
    return Diary()


def drive(diary: Diary, *, reverse: bool = False, **options: object) -> dry_lap.DryLap:
    track = load_track("meadow_loop")
    scenes = options.pop("scenes", None)
    function = RewardFunction(diary, "diary.py")
    return dry_lap.drive_dry_lap(
        function, track.reversed() if reverse else track, scenes, **options
    )


def test_it_is_a_whole_lap_step_by_step(diary):
    driven = drive(diary)
    assert driven.steps == len(diary.params)
    assert (driven.lowest, driven.highest) == (0.0, 100.0)
    lap = diary.params[: [params["progress"] for params in diary.params].index(100.0) + 1]
    assert [params["steps"] for params in lap] == [float(step + 1) for step in range(len(lap))]
    assert len(lap) == pytest.approx(lap[0]["track_length"] * 15, abs=1)
    assert all(params["distance_from_center"] < 1e-6 for params in lap)
    assert min(params["steering_angle"] for params in lap) < -1.0
    assert max(params["steering_angle"] for params in lap) > 10.0
    assert {params["closest_waypoints"][0] for params in lap} >= set(
        range(len(lap[0]["waypoints"]) - 2)
    )


def test_it_leaves_the_road_turns_round_crawls_and_races(diary):
    drive(diary)
    for name in ("is_offtrack", "all_wheels_on_track", "is_left_of_center"):
        assert diary.values(name) == {True, False}
    assert diary.values("is_crashed") == diary.values("is_reversed") == {False}
    assert {0.1, 4.0} <= diary.values("speed")
    sides = {params["is_left_of_center"] for params in diary.params if params["is_offtrack"]}
    assert sides == {True, False}
    backwards = diary.params[-75:-60]
    ways = [params["projection_distance"] for params in backwards]
    assert ways == sorted(ways, reverse=True)


def test_it_goes_on_where_a_box_stands_in_the_way(diary):
    boxes = Obstacles(Spread(6), seed=0, worker=0)
    drive(diary, scenes=boxes)
    assert diary.values("is_crashed") == {True, False}
    assert max(diary.values("steps")) > 200.0
    assert max(diary.values("progress")) == 100.0


def test_it_goes_the_way_that_the_job_goes(diary):
    drive(diary, reverse=True)
    assert diary.values("is_reversed") == {True}
    drive(diary, both_directions=True)
    assert diary.values("is_reversed") == {True, False}


def test_a_slow_reward_function_does_not_hold_up_the_job(monkeypatch):
    monkeypatch.setattr(dry_lap, "BUDGET_S", 0.2)
    started = time.monotonic()
    driven = drive(lambda params: time.sleep(0.05) or 1.0)
    assert 2 <= driven.steps <= 5
    assert time.monotonic() - started < 2.0


def look(path, text: str, **given: str) -> tuple[bool, str]:
    path.write_text(text)
    found = job_findings(resolve_settings({"reward_function": str(path), **given}, {}), None)
    (finding,) = [each for each in found if each.subject == "reward_function"]
    return finding.good, finding.detail


@pytest.mark.parametrize(
    ("answer", "got"),
    [("None", "got None"), ("float('nan')", "got nan"), ("'fast'", "got 'fast'")],
)
@pytest.mark.parametrize(
    "when", ["params['steps'] == 37", "params['is_offtrack']", "params['speed'] < 0.5"]
)
def test_a_bad_answer_anywhere_is_a_fault_that_names_file_step_and_params(
    tmp_path, answer, got, when
):
    path = tmp_path / "reward.py"
    good, detail = look(
        path,
        f"def reward_function(params):\n    if {when}:\n        return {answer}\n    return 1.0\n",
    )
    assert not good
    assert f"{path}: reward_function at step " in detail
    assert got in detail
    assert "  track_width = " in detail
    if "37" in when:
        assert "at step 37: " in detail
        assert "  steps = 37\n" in detail


def test_each_look_loads_it_anew_and_shows_nothing_that_it_prints(tmp_path, capfd):
    text = (
        "calls = []\n"
        "def reward_function(params):\n"
        "    print('hello')\n"
        "    calls.append(params)\n"
        "    return float(len(calls))\n"
    )
    first = look(tmp_path / "reward.py", text)
    assert first[0]
    assert first[1].startswith("gives 1 to ")
    assert look(tmp_path / "reward.py", text) == first
    assert capfd.readouterr().out == ""
