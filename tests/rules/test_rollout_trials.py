"""Evaluation: putting the car back, penalties, counters, laps that go on."""

from itertools import pairwise
from math import pi

import numpy as np
import pytest
from deepracer_core.action_space import Command
from deepracer_core.bot_cars import BotCarRules, BotCars
from deepracer_core.episode import EpisodeRecord, EpisodeRules, EpisodeStatus
from deepracer_core.object_places import Spread, parse_places
from deepracer_core.obstacles import Obstacles
from deepracer_core.starts import StartPositions
from deepracer_core.trial import TrialRules


def make_evaluation(make_race, track, driver=None, *, trials=1, rules=None, **options):
    given = {"driver": driver} if driver else {}
    return make_race(
        track,
        starts=StartPositions.start_line(track),
        mode="evaluation",
        trials=trials,
        trial_rules=rules,
        **given,
        **options,
    )


def finish(race):
    for _ in race.frames():
        pass
    assert race.rollout.finished
    return race.records


def swerving(follow_center, at_steps):
    """Follows the road, but leaves it from each of these steps on until it is off it."""
    left = set()

    def drive(track, state, judgement):
        place = track.project([(state.x, state.y)])
        due = [step for step in at_steps if step <= judgement.step and step not in left]
        if due:
            if abs(place.offset[0]) > 0.3:
                left.add(due[0])
            return Command(-pi / 6, 1.0)
        return follow_center(track, state)

    return drive


def test_off_track_ends_a_trial_without_resets_as_it_always_did(ring, make_race, follow_center):
    race = make_evaluation(make_race, ring, swerving(follow_center, [20]))
    (record,) = finish(race)
    assert record.status is EpisodeStatus.OFF_TRACK
    assert (record.off_track_count, record.reset_count, record.penalty_s) == (1, 0, 0.0)
    assert record.duration_s == pytest.approx(record.steps / 15.0, abs=1e-6)


def test_off_track_puts_the_car_back_where_it_left_and_costs_two_seconds(
    ring, make_race, follow_center
):
    race = make_evaluation(
        make_race, ring, swerving(follow_center, [20]), rules=TrialRules(number_of_resets=3)
    )
    where = {}
    for judgement in race.frames():
        where[judgement.time_ns] = race.car.state, judgement
    (record,) = race.records

    frames = [where[time] for time in sorted(where)]
    off = [i for i, (_, judged) in enumerate(frames) if judged.status is EpisodeStatus.OFF_TRACK]
    assert len(off) == 1
    (left, judged), (back, resumed) = frames[off[0]], frames[off[0] + 1]
    assert not judged.to_act
    assert resumed.to_act
    assert not resumed.begins
    assert resumed.episode == judged.episode
    assert resumed.progress == pytest.approx(judged.progress, abs=1e-6)
    # At rest, on the centre line, where it left, heading along the road.
    place, came = (ring.project([(state.x, state.y)]) for state in (back, left))
    assert back.speed == 0.0
    assert place.offset[0] == pytest.approx(0.0, abs=1e-9)
    assert place.distance[0] == pytest.approx(came.distance[0], abs=1e-6)
    assert back.yaw == pytest.approx(place.heading[0], abs=1e-9)

    assert record.status is EpisodeStatus.LAP_COMPLETE
    assert record.progress == 100.0
    assert (record.off_track_count, record.crash_count, record.reset_count) == (1, 0, 1)
    assert record.penalty_s == 2.0
    # Being put back takes a frame, which is no step.
    assert record.duration_s == pytest.approx((record.steps + 1) / 15.0 + 2.0, abs=1e-6)


def test_so_many_resets_and_no_more(ring, make_race, follow_center):
    rules = TrialRules(number_of_resets=2, off_track_penalty=0.5)
    race = make_evaluation(
        make_race, ring, swerving(follow_center, [10, 40, 70]), rules=rules, trials=2
    )
    first, second = finish(race)
    assert first.status is EpisodeStatus.OFF_TRACK
    assert (first.off_track_count, first.reset_count, first.penalty_s) == (3, 2, 1.0)
    # The next trial begins on the line with all its resets; this driver leaves the road no more.
    assert second.status is EpisodeStatus.LAP_COMPLETE
    assert (second.off_track_count, second.reset_count, second.penalty_s) == (0, 0, 0.0)
    assert second.start_distance == pytest.approx(0.0, abs=1e-9)


