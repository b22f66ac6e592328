"""How far a worker drives ahead of the trainer."""

from deepracer_core.pace import Pace


def drive(pace, episodes, steps):
    for _ in range(episodes):
        pace.sent(steps, ends_episode=True)


def test_an_iteration_is_so_many_episodes_or_so_many_steps():
    by_episodes, by_steps = (Pace(episodes=4, steps=100, ahead=0) for _ in range(2))
    drive(by_episodes, 3, 10)
    assert by_episodes.needed_version == 0
    drive(by_episodes, 1, 10)
    assert by_episodes.needed_version == 1
    drive(by_steps, 1, 99)
    assert by_steps.needed_version == 0
    drive(by_steps, 1, 1)
    assert by_steps.needed_version == 1


def test_a_segment_within_an_episode_ends_none():
    pace = Pace(episodes=2, steps=1000, ahead=0)
    for _ in range(10):
        pace.sent(32, ends_episode=False)
    assert pace.needed_version == 0
    drive(pace, 2, 5)
    assert pace.needed_version == 1


def test_it_begins_at_the_newest_model_and_drives_ahead_of_it():
    pace = Pace(episodes=2, steps=1000, ahead=3, version=7)
    assert pace.needed_version == 4
    drive(pace, 6, 5)
    assert pace.needed_version == 7
    drive(pace, 2, 5)
    assert pace.needed_version == 8


def test_workers_share_an_iteration():
    pace = Pace(episodes=8, steps=1000, workers=4, ahead=0)
    drive(pace, 2, 10)
    assert pace.needed_version == 1


def test_an_iteration_that_made_no_model_is_driven_anew():
    pace = Pace(episodes=1, steps=1000, ahead=0)
    drive(pace, 1, 10)
    pace.give_up()
    assert pace.needed_version == 0
