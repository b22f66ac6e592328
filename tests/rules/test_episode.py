from math import pi
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.car_geometry import steering_angle, wheel_centers
from deepracer_core.episode import (
    CarState,
    Episode,
    EpisodeRecord,
    EpisodeRules,
    EpisodeStatus,
)
from deepracer_core.simulation import MAX_STEERING_ANGLE, frame_time_ns


def at(track, distance, offset=0.0, step=0, *, contacts=(), turned=0.0):
    x, y, yaw = track.pose_at(distance, offset)
    return CarState(frame_time_ns(step), x, y, yaw + turned, 1.0, 0.0, contacts)


def drive(episode, track, distances, **where):
    steps = []
    for number, distance in enumerate(distances, start=1):
        steps.append(episode.advance(at(track, distance, step=number, **where)))
        if steps[-1].done:
            break
    return steps


@pytest.mark.parametrize("share", [0.0, 0.013, 0.5, 0.87, 0.999])
@pytest.mark.parametrize("direction", ["forward", "reversed"])
def test_a_lap_from_anywhere_ends_exactly_where_it_began(ring, share, direction):
    track = ring if direction == "forward" else ring.reversed()
    begin = share * track.length
    episode = Episode(track, EpisodeRules(), at(track, begin), 3)
    steps = drive(episode, track, begin + np.arange(1, 100) * 0.1)

    progress = [step.progress for step in steps]
    assert progress == sorted(progress)
    assert steps[0].progress == pytest.approx(10.0 / track.length, rel=1e-6)
    assert [step.status for step in steps[:-1]] == [EpisodeStatus.IN_PROGRESS] * (len(steps) - 1)
    assert steps[-1].status is EpisodeStatus.LAP_COMPLETE
    assert steps[-1].progress == 100.0
    # The first of the 0.1 m steps that has come round, and no other.
    assert len(steps) == np.ceil(track.length / 0.1)


@pytest.mark.parametrize("beyond", [-1e-9, 0.0, 1e-9])
def test_the_lap_is_complete_at_the_line_and_not_before(ring, beyond):
    episode = Episode(ring, EpisodeRules(), at(ring, 0.0), 0)
    drive(episode, ring, np.linspace(0.1, ring.length - 0.05, 120))
    last = episode.advance(at(ring, beyond, step=121))
    assert (last.status is EpisodeStatus.LAP_COMPLETE) == (beyond >= 0.0)
    assert last.progress == pytest.approx(100.0)


def test_the_end_of_a_lap_is_a_truncation_unless_the_rules_say_otherwise(ring):
    for terminates in (False, True):
        rules = EpisodeRules(lap_terminates=terminates)
        episode = Episode(ring, rules, at(ring, 0.0), 0)
        last = drive(episode, ring, np.arange(1, 200) * 0.1)[-1]
        assert (last.terminated, last.truncated) == (terminates, not terminates)


def test_progress_stays_within_0_and_100_when_the_car_backs_over_the_start(ring):
    episode = Episode(ring, EpisodeRules(reversed_steps=15), at(ring, 0.0), 0)
    steps = drive(episode, ring, [-0.1, -0.2, 0.1, 0.2])
    assert [step.progress for step in steps[:2]] == [0.0, 0.0]
    assert steps[-1].progress == pytest.approx(20.0 / ring.length, rel=1e-6)


def test_a_step_gains_no_more_than_a_car_can_drive_in_it(folded):
    """Where the straights lie side by side, the other one is nearer for a moment."""
    x, y, yaw = folded.pose_at(1.0)
    episode = Episode(folded, EpisodeRules(), CarState(0, x, y, yaw, 1.0, 0.0), 0)
    across = CarState(frame_time_ns(1), x, y + 0.25, yaw, 1.0, 0.0)
    assert folded.project([(across.x, across.y)]).distance[0] > 4.0
    step = episode.advance(across)
    assert step.distance == pytest.approx(1.0, abs=0.01)
    assert step.offset == pytest.approx(0.25, abs=0.01)

    far = CarState(frame_time_ns(2), x + 2.0, y, yaw, 1.0, 0.0)
    assert episode.advance(far).distance == pytest.approx(1.0 + 4.0 / 15.0, abs=1e-9)


def test_wheels_on_track_one_by_one(ring):
    edge = 0.38

    def judge(offset):
        return Episode(ring, EpisodeRules(), at(ring, 0.5, offset), 0).begin

    assert judge(0.0).all_wheels_on_track
    assert not judge(0.0).is_offtrack
    # The car is 0.16 m wide between the wheels: its right ones are out, its left ones are not.
    halfway = judge(-edge)
    assert not halfway.all_wheels_on_track
    assert not halfway.is_offtrack
    for offset in (edge + 0.12, -edge - 0.12):
        assert judge(offset).is_offtrack
        assert not judge(offset).all_wheels_on_track


def test_off_track_ends_the_episode(ring):
    episode = Episode(ring, EpisodeRules(), at(ring, 0.0), 0)
    offsets = np.linspace(0.0, 0.6, 13)
    for number, offset in enumerate(offsets[1:], start=1):
        step = episode.advance(at(ring, 0.1 * number, offset, number))
        if step.done:
            break
    assert step.status is EpisodeStatus.OFF_TRACK
    assert step.terminated
    assert not step.truncated
    assert 0.44 < step.offset < 0.52
    with pytest.raises(ValueError, match="ended with step"):
        episode.advance(at(ring, 0.0, step=99))