def test_standing_still_or_driving_back_ends_the_trial_and_is_counted(ring, make_race):
    rules = TrialRules(number_of_resets=5)
    for command, counter in (
        (Command(0.0, 0.0), "immobilized_count"),
        (Command(0.0, -0.5), "reversed_count"),
    ):
        race = make_evaluation(make_race, ring, lambda *_, c=command: c, rules=rules)
        (record,) = finish(race)
        assert getattr(record, counter) == 1
        assert record.reset_count == record.crash_count == record.off_track_count == 0


def test_the_step_cap_ends_a_trial_in_spite_of_resets_left(ring, make_race):
    race = make_race(
        ring,
        lambda *_: Command(-pi / 6, 1.0),
        starts=StartPositions.start_line(ring),
        rules=EpisodeRules(max_steps=100),
        mode="evaluation",
        trials=1,
        trial_rules=TrialRules(number_of_resets=1000),
    )
    (record,) = finish(race)
    assert record.steps == 100
    assert record.off_track_count - (record.status is EpisodeStatus.OFF_TRACK) == record.reset_count
    assert record.reset_count > 3
    assert record.penalty_s == 2.0 * record.reset_count


def test_training_ends_with_the_first_end_state_whatever_the_trial_rules(
    ring, make_race, follow_center
):
    race = make_race(
        ring, swerving(follow_center, [20]), trial_rules=TrialRules(3, is_continuous=True)
    )
    records = race.drive(episodes=2)
    assert [record.status for record in records] == [
        EpisodeStatus.OFF_TRACK,
        EpisodeStatus.LAP_COMPLETE,
    ]
    assert records[0].penalty_s == 0.0


def test_continuous_laps_go_on_at_speed(ring, make_race):
    rules = TrialRules(is_continuous=True)
    race = make_evaluation(make_race, ring, trials=3, rules=rules)
    resets = 0
    put = race.car.reset

    def counted(x, y, yaw):
        nonlocal resets
        resets += 1
        return put(x, y, yaw)

    race.car.reset = counted
    records = finish(race)
    assert [record.status for record in records] == [EpisodeStatus.LAP_COMPLETE] * 3
    assert [record.number for record in records] == [0, 1, 2]
    assert {record.policy_version for record in records} == {1}
    assert resets == 1
    begins = [judgement for judgement in race.judgements if judgement.begins]
    assert [judgement.episode for judgement in begins] == [0, 1, 2]
    assert all(judgement.to_act for judgement in begins)
    # Each frame is judged once, and the laps follow one another without a gap.
    times = [judgement.time_ns for judgement in race.judgements]
    assert times == sorted(set(times))
    total = (race.judgements[-1].time_ns - begins[0].time_ns) / 1e9
    assert sum(record.duration_s for record in records) == pytest.approx(total, abs=1e-6)
    for record in records[1:]:
        # Where the lap before was complete: less than a step beyond the line.
        assert min(record.start_distance, ring.length - record.start_distance) < 0.15


def test_a_broken_put_back_is_a_loss_and_the_trial_begins_anew(ring, make_race, follow_center):
    race = make_evaluation(
        make_race, ring, swerving(follow_center, [20]), rules=TrialRules(number_of_resets=1)
    )
    for judgement in race.frames():
        if judgement.status is EpisodeStatus.OFF_TRACK:
            race.car.frames += 3
    (record,) = race.records
    assert record.status is EpisodeStatus.LAP_COMPLETE
    assert record.reset_count == 0
    assert record.start_distance == pytest.approx(0.0, abs=1e-9)
    assert race.rollout.finished


def test_a_simulator_that_puts_the_car_elsewhere_is_asked_again(ring, make_race, follow_center):
    race = make_evaluation(
        make_race, ring, swerving(follow_center, [20]), rules=TrialRules(number_of_resets=1)
    )
    put = race.car.reset
    refusals = iter([False, True, True])

    def stubborn(x, y, yaw):
        return put(x + 1.0, y, yaw) if next(refusals, False) else put(x, y, yaw)

    race.car.reset = stubborn
    (record,) = finish(race)
    paused = [j for j in race.judgements if j.status is EpisodeStatus.PAUSE]
    assert len(paused) == 2
    assert not any(judgement.to_act for judgement in paused)
    assert record.status is EpisodeStatus.LAP_COMPLETE
    assert record.duration_s == pytest.approx((record.steps + 3) / 15.0 + 2.0, abs=1e-6)


