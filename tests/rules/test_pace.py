"""How far a worker drives ahead of the trainer."""

from deepracer_core.pace import PATIENCE_S, IterationShare, Pace


def make_pace(episodes=1, steps=1000, workers=1, max_policy_lag=0, **options):
    share = IterationShare(episodes=episodes, steps=steps, workers=workers)
    return Pace(share, max_policy_lag, **options)


def drive(pace, episodes, steps):
    for _ in range(episodes):
        pace.sent(steps, ends_episode=True)


def test_an_iteration_is_so_many_episodes_or_so_many_steps():
    by_episodes, by_steps = (make_pace(episodes=4, steps=100) for _ in range(2))
    drive(by_episodes, 3, 10)
    assert by_episodes.needed_version == 0
    drive(by_episodes, 1, 10)
    assert by_episodes.needed_version == 1
    drive(by_steps, 1, 99)
    assert by_steps.needed_version == 0
    drive(by_steps, 1, 1)
    assert by_steps.needed_version == 1


def test_a_segment_within_an_episode_ends_none():
    pace = make_pace(episodes=2)
    for _ in range(10):
        pace.sent(32, ends_episode=False)
    assert pace.needed_version == 0
    drive(pace, 2, 5)
    assert pace.needed_version == 1


def test_it_begins_at_the_newest_model_and_drives_ahead_of_it():
    pace = make_pace(episodes=2, max_policy_lag=3, version=7)
    assert pace.needed_version == 4
    drive(pace, 6, 5)
    assert pace.needed_version == 7
    drive(pace, 2, 5)
    assert pace.needed_version == 8


def test_workers_share_an_iteration():
    pace = make_pace(episodes=8, workers=4)
    drive(pace, 2, 10)
    assert pace.needed_version == 1


class Trainer:
    """Says that it waits, or that it does not; and has a clock."""

    def __init__(self):
        self.waits = True
        self.now = 100.0
        self.asked = []

    def lacks(self, version):
        self.asked.append(version)
        return self.waits

    def pace(self):
        return make_pace(trainer_waits=self.lacks, clock=lambda: self.now)


def test_an_iteration_that_made_no_model_is_driven_anew():
    trainer = Trainer()
    pace = trainer.pace()
    drive(pace, 1, 10)
    assert not pace.check()
    trainer.now += PATIENCE_S
    assert pace.check()
    assert pace.needed_version == 0
    assert trainer.asked == [1, 1]


def test_a_trainer_that_learns_is_waited_for():
    trainer = Trainer()
    pace = trainer.pace()
    drive(pace, 1, 10)
    for trainer.waits in (True, False, True):
        assert not pace.check()
        trainer.now += PATIENCE_S
    assert pace.needed_version == 1


def test_the_patience_begins_anew_with_what_is_sent():
    trainer = Trainer()
    pace = trainer.pace()
    drive(pace, 1, 10)
    assert not pace.check()
    trainer.now += PATIENCE_S
    drive(pace, 1, 10)
    assert not pace.check()
    assert pace.needed_version == 2