def test_touching_something_is_a_crash(ring):
    episode = Episode(ring, EpisodeRules(), at(ring, 0.0), 0)
    step = episode.advance(at(ring, 0.1, step=1, contacts=("box",)))
    assert (step.status, step.is_crashed, step.terminated) == (EpisodeStatus.CRASHED, True, True)


def test_standing_still_for_15_steps_is_immobilized(ring):
    episode = Episode(ring, EpisodeRules(), at(ring, 0.0), 0)
    steps = drive(episode, ring, [0.1, *(0.1 + 0.0002 * np.arange(1, 40))])
    assert steps[-1].status is EpisodeStatus.IMMOBILIZED
    assert steps[-1].terminated
    assert len(steps) == 1 + 15


def test_a_pause_shorter_than_that_is_none(ring):
    episode = Episode(ring, EpisodeRules(), at(ring, 0.0), 0)
    steps = drive(episode, ring, [*([0.1] * 15), *([0.2] * 15), 0.3])
    assert not steps[-1].done


def test_progress_falling_for_15_steps_is_reversed(ring):
    episode = Episode(ring, EpisodeRules(), at(ring, 2.0), 0)
    steps = drive(episode, ring, [2.05, *(2.0 - 0.05 * np.arange(40))])
    assert steps[-1].status is EpisodeStatus.REVERSED
    assert steps[-1].terminated
    assert len(steps) == 1 + 15


def test_the_step_cap_truncates(ring):
    episode = Episode(ring, EpisodeRules(max_steps=7), at(ring, 0.0), 0)
    steps = drive(episode, ring, 0.05 * np.arange(1, 40))
    assert steps[-1].status is EpisodeStatus.TIME_UP
    assert (steps[-1].terminated, steps[-1].truncated, len(steps)) == (False, True, 7)


# Each of these ends an episode in several ways at once: distance after each step, and where else.
SEVERAL_AT_ONCE = {
    EpisodeStatus.CRASHED: {"contacts": ("box",), "offset": 0.6},
    EpisodeStatus.OFF_TRACK: {"offset": 0.6},
    EpisodeStatus.LAP_COMPLETE: {},
}


@pytest.mark.parametrize(("status", "where"), SEVERAL_AT_ONCE.items())
def test_at_the_finish_a_crash_counts_before_the_road_the_road_before_the_lap(ring, status, where):
    episode = Episode(ring, EpisodeRules(max_steps=100), at(ring, 0.0), 0)
    drive(episode, ring, np.linspace(0.0, ring.length - 0.01, 100)[1:])
    # With the last step that it may have.
    assert episode.advance(at(ring, 0.01, step=100, **where)).status is status


@pytest.mark.parametrize(
    ("back", "max_steps", "status"),
    [
        (0.0001, 15, EpisodeStatus.IMMOBILIZED),
        (0.05, 15, EpisodeStatus.REVERSED),
        (0.05, 14, EpisodeStatus.TIME_UP),
    ],
)
def test_standing_counts_before_the_wrong_way_and_both_before_the_time(
    ring, back, max_steps, status
):
    episode = Episode(ring, EpisodeRules(max_steps=max_steps), at(ring, 3.0), 0)
    steps = drive(episode, ring, 3.0 - back * np.arange(1, 40))
    assert (steps[-1].status, len(steps)) == (status, max_steps)


def test_the_documentation_has_the_end_states_in_their_order():
    text = (Path(__file__).parents[2] / "docs" / "races.md").read_text(encoding="utf-8")
    section = text.partition("## End states\n")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    assert [(row[1].strip(" `"), row[3].strip()) for row in rows] == [
        (EpisodeStatus.CRASHED, "terminal"),
        (EpisodeStatus.OFF_TRACK, "terminal"),
        (EpisodeStatus.LAP_COMPLETE, "truncated"),
        (EpisodeStatus.IMMOBILIZED, "terminal"),
        (EpisodeStatus.REVERSED, "terminal"),
        (EpisodeStatus.TIME_UP, "truncated"),
    ]


def test_a_lap_at_the_slowest_speed_fits_into_the_default_step_cap(ring):
    rules = EpisodeRules()
    steps_of_the_lap = ring.length / rules.slowest_lap_speed * 15.0
    assert steps_of_the_lap <= rules.step_cap(ring) < steps_of_the_lap + 1.0


def test_wheel_centers_are_those_of_the_real_car():
    wheels = np.array(wheel_centers(1.0, 2.0, 0.5 * pi))
    np.testing.assert_allclose(
        wheels, [(0.92, 2.082), (1.08, 2.082), (0.92, 1.918), (1.08, 1.918)], atol=1e-12
    )


@pytest.mark.parametrize("angle", [-MAX_STEERING_ANGLE, -0.1, -1e-7, 0.0, 1e-7, 0.3])
def test_steering_angle_undoes_ackermann(angle):
    if angle == 0.0:
        assert steering_angle(0.0, 0.0) == 0.0
        return
    radius = 0.164 / np.tan(angle)
    left, right = np.arctan(0.164 / (radius - 0.08)), np.arctan(0.164 / (radius + 0.08))
    assert steering_angle(left, right) == pytest.approx(angle, rel=1e-6)


def test_a_record_survives_json():
    record = EpisodeRecord(
        1, 7, "training", None, EpisodeStatus.OFF_TRACK, 12, 5.5, 3.25, 0.8, 1.5, 1.7e9, "ring"
    )
    assert EpisodeRecord.from_json(record.to_json()) == record
    with pytest.raises(ValueError, match="no episode record"):
        EpisodeRecord.from_json('{"worker": 1}')
