"""What a video has on the road is what a simulator was told to show in the episode that was driven.

The flat simulator keeps what it showed in each frame; the episodes come back from the records.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from deepracer.video.scenes import objects_of, race_of
from deepracer_core.bot_cars import BotCarRules, BotCars
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_store import Storage, open_storage
from deepracer_core.object_places import Spread
from deepracer_core.obstacles import Obstacles
from deepracer_core.race_objects import RaceType, SceneSource
from deepracer_core.recorded_trace import RecordedEpisode
from deepracer_core.recordings import Recordings
from deepracer_core.records import EvaluationRecords
from deepracer_core.simulation import Frame, ObjectPose
from deepracer_core.starts import StartPositions
from deepracer_core.trace import TracedEpisode
from deepracer_core.track import Track
from deepracer_core.trial import TrialRules
from deepracer_flat.flat_simulator import FlatSimulator
from deepracer_flat.race_loop import RaceLoop, car_state
from driven import rules, training, write_down

Shown = dict[int, tuple[ObjectPose, ...]]


class Watched(FlatSimulator):
    """Remembers what stood on the road in each frame, by the frame's time."""

    def __init__(self, track: Track) -> None:
        super().__init__(track, ())
        self.shown: Shown = {}

    def step(self, steering_angle: float, speed: float) -> Frame:
        return self._watch(self.objects, super().step(steering_angle, speed))

    def reset(self, x: float, y: float, yaw: float) -> Frame:
        return self._watch(self.objects, super().reset(x, y, yaw))

    def _watch(self, shown: tuple[ObjectPose, ...], frame: Frame) -> Frame:
        self.shown[frame.time_ns] = shown
        return frame


def boxes(worker: int = 0) -> Obstacles:
    return Obstacles(Spread(4, 1.5, randomize=True), seed=7, worker=worker)


def bots(worker: int = 0) -> BotCars:
    changing = BotCarRules(0.6, changes_lanes=True, lane_change_times=(0.5, 1.5))
    return BotCars(Spread(3, 1.5, randomize=True), changing, seed=7, worker=worker)


def drive(
    track: Track, episodes: int, scenes: SceneSource, starts: StartPositions, **options: object
) -> tuple[list[TracedEpisode], list[Shown]]:
    """Drive some episodes in the flat world.

    Returns:
        The traces, and of each episode what was shown in its frames.
    """
    race = rules.make_race(track, None, starts=starts, scenes=scenes, **options).rollout
    simulator = Watched(track)
    loop = RaceLoop(simulator, race, lambda frame: {})
    traces: list[TracedEpisode] = []
    directions = {False: track, True: track.reversed()}
    while len(traces) < episodes:
        loop.begin()
        state = car_state(loop.frame)
        against = np.cos(state.yaw - track.project([(state.x, state.y)]).heading[0]) < 0.0
        while loop.judgement.to_act:
            command = rules.follow_center(directions[bool(against)], car_state(loop.frame))
            loop.act(command, policy_version=1)
        race.take_records()
        traces += race.take_traces()
    times = [[step.state.time_ns for step in trace.steps] for trace in traces]
    return traces, [{time: simulator.shown[time] for time in of_one} for of_one in times]


def same(recorded: RecordedEpisode, shown: Mapping[int, Sequence[ObjectPose]], count: int) -> bool:
    """Whether a video has the objects where they were, to a twentieth of a millimetre."""
    names = [each.name for each in next(iter(shown.values()))]
    filmed = list(objects_of(recorded, names))
    assert len(names) == count
    assert len(filmed) == len(shown)
    assert recorded.times == pytest.approx([time * 1e-9 for time in shown], abs=1e-9)
    there = np.array([[(each.x, each.y, each.yaw) for each in frame] for frame in filmed])
    told = np.array([[(each.x, each.y, each.yaw) for each in frame] for frame in shown.values()])
    assert [[each.name for each in frame] for frame in filmed] == [names] * len(shown)
    return np.abs(there - told).max() < 6e-5


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return open_storage(str(tmp_path / "store"))
    bucket, port = request.getfixturevalue("bucket"), request.getfixturevalue("moto_port")
    return open_storage(f"s3://{bucket}/run?endpoint_url=http://127.0.0.1:{port}")


@pytest.mark.parametrize("make", [boxes, bots])
def test_a_training_with_evaluations_and_a_restart_on_each_worker(
    storage: Storage, track: Track, make
) -> None:
    for worker in (0, 1):
        shown = []
        # Started again, a worker leaves a number of its own out, and the trace does not.
        for first in (0, 7):
            starts = StartPositions(track, 0.3, alternate_direction=True, taken=first)
            traces, of_these = drive(
                track,
                6,
                make(worker),
                starts,
                worker=worker,
                first_episode=first,
                evaluation_share=0.4,
            )
            write_down(training(storage, worker, 2), traces)
            modes = [trace.record.mode for trace in traces]
            assert set(modes) == {"training", "evaluation"}
            shown += [
                each for each, mode in zip(of_these, modes, strict=True) if mode == "training"
            ]
        recorded = Recordings(storage).training(worker)
        assert [each.number for each in recorded] == list(range(len(shown)))
        assert race_of(recorded)[1] == (4 if make is boxes else 3)
        for episode, of_one in zip(recorded, shown, strict=True):
            assert same(episode, of_one, race_of(recorded)[1])
        first_places = {tuple(episode.objects_at(0)) for episode in recorded}
        assert len(first_places) == len(recorded), "each episode drew its own"


@pytest.mark.parametrize("is_continuous", [True, False])
def test_trials_that_go_on_after_crashes_and_from_lap_to_lap(
    storage: Storage, track: Track, is_continuous: bool
) -> None:
    traces, shown = drive(
        track,
        3,
        bots(),
        StartPositions.start_line(track),
        mode="evaluation",
        trials=3,
        trial_rules=TrialRules(is_continuous=is_continuous, number_of_resets=20),
    )
    assert any(trace.record.reset_count for trace in traces)
    write_down(EvaluationRecords(storage, is_discrete=True, wall_clock=lambda: 1.7e9), traces)
    (began,) = Recordings(storage).evaluations()
    recorded = Recordings(storage).evaluation(began)
    assert race_of(recorded) == (RaceType.HEAD_TO_BOT, 3)
    for episode, of_one in zip(recorded, shown, strict=True):
        assert same(episode, of_one, 3)
        assert episode.objects_at(0) != episode.objects_at(len(episode.times) - 1)


def test_what_an_episode_does_not_have_is_out_of_sight(track: Track, tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path / "store"))
    line = StartPositions.start_line(track)
    for scenes in (Obstacles(Spread(1)), Obstacles(Spread(3))):
        write_down(training(storage), drive(track, 1, scenes, line)[0])
    few, many = Recordings(storage).training()
    assert race_of([few, many]) == (RaceType.OBJECT_AVOIDANCE, 3)
    (frame, *_) = objects_of(few, list(many.objects))
    assert [each.name for each in frame] == ["obstacle_0", "obstacle_1", "obstacle_2"]
    assert [np.hypot(each.x, each.y) > 500.0 for each in frame] == [False, True, True]
    assert race_of([]) == (RaceType.TIME_TRIAL, 0)
    write_down(training(storage), drive(track, 1, bots(), line)[0])
    with pytest.raises(ConfigurationError, match="some with bot_car_0 and some with obstacle_2"):
        race_of(Recordings(storage).training())
