"""Whole races through the rollout, driven by a car without a simulator."""

import numpy as np
import pytest
from deepracer_core.action_space import Command
from deepracer_core.episode import EpisodeRules, EpisodeStatus
from deepracer_core.reward import RewardError
from deepracer_core.rollout import ResetError
from deepracer_core.segment import decode, encode
from deepracer_core.starts import StartPositions
from deepracer_core.track_library import load_track


def straight(track, state, judgement):
    return Command(0.0, 1.0)


def backwards(track, state, judgement):
    return Command(0.0, -0.5)


def parked(track, state, judgement):
    return Command(0.0, 0.0)


@pytest.mark.parametrize(
    ("driver", "rules", "status", "terminated"),
    [
        (None, EpisodeRules(), EpisodeStatus.LAP_COMPLETE, False),
        (straight, EpisodeRules(), EpisodeStatus.OFF_TRACK, True),
        (backwards, EpisodeRules(), EpisodeStatus.REVERSED, True),
        (parked, EpisodeRules(), EpisodeStatus.IMMOBILIZED, True),
        (None, EpisodeRules(max_steps=40), EpisodeStatus.TIME_UP, False),
    ],
    ids=lambda value: value.value if isinstance(value, EpisodeStatus) else None,
)
def test_every_end_state_is_reached(ring, make_race, driver, rules, status, terminated):
    options = {"driver": driver} if driver else {}
    race = make_race(ring, rules=rules, segment_length=16, **options)
    record = race.drive(episodes=1)[0]

    assert record.status is status
    assert record.policy_version == 1
    assert record.duration_s == pytest.approx(record.steps / 15.0, abs=1e-6)
    assert (record.progress == 100.0) == (status is EpisodeStatus.LAP_COMPLETE)
    ends = [(segment.terminated, segment.truncated) for segment in race.segments]
    assert ends[-1] == (terminated, not terminated)
    assert ends[:-1] == [(False, False)] * (len(ends) - 1)
    assert sum(len(segment) for segment in race.segments) == record.steps
    assert race.judgements[-1].status is status
    assert not race.judgements[-1].to_act


def test_a_crash_ends_the_episode(ring, make_race, follow_center):
    def into_a_box(track, state, judgement):
        race.car.contacts = ("box",) if judgement.step == 20 else ()
        return follow_center(track, state)

    race = make_race(ring, into_a_box)
    record = race.drive(episodes=1)[0]
    assert (record.status, record.steps) == (EpisodeStatus.CRASHED, 21)


def test_laps_of_the_track_that_people_drive(make_race, follow_center):
    track = load_track("meadow_loop")
    directions = [track, track.reversed()]
    race = make_race(
        track,
        lambda _, state, judgement: follow_center(directions[judgement.episode % 2], state),
        starts=StartPositions(track, 0.3, alternate_direction=True),
    )
    records = race.drive(episodes=4)
    assert [record.status for record in records] == [EpisodeStatus.LAP_COMPLETE] * 4
    assert [record.reversed for record in records] == [False, True, False, True]
    for record in records:
        # The lap time is that of the centre line at 1 m/s, but for corners that were cut.
        assert record.duration_s == pytest.approx(track.length, rel=0.08)
    assert race.losses == []


def test_the_first_frame_only_leads_to_a_reset(ring, make_race):
    race = make_race(ring)
    frames = race.frames()
    first = next(frames)
    assert (first.status, first.begins, first.to_act) == (EpisodeStatus.PREPARE, False, False)
    second = next(frames)
    assert (second.status, second.begins, second.step) == (EpisodeStatus.PREPARE, True, 0)
    third = next(frames)
    assert (third.status, third.begins, third.step) == (EpisodeStatus.IN_PROGRESS, False, 1)
    assert third.reward == pytest.approx(1.0)
    assert third.progress > 0.0


def test_episodes_start_round_the_lap(ring, make_race):
    race = make_race(ring, straight)
    records = race.drive(episodes=5)
    starts = [record.start_distance / ring.length for record in records]
    np.testing.assert_allclose(starts, np.arange(5) * 0.05, atol=1e-9)
    assert [record.number for record in records] == [0, 1, 2, 3, 4]
    assert {record.wall_clock for record in records} == {1.7e9}


