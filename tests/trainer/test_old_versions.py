"""Old versions go when nobody can be loading them; the newest and the best stay."""

import logging

import pytest
from deepracer_core.model_store import StoreUnavailable, open_model_store
from deepracer_trainer.old_versions import GRACE_S, OldVersions


class Clock:
    """Seconds that are moved by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def store(tmp_path):
    return open_model_store(str(tmp_path / "store"))


def publish(store, *versions):
    for version in versions:
        store.publish(version, {"policy.tflite": b"policy"}, {})


def test_a_version_goes_when_it_has_been_old_for_a_while(store):
    clock = Clock()
    old = OldVersions(store, keep=2, clock=clock)
    publish(store, 1, 2, 3)
    old.prune()
    clock.now += GRACE_S - 1.0
    publish(store, 4)
    old.prune()
    assert store.versions() == [1, 2, 3, 4]
    clock.now += 1.0
    old.prune()
    assert store.versions() == [2, 3, 4]
    clock.now += GRACE_S
    old.prune()
    assert store.versions() == [3, 4]


def test_the_best_stays_and_its_grace_begins_when_it_is_the_best_no_more(store):
    clock = Clock()
    old = OldVersions(store, keep=1, clock=clock)
    publish(store, 1, 2, 3)
    store.set_best(1, {})
    for _ in range(3):
        old.prune()
        clock.now += GRACE_S
    assert store.versions() == [1, 3]
    store.set_best(3, {})
    old.prune()
    clock.now += GRACE_S - 1.0
    old.prune()
    assert store.versions() == [1, 3]
    clock.now += 1.0
    old.prune()
    assert store.versions() == [3]


def test_all_stay_when_none_is_to_go(store):
    clock = Clock()
    old = OldVersions(store, keep=0, clock=clock)
    publish(store, *range(1, 9))
    for _ in range(3):
        old.prune()
        clock.now += GRACE_S
    assert store.versions() == list(range(1, 9))


def test_many_old_versions_go_a_few_at_a_time(store):
    clock = Clock()
    old = OldVersions(store, keep=1, clock=clock)
    publish(store, *range(1, 12))
    left = []
    for _ in range(5):
        old.prune()
        left.append(len(store.versions()))
        clock.now += GRACE_S
    assert left == [11, 7, 3, 1, 1]


def test_a_store_that_is_away_is_no_fault_of_the_training(store, monkeypatch, caplog):
    clock = Clock()
    old = OldVersions(store, keep=1, clock=clock)
    publish(store, 1, 2)
    old.prune()
    clock.now += GRACE_S

    def away(version):
        raise StoreUnavailable("it is away")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(store, "remove", away)
        old.prune()
        old.prune()
    assert [record.message for record in caplog.records] == [
        "old versions of the model stay for now: it is away"
    ]
    old.prune()
    assert store.versions() == [2]
