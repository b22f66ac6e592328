"""What the graph can do to a rollout: late, repeated and lost events, and nodes that start anew."""

from dataclasses import dataclass, replace
from random import Random

import numpy as np
import pytest
from deepracer_core.action_space import Command
from deepracer_core.episode import CarState, EpisodeRules, EpisodeStatus
from deepracer_core.journal import MAX_OPEN_EPISODES
from deepracer_core.rollout import MAX_RESETS
from deepracer_core.segment import encode
from deepracer_core.simulation import frame_time_ns
from deepracer_core.starts import StartPositions
from hypothesis import given, settings
from hypothesis import strategies as st

EPISODES = 3
RULES = EpisodeRules(max_steps=21)


def short_race(make_race, ring, **options):
    options = {"rules": RULES, "segment_length": 8, **options}
    return make_race(ring, **options)


def changed_to(value, observation):
    return {sensor: np.full_like(array, value) for sensor, array in observation.items()}


@dataclass(repr=False)
class Recorded:
    events: list
    segments: list[bytes]
    records: list


@pytest.fixture(scope="module")
def recorded(make_race, ring):
    """The events of a few short episodes, and what they lead to when nothing goes wrong."""
    race = short_race(make_race, ring)
    race.drive(EPISODES)
    return Recorded(race.events, [encode(segment) for segment in race.segments], race.records)


def told(make_race, ring, events):
    race = short_race(make_race, ring)
    for kind, values in events:
        getattr(race.rollout, kind)(*values)
        race.drain()
    return race


def rearranged(events, delays, repeats):
    """The events with some later (or pictures earlier), and some twice; the states in order."""
    keyed = []
    for index, (event, delay) in enumerate(zip(events, delays, strict=True)):
        kind = event[0]
        if kind == "state":
            delay = 0
        elif kind != "observation":
            delay = abs(delay)
        keyed.append((index + delay + 0.5 * (delay != 0), index, event))
        if index in repeats:
            # A repeated state is one that was published again while nobody answered.
            later = 0.25 if kind == "state" else abs(delay) + repeats[index]
            keyed.append((index + later, index, event))
    return [event for _, _, event in sorted(keyed, key=lambda item: item[:2])]


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    spread=st.sampled_from([0, 1, 3, 20, 300]),
    chosen=st.dictionaries(st.integers(0, 200), st.integers(-30, 300), max_size=20),
    repeats=st.dictionaries(st.integers(0, 200), st.integers(0, 40), max_size=20),
)
def test_any_order_that_respects_causality_gives_the_same_segments(
    make_race, ring, recorded, seed, spread, chosen, repeats
):
    events = recorded.events
    random = Random(seed)
    delays = [
        chosen.get(index, random.randint(max(-spread, -30), spread)) for index in range(len(events))
    ]
    race = told(make_race, ring, rearranged(events, delays, repeats))
    assert [encode(segment) for segment in race.segments] == recorded.segments
    assert race.records == recorded.records
    assert race.losses == []


def test_a_frame_that_comes_again_is_answered_again_and_counts_once(ring, make_race):
    race = short_race(make_race, ring)
    frames = race.frames()
    for _ in range(5):
        judgement = next(frames)
        _, values = next(event for event in reversed(race.events) if event[0] == "state")
        for _ in range(3):
            race.rollout.state(*values)
        assert race.rollout.take_judgements() == [judgement] * 3
    assert race.rollout.take_resets() == []


def test_a_reset_is_asked_for_again_when_its_frame_comes_again(ring, make_race):
    race = short_race(make_race, ring)
    state = race.car.state
    race.rollout.state(state)
    race.rollout.observation(state.time_ns, race.car.observation)
    (first,) = race.rollout.take_resets()
    race.rollout.state(state)
    (second,) = race.rollout.take_resets()
    assert first == second
    assert first.time_ns == state.time_ns


def test_a_reset_waits_for_the_picture_that_it_would_push_aside(ring, make_race):
    race = short_race(make_race, ring)
    state = race.car.state
    race.rollout.state(state)
    assert race.rollout.take_resets() == []
    race.rollout.observation(state.time_ns, race.car.observation)
    assert [reset.time_ns for reset in race.rollout.take_resets()] == [state.time_ns]
    assert race.rollout.take_resets() == []