def test_segments_hold_what_was_seen_done_and_earned(ring, make_race):
    race = make_race(ring, segment_length=16, worker=2, seed=11, first_episode=100)
    record = race.drive(episodes=1)[0]

    lengths = [len(segment) for segment in race.segments]
    assert lengths[:-1] == [16] * (len(lengths) - 1)
    assert 1 <= lengths[-1] <= 16
    meta = [segment.meta for segment in race.segments]
    assert [m.segment for m in meta] == list(range(len(meta)))
    assert [m.first_step for m in meta] == [1 + 16 * i for i in range(len(meta))]
    assert {(m.run, m.worker, m.seed, m.track, m.episode, m.policy_version) for m in meta} == {
        ("test", 2, 11, "ring", 100, 1)
    }
    for segment, following in zip(race.segments, race.segments[1:], strict=False):
        for sensor, array in segment.observations.items():
            np.testing.assert_array_equal(array[-1], following.observations[sensor][0])

    told = {kind: dict(v for k, v in race.events if k == kind) for kind in ("observation",)}
    first_frame = race.judgements[1].time_ns
    seen = [each for time, each in told["observation"].items() if time >= first_frame]
    for sensor in race.car.observation:
        kept = np.concatenate([s.observations[sensor][:-1] for s in race.segments])
        np.testing.assert_array_equal(kept, np.stack([each[sensor] for each in seen])[: len(kept)])

    commands = [values[1] for kind, values in race.events if kind == "command"]
    actions = np.concatenate([segment.actions for segment in race.segments])
    expected = [race.rollout._action_space.action(command) for command in commands]
    np.testing.assert_array_equal(actions, expected)
    rewards = np.concatenate([segment.rewards for segment in race.segments])
    assert rewards.sum() == pytest.approx(record.reward, rel=1e-5)
    for segment in race.segments:
        assert encode(decode(encode(segment))) == encode(segment)


def test_an_episode_of_whole_segments_has_no_empty_one_after_them(ring, make_race):
    race = make_race(ring, rules=EpisodeRules(max_steps=32), segment_length=16)
    race.drive(episodes=1)
    assert [len(segment) for segment in race.segments] == [16, 16]
    assert [segment.truncated for segment in race.segments] == [False, True]


def test_an_evaluation_drives_its_trials_from_the_line_and_writes_no_segments(ring, make_race):
    race = make_race(ring, starts=StartPositions.start_line(ring), mode="evaluation", trials=3)
    for _ in race.frames():
        assert race.rollout.finished == (len(race.records) == 3)
    assert race.rollout.finished
    assert [record.status for record in race.records] == [EpisodeStatus.LAP_COMPLETE] * 3
    assert {record.mode for record in race.records} == {"evaluation"}
    assert {record.policy_version for record in race.records} == {1}
    assert [record.start_distance for record in race.records] == pytest.approx([0.0] * 3, abs=1e-9)
    assert race.segments == []
    assert not race.judgements[-1].to_act


def test_the_same_race_twice_is_the_same_bytes(ring, make_race):
    races = [make_race(ring, segment_length=16) for _ in range(2)]
    for race in races:
        race.drive(episodes=2)
    first, second = ([encode(segment) for segment in race.segments] for race in races)
    assert first == second
    assert races[0].records == races[1].records


def test_a_reward_function_that_fails_at_step_37_stops_the_race_there(ring, make_race):
    def sleepy(params):
        return None if params["steps"] == 37 else 1.0

    race = make_race(ring, reward=sleepy)
    with pytest.raises(RewardError, match=r"step 37: .*got None") as caught:
        race.drive(episodes=1)
    assert "distance_from_center = " in str(caught.value)


def test_a_simulator_that_does_not_reset_the_car_is_not_asked_for_ever(ring, make_race):
    race = make_race(ring)
    race.car.reset = lambda x, y, yaw: race.car.step(Command(0.0, 0.1))
    with pytest.raises(ResetError, match=r"asked 10 times to put the car at x 1\.500 m, y 0\.000"):
        race.drive(episodes=1)
