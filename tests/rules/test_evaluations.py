"""Evaluations in a training: when they come, where they begin, and that nothing is learnt there."""

import pytest
from deepracer_core.evaluation_schedule import EvaluationSchedule
from deepracer_core.starts import StartPositions

EPISODES = 12


def drive(make_race, ring, share, versions=lambda episode: episode // 2):
    """A training on a ring, each version driving two episodes, in which the car never errs."""
    race = make_race(ring, starts=StartPositions(ring, advance=0.3), evaluation_share=share)
    for judgement in race.frames():
        race.policy_version = versions(judgement.episode)
        if len(race.records) == EPISODES:
            break
    return race


def test_without_a_share_there_are_none(make_race, ring):
    race = drive(make_race, ring, share=0.0)
    assert {record.mode for record in race.records} == {"training"}
    assert not any(judgement.evaluates for judgement in race.judgements)


def test_every_version_is_evaluated_once_from_the_start_line(make_race, ring):
    race = drive(make_race, ring, share=0.9, versions=lambda episode: 1 + episode // 4)
    evaluated = [record for record in race.records if record.mode == "evaluation"]
    assert [record.policy_version for record in evaluated] == [1, 2, 3]
    assert [record.start_distance for record in evaluated] == pytest.approx([0.0] * 3, abs=1e-6)
    trained = [record for record in race.records if record.mode == "training"]
    starts = [0.3 * number % 1.0 * ring.length for number in range(len(trained))]
    assert [record.start_distance for record in trained] == pytest.approx(starts, abs=0.01)


def test_the_random_policy_is_not_evaluated(make_race, ring):
    race = drive(make_race, ring, share=0.9, versions=lambda episode: 0)
    assert {record.mode for record in race.records} == {"training"}


def test_the_share_is_kept(make_race, ring):
    race = drive(make_race, ring, share=0.25, versions=lambda episode: 1 + episode)
    modes = [record.mode for record in race.records]
    # All laps are equally long: one in four is an evaluation, when the first is over.
    assert [number for number, mode in enumerate(modes) if mode == "evaluation"] == [1, 4, 8]


def test_evaluations_are_judged_as_such_and_leave_no_segments(make_race, ring):
    race = drive(make_race, ring, share=0.9, versions=lambda episode: 1 + episode // 4)
    evaluations = {record.number for record in race.records if record.mode == "evaluation"}
    assert evaluations
    for judgement in race.judgements:
        if judgement.to_act:
            assert judgement.evaluates == (judgement.episode in evaluations)
    trained = {record.number for record in race.records if record.mode == "training"}
    driven = {segment.meta.episode for segment in race.segments}
    assert driven <= trained | {EPISODES}
    assert trained <= driven
    assert not race.losses


def test_an_evaluation_that_is_given_up_is_made_up_for():
    schedule = EvaluationSchedule(0.5)
    schedule.acts(1)
    schedule.ended(100, is_evaluation=False)
    assert schedule.is_due
    schedule.acts(1)  # The evaluation begins, and never ends.
    assert schedule.is_due
    schedule.ended(100, is_evaluation=True)
    assert not schedule.is_due


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_is_less_than_all(share):
    with pytest.raises(ValueError, match="share: expected"):
        EvaluationSchedule(share)