def test_an_answer_to_a_frame_that_the_reset_crossed_leads_to_another_reset(ring, make_race):
    race = short_race(make_race, ring)
    race.rollout.state(race.car.state)
    race.rollout.observation(race.car.state.time_ns, race.car.observation)
    moved = race.car.step(Command(0.0, 1.0))
    race.rollout.state(moved)
    race.rollout.observation(moved.time_ns, race.car.observation)
    resets = race.rollout.take_resets()
    assert [reset.time_ns for reset in resets] == [frame_time_ns(0), moved.time_ns]
    assert replace(resets[0], time_ns=0) == replace(resets[1], time_ns=0)
    race.rollout.state(race.car.reset(resets[1].x, resets[1].y, resets[1].yaw))
    assert race.rollout.take_judgements()[-1].begins


def test_a_simulator_that_starts_anew_costs_the_rest_of_its_episode(ring, make_race):
    race = short_race(make_race, ring)
    frames = race.frames()
    while next(frames).step < 12:
        pass
    assert len(race.segments) == 1
    race.car.frames = 3
    race.car.pose = (0.0, 0.0, 0.0)
    race.drain()
    for _ in race.frames():
        if len(race.records) == 2:
            break

    assert [loss.episode for loss in race.losses] == [0]
    assert "clock went back" in race.losses[0].reason
    assert [record.number for record in race.records] == [1, 2]
    by_episode = [
        [len(s) for s in race.segments if s.meta.episode == number] for number in range(3)
    ]
    assert by_episode == [[8], [8, 8, 5], [8, 8, 5]]
    first = race.segments[0]
    assert not first.terminated
    assert not first.truncated
    assert race.judgements[-1].status is EpisodeStatus.TIME_UP


def test_pictures_of_the_old_simulator_are_not_joined_to_frames_of_the_new(ring, make_race):
    race = short_race(make_race, ring)
    frames = race.frames()
    while next(frames).step < 12:
        pass
    stray = changed_to(255, race.car.observation)
    for later in range(40):
        race.rollout.observation(frame_time_ns(14 + later), stray)
    race.car.frames = 3
    for _ in race.frames():
        if len(race.records) == 1:
            break
    for segment in race.segments:
        for array in segment.observations.values():
            assert (array.reshape(len(array), -1) != 255).any(axis=1).all()
    assert len(race.segments) == 4


def test_a_missing_frame_costs_its_episode(ring, make_race):
    race = short_race(make_race, ring)
    frames = race.frames()
    while next(frames).step < 5:
        pass
    race.car.step(Command(0.0, 1.0))
    for _ in race.frames(race.car.step(Command(0.0, 1.0))):
        if len(race.records) == 1:
            break
    assert [loss.episode for loss in race.losses] == [0]
    assert "from one frame to the next" in race.losses[0].reason
    assert [record.number for record in race.records] == [1]


def test_another_policy_version_in_the_middle_costs_the_episode(ring, make_race):
    race = short_race(make_race, ring)
    frames = race.frames()
    while next(frames).step < 5:
        pass
    race.tell("policy", 0, 1)
    assert race.rollout.take_resets() == []
    race.tell("policy", 0, 2)
    judgement = race.rollout.take_judgements()[-1]
    assert not judgement.to_act
    assert judgement.episode == 1
    # The agent has answered the frame already: the reset that was asked for comes too late.
    assert len(race.rollout.take_resets()) == 1
    race.policy_version = 2
    for _ in race.frames(race.car.step(Command(0.0, 1.0))):
        if len(race.records) == 1:
            break
    assert [loss.reason for loss in race.losses] == ["policy version 2 took over from 1"]
    assert [(record.number, record.policy_version) for record in race.records] == [(1, 2)]


def test_another_version_told_after_the_end_costs_what_is_left_of_the_episode(
    ring, make_race, recorded
):
    events = recorded.events
    lost = next(i for i, (kind, _) in enumerate(events) if kind == "command")
    race = told(make_race, ring, [event for i, event in enumerate(events) if i != lost])
    race.rollout.policy(0, 9)
    race.drain()
    assert [loss.episode for loss in race.losses] == [0]
    assert len(race.segments) == len(recorded.segments) - 3


