"""The best version is the one that drives furthest, then fastest, in its evaluations."""

from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.model_store import open_model_store
from deepracer_trainer.best_version import BestVersion, Standing, Standings


def record(version, progress, lap_s=10.0, mode="evaluation", track="ring", back=False):
    status = EpisodeStatus.LAP_COMPLETE if progress >= 100.0 else EpisodeStatus.OFF_TRACK
    return EpisodeRecord(
        worker=0,
        number=0,
        mode=mode,
        policy_version=version,
        status=status,
        steps=100,
        progress=progress,
        reward=1.0,
        duration_s=lap_s,
        start_distance=0.0,
        wall_clock=0.0,
        track=track,
        reversed=back,
    )


def best_of(*records, champion=None):
    standings = Standings(champion)
    standings.add(records)
    return standings.best()


def test_one_evaluation_is_enough():
    assert best_of(record(1, 40.0)) == Standing(1, 1, 40.0, None)
    assert best_of(record(1, 40.0), record(2, 100.0), record(3, 99.0)).version == 2


def test_with_several_tracks_a_version_is_judged_when_it_was_evaluated_on_all():
    first = [record(1, 60.0), record(1, 50.0, track="hairpins")]
    easy = [record(2, 100.0), record(2, 100.0, back=True)]
    assert best_of(*first).version == 1
    assert best_of(*first, record(2, 100.0)).version == 1
    assert best_of(*first, *easy) is None
    whole = [*first, record(1, 50.0, back=True), *easy]
    assert best_of(*whole) == Standing(1, 3, 160.0 / 3, None)
    assert best_of(*whole, record(2, 10.0, track="hairpins")).version == 2


def test_completion_counts_first_and_the_lap_time_second():
    slow = [record(1, 100.0, lap_s=20.0)] * 5
    fast = [record(2, 100.0, lap_s=12.0)] * 5
    reckless = [*[record(3, 100.0, lap_s=5.0)] * 4, record(3, 90.0)]
    best = best_of(*slow, *fast, *reckless)
    assert best == Standing(2, 5, 100.0, 12.0)


def test_of_equal_versions_the_newest_is_the_best():
    assert best_of(*[record(v, 30.0) for v in (4, 3, 5) for _ in range(5)]).version == 5


def test_random_driving_and_training_episodes_do_not_count():
    others = [record(0, 50.0), record(None, 50.0), record(2, 99.0, mode="training")]
    assert best_of(*others * 9) is None


def test_the_champion_stays_until_another_is_better():
    champion = Standing(version=7, episodes=10, mean_completion=80.0, mean_lap_s=11.0)
    assert best_of(*[record(9, 60.0)] * 5, champion=champion) == champion
    assert best_of(*[record(9, 90.0)] * 5, champion=champion).version == 9


def test_the_champion_is_judged_anew_when_it_has_driven_more():
    champion = Standing(version=7, episodes=6, mean_completion=80.0, mean_lap_s=11.0)
    assert best_of(*[record(7, 10.0)] * 6, champion=champion) == champion
    assert best_of(*[record(7, 10.0)] * 7, champion=champion).mean_completion == 10.0


def test_a_version_that_is_gone_is_left_out_and_the_next_best_takes_its_place():
    standings = Standings(Standing(version=7, episodes=6, mean_completion=95.0, mean_lap_s=None))
    standings.add([record(8, 90.0)] * 5 + [record(9, 80.0)] * 5)
    for version in (7, 8, 9):
        assert standings.best().version == version
        standings.forget(version)
    assert standings.best() is None


class Episodes:
    """The records of a run, so many at each reading."""

    def __init__(self, *readings):
        self.readings = list(readings)

    def episodes(self, after):
        records = self.readings.pop(0)
        return [(str(int(after) + 1 + i), each) for i, each in enumerate(records)]


def laps_in_a_row(tmp_path, *readings, resumed=0):
    best = BestVersion(Episodes(*readings), open_model_store(str(tmp_path)))
    best.resume(resumed)
    for _ in readings:
        best.judge()
    return best.most_laps_in_a_row


def test_laps_in_a_row_go_on_over_versions_and_end_with_another_end(tmp_path):
    lap, fall = record(1, 100.0), record(1, 99.9)
    assert laps_in_a_row(tmp_path, [lap, lap], [record(2, 100.0), fall, lap]) == 3
    assert laps_in_a_row(tmp_path, [lap, fall, lap], [fall, lap]) == 1


def test_laps_of_training_and_of_before_do_not_count(tmp_path):
    others = [record(0, 100.0), record(None, 100.0), record(6, 100.0, mode="training")]
    assert laps_in_a_row(tmp_path, others * 3) == 0
    before, after = record(5, 100.0), record(6, 100.0)
    assert laps_in_a_row(tmp_path, [before] * 9, [after, before, after], resumed=5) == 2