def test_a_crash_costs_five_seconds_and_the_car_is_put_where_it_can_start(
    ring, make_race, follow_center
):
    boxes = Obstacles(Spread(1, given=parse_places(["0.4,1"], "test")))
    race = make_evaluation(
        make_race,
        ring,
        scenes=boxes,
        rules=TrialRules(number_of_resets=2),
        reward=lambda params: float(params["is_crashed"]),
    )
    (record,) = finish(race)
    # It drives down the middle and cannot pass.
    assert record.status is EpisodeStatus.CRASHED
    assert (record.crash_count, record.reset_count, record.penalty_s) == (3, 2, 10.0)
    assert record.progress == pytest.approx(40.0, abs=7.0)
    assert record.reward == 3.0
    crashes = [i for i, j in enumerate(race.judgements) if j.status is EpisodeStatus.CRASHED]
    for crash in crashes[:-1]:
        back, ahead = race.judgements[crash + 1], race.judgements[crash + 2]
        assert back.status is ahead.status is EpisodeStatus.IN_PROGRESS
        assert back.progress < race.judgements[crash].progress


def test_the_start_of_an_episode_is_moved_back_to_free_road(ring, make_race):
    boxes = Obstacles(Spread(1, given=parse_places(["0.0,-1"], "test")))
    race = make_evaluation(make_race, ring, scenes=boxes)
    (record,) = finish(race)
    assert record.start_distance > ring.length - 1.5
    assert record.status is EpisodeStatus.CRASHED


def test_the_simulator_is_told_where_the_objects_are_in_the_frame_that_comes(ring, make_race):
    rules = BotCarRules(speed=0.4, changes_lanes=True)
    seen = []

    def note(params):
        seen.append((params["sim_time"], params["objects_location"], params["objects_heading"]))
        return 1.0

    race = make_race(
        ring,
        lambda *_: Command(0.0, 1.0),
        reward=note,
        scenes=BotCars(Spread(2, min_distance=1.5, randomize=True), rules, seed=1),
    )
    told = {}
    for _ in race.frames():
        (placement,) = race.rollout.take_placements()
        told[placement.time_ns] = placement.objects
        if len(race.records) == 3:
            break
    period = 1e9 / 15
    judged = 0
    for sim_time, locations, headings in seen:
        before = min(told, key=lambda time: abs(time - (sim_time * 1e9 - period)))
        poses = told[before]
        assert [(pose.x, pose.y) for pose in poses] == locations
        assert [pose.yaw for pose in poses] == headings
        assert [pose.name for pose in poses] == ["bot_car_0", "bot_car_1"]
        judged += 1
    assert judged > 30
    # They wait where they begin until the episode does, and each episode has its own places.
    begins = [judgement.time_ns for judgement in race.judgements if judgement.begins]
    times = sorted(told)
    for begin in begins:
        asked = times[times.index(begin) - 1]
        assert told[asked] != told[begin]
    first = [told[times[times.index(begin) - 1]] for begin in begins]
    assert first[0] != first[1]


def test_a_frame_that_comes_again_is_answered_again_objects_and_all(ring, make_race):
    race = make_race(ring, scenes=Obstacles(Spread(2)))
    frames = race.frames()
    for _ in range(5):
        next(frames)
    race.rollout.take_placements()
    race.rollout.state(race.car.state)
    race.rollout.state(race.car.state)
    first, again = race.rollout.take_placements()
    assert first == again


def test_bot_cars_drive_on_while_the_car_is_put_back_and_from_lap_to_lap(ring, make_race):
    bots = BotCars(Spread(1), BotCarRules(speed=1.0))
    rules = TrialRules(is_continuous=True)
    race = make_evaluation(make_race, ring, scenes=bots, trials=2, rules=rules)
    poses = []
    for _ in race.frames():
        poses += [placement.objects[0] for placement in race.rollout.take_placements()]
    records = race.records
    assert [record.status for record in records] == [EpisodeStatus.LAP_COMPLETE] * 2
    steps = [np.hypot(b.x - a.x, b.y - a.y) for a, b in pairwise(poses)]
    assert max(steps) < 1.2 / 15.0


def test_a_record_of_before_is_still_read():
    text = (
        '{"worker": 0, "number": 4, "mode": "training", "policy_version": 2, "status":'
        ' "off_track", "steps": 12, "progress": 5.0, "reward": 1.5, "duration_s": 0.8,'
        ' "start_distance": 0.0, "wall_clock": 1.0, "track": "ring", "reversed": true}'
    )
    record = EpisodeRecord.from_json(text)
    assert (record.penalty_s, record.crash_count, record.reset_count) == (0.0, 0, 0)
    assert EpisodeRecord.from_json(record.to_json()) == record