@pytest.mark.parametrize("kind", ["observation", "command", "policy"])
def test_what_never_comes_costs_its_episode_and_holds_up_no_other_for_ever(ring, make_race, kind):
    race = short_race(make_race, ring)
    tell, lost = race.tell, []

    def tell_but_lose_one(what, *values):
        if what == kind and not lost and race.rollout._episode is not None:
            lost.append(values)
            return
        tell(what, *values)

    race.tell = tell_but_lose_one
    race.drive(MAX_OPEN_EPISODES + 2)
    assert [loss.episode for loss in race.losses] == [0]
    expected = {"observation": "no observation", "command": "no command", "policy": "no policy"}
    assert race.losses[0].reason.startswith(expected[kind])
    assert {segment.meta.episode for segment in race.segments} >= {1, 2, 3}
    assert 0 not in {segment.meta.episode for segment in race.segments}
    version = {record.number: record.policy_version for record in race.records}
    assert version[0] == (None if kind == "policy" else 1)
    order = [(s.meta.episode, s.meta.segment) for s in race.segments]
    assert order == sorted(order)


def test_a_trial_that_was_broken_off_is_driven_again(ring, make_race):
    race = make_race(
        ring, starts=StartPositions.start_line(ring), mode="evaluation", trials=2, rules=RULES
    )
    frames = race.frames()
    while next(frames).step < 5:
        pass
    race.car.frames = 0
    for _ in race.frames():
        pass
    assert race.rollout.finished
    assert [record.number for record in race.records] == [1, 2]
    assert len(race.losses) == 1


def test_memory_is_bounded_when_pictures_come_without_states(ring, make_race):
    race = short_race(make_race, ring)
    for step in range(1000):
        race.rollout.observation(frame_time_ns(step), race.car.observation)
        race.rollout.policy(step, 1)
    journal = race.rollout._journal
    assert len(journal._early_observations) <= 64
    assert len(journal._early_versions) <= 64


def test_an_evaluation_driven_by_hand_ends_without_a_policy_version(ring, make_race):
    race = make_race(
        ring, starts=StartPositions.start_line(ring), mode="evaluation", trials=1, rules=RULES
    )
    tell = race.tell
    race.tell = lambda kind, *values: None if kind == "policy" else tell(kind, *values)
    for _ in race.frames():
        pass
    assert race.rollout.finished
    assert [record.policy_version for record in race.records] == [None]


def test_a_frame_at_an_earlier_pose_is_no_new_beginning(ring, make_race):
    """The car stands where it is to start, but nobody put it there: it is reset all the same."""
    race = short_race(make_race, ring)
    race.rollout.state(CarState(0, *ring.pose_at(0.0), 0.0, 0.0))
    race.rollout.observation(0, race.car.observation)
    assert not race.rollout.take_judgements()[0].begins
    assert len(race.rollout.take_resets()) == 1


def test_the_first_word_on_a_frame_stands(ring, make_race, recorded):
    def changed(kind, values):
        if kind == "observation":
            return kind, (values[0], changed_to(255, values[1]))
        return kind, (values[0], Command(0.5, 0.6))

    events = []
    for kind, values in recorded.events:
        events.append((kind, values))
        if kind in ("observation", "command"):
            events.append(changed(kind, values))
    race = told(make_race, ring, events)
    assert [encode(segment) for segment in race.segments] == recorded.segments


def test_pictures_are_let_go_with_their_segment(ring, make_race):
    race = short_race(make_race, ring)
    frames = race.frames()
    while next(frames).step < 20:
        pass
    for kind, values in list(race.events):
        if kind == "observation":
            race.rollout.observation(*values)
    moments = race.rollout._journal._open[0].experience._moments
    held = [moment.observation is not None for moment in moments]
    assert held == [False] * 16 + [True] * 5


def test_a_frame_of_the_new_simulator_is_none_of_the_old_however_alike(ring, make_race):
    race = short_race(make_race, ring)
    frames = race.frames()
    while next(frames).step < 12:
        pass
    states = [values[0] for kind, values in race.events if kind == "state"]
    race.rollout.state(replace(states[-3], x=0.0))
    race.rollout.take_judgements()
    race.rollout.state(states[-2])
    judgement = race.rollout.take_judgements()[0]
    assert (judgement.episode, judgement.to_act) == (1, False)


def test_resets_that_land_are_not_counted_together(ring, make_race):
    race = make_race(ring, rules=EpisodeRules(max_steps=2))
    assert len(race.drive(episodes=3 * MAX_RESETS)) == 3 * MAX_RESETS
