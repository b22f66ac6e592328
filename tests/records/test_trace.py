"""The rows of a trace: their format, and what they say of an episode."""

from itertools import pairwise
from math import pi

import numpy as np
import pytest
from deepracer_core.action_space import Command, ContinuousActionSpace
from deepracer_core.episode import EpisodeStatus
from deepracer_core.trace import TRACE_HEADER, trace_rows
from deepracer_core.trial import TrialRules
from driven import drive_traces, mixed_driver, race

COLUMNS = TRACE_HEADER.split(",")
FORMAT = "%d,%d,%.4f,%.4f,%.4f,%.2f,%.2f,%s,%.4f,%s,%s,%.4f,%d,%.2f,%s,%s,%.2f,%d,%.4f"


def tables(episode, number=0, is_discrete=True) -> list[dict[str, str]]:
    rows = trace_rows(episode, number, is_discrete)
    return [dict(zip(COLUMNS, row.split(","), strict=True)) for row in rows]


def test_the_columns_are_those_of_the_public_format():
    assert TRACE_HEADER == (
        "episode,steps,X,Y,yaw,steer,throttle,action,reward,done,all_wheels_on_track,progress,"
        "closest_waypoint,track_len,tstamp,episode_status,pause_duration,obstacle_crash_counter,"
        "wall_clock"
    )


def test_a_row_has_the_public_format(track):
    episode = drive_traces(track, 1)[0]
    step, answer = episode.steps[3], episode.answers[2]
    assert trace_rows(episode, 7, is_discrete=True)[3] == FORMAT % (
        7,
        3,
        step.state.x,
        step.state.y,
        step.state.yaw * 180 / pi,
        answer.command.steering_angle * 180 / pi,
        answer.command.speed,
        str(answer.action),
        step.state.speed,  # the reward function of these races
        False,
        True,
        step.progress,
        episode.track.closest_waypoints(step.distance)[0],
        track.length,
        step.state.time_ns / 1e9,
        "in_progress",
        0.0,
        0,
        1.7e9,
    )


def test_an_episode_goes_from_prepare_to_its_end(track):
    for episode in drive_traces(track, 3):
        rows = tables(episode)
        record = episode.record
        assert [int(row["steps"]) for row in rows] == list(range(record.steps + 1))
        statuses = [row["episode_status"] for row in rows]
        assert statuses == ["prepare", *["in_progress"] * (record.steps - 1), record.status.value]
        assert [row["done"] for row in rows] == [*["False"] * record.steps, "True"]
        assert float(rows[0]["reward"]) == 0.0
        assert rows[0]["action"] == "-1"
        assert all(int(row["action"]) >= 0 for row in rows[1:])
        assert sum(float(row["reward"]) for row in rows) == pytest.approx(record.reward, abs=0.1)
        driven_s = float(rows[-1]["tstamp"]) - float(rows[0]["tstamp"])
        assert driven_s == pytest.approx(record.duration_s, abs=1e-6)


def test_only_a_complete_lap_shows_a_hundred_percent(track):
    for episode in drive_traces(track, 6):
        is_lap = episode.record.status is EpisodeStatus.LAP_COMPLETE
        assert (tables(episode)[-1]["progress"] == "100.0000") is is_lap


def test_each_action_is_on_the_row_of_what_it_led_to(track):
    driven = race(track)
    driven.drive(1)
    commands = {values[0]: values[1] for kind, values in driven.events if kind == "command"}
    episode = driven.traces[0]
    for before, after, answer in zip(
        episode.steps[:-1], episode.steps[1:], episode.answers, strict=True
    ):
        assert answer.command == commands[before.state.time_ns]
        assert after.step == before.step + 1


def test_a_continuous_action_has_no_comma(track):
    space = ContinuousActionSpace(Command(-pi / 6, 0.5), Command(pi / 6, 1.0))
    driven = race(track)
    driven.rollout._action_space = space
    driven.drive(1)
    rows = tables(driven.traces[0], is_discrete=False)
    answer = driven.traces[0].answers[0]
    assert isinstance(answer.action, np.ndarray)
    steering_deg = answer.command.steering_angle * 180 / pi
    assert rows[1]["action"] == f"[{steering_deg:.4f} {answer.command.speed:.4f}]"
    assert rows[0]["action"] == "[0.0000 0.0000]"


def test_answers_may_come_late(track):
    """The answer to a frame is heard after the state that it led to."""
    driven = race(track)
    driven.drive(2)
    late = race(track)
    events = driven.events
    order = sorted(range(len(events)), key=lambda i: i + (2.5 if events[i][0] == "command" else 0))
    for index in order:
        kind, values = events[index]
        getattr(late.rollout, kind)(*values)
    late.drain()
    first = late.traces[0]
    assert first.answers == driven.traces[0].answers
    assert first.steps == driven.traces[0].steps


def test_an_episode_that_was_given_up_leaves_no_trace(track):
    driven = race(track)
    for count, _ in enumerate(driven.frames()):
        if count == 20:
            driven.car.frames += 5  # frames are missing
        if len(driven.records) == 2:
            break
    assert len(driven.losses) == 1
    assert [trace.record.number for trace in driven.traces[:2]] == [1, 2]
    for trace in driven.traces:
        times = [step.state.time_ns for step in trace.steps]
        assert max(after - before for before, after in pairwise(times)) < 0.067e9


def test_a_car_that_is_put_back_pauses_for_its_penalty(track):
    driven = race(
        track,
        mixed_driver,
        mode="evaluation",
        trials=3,
        trial_rules=TrialRules(number_of_resets=2, off_track_penalty=2.0),
    )
    driven.drive(3)
    trial = driven.traces[2]
    assert trial.record.reset_count == 2
    rows = tables(trial)
    pauses = [row for row in rows if row["episode_status"] == "pause"]
    assert [float(row["pause_duration"]) for row in pauses] == [2.0, 2.0]
    assert sum(float(row["pause_duration"]) for row in rows) == trial.record.penalty_s
    assert sum(row["episode_status"] == "off_track" for row in rows) == 3
    assert trial.record.off_track_count == 3


def test_the_last_trial_of_an_evaluation_is_traced_though_its_last_answer_is_missing(track):
    driven = race(track, mode="evaluation", trials=1)
    driven.drive(1)
    commands = [index for index, (kind, _) in enumerate(driven.events) if kind == "command"]
    silent = race(track, mode="evaluation", trials=1)
    for index, (kind, values) in enumerate(driven.events):
        if index != commands[-1]:
            getattr(silent.rollout, kind)(*values)
    silent.drain()
    last = tables(silent.traces[0])[-1]
    assert last["action"] == "-1"
    assert float(last["throttle"]) == pytest.approx(
        silent.traces[0].steps[-1].state.speed, abs=0.01
    )
