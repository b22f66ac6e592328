import threading
import time
from dataclasses import replace

import redis
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.run_status import RunStatus

RECORD = EpisodeRecord(
    worker=1,
    number=0,
    mode="training",
    policy_version=2,
    status=EpisodeStatus.LAP_COMPLETE,
    steps=200,
    progress=100.0,
    reward=123.5,
    duration_s=13.3,
    start_distance=0.5,
    wall_clock=1.7e9,
)


def test_nothing_yet(client: redis.Redis) -> None:
    status = RunStatus(client, "run")
    assert status.episodes() == []
    assert status.trainer() is None


def test_episodes_are_read_in_order_and_from_the_last_known(client: redis.Redis) -> None:
    status = RunStatus(client, "run")
    for number in range(5):
        status.add_episode(replace(RECORD, number=number))
    first = status.episodes(limit=2)
    rest = status.episodes(after=first[-1][0])
    assert [record for _, record in first + rest] == [
        replace(RECORD, number=number) for number in range(5)
    ]
    assert status.episodes(after=rest[-1][0]) == []
    assert RunStatus(client, "other").episodes() == []


def test_only_the_newest_episodes_are_kept(client: redis.Redis) -> None:
    status = RunStatus(client, "run", max_episodes=100)
    for number in range(500):
        status.add_episode(replace(RECORD, number=number))
    kept = [record.number for _, record in status.episodes()]
    # Redis forgets whole blocks of a hundred.
    assert 100 <= len(kept) < 300
    assert kept == list(range(500 - len(kept), 500))


def test_an_episode_that_is_added_again_is_there_once(client: redis.Redis) -> None:
    status = RunStatus(client, "run")
    for sequence in (0, 1, 1, 0, 2):
        status.add_episode(replace(RECORD, number=sequence), sequence=sequence)
    assert [record.number for _, record in status.episodes()] == [0, 1, 2]


def test_waiting_for_an_episode(client: redis.Redis) -> None:
    status = RunStatus(client, "run")
    status.add_episode(RECORD)
    ((last, _),) = status.episodes()
    start = time.monotonic()
    assert status.episodes(after=last, block_s=0.1) == []
    assert time.monotonic() - start >= 0.09
    writer = RunStatus(client, "run")
    threading.Timer(0.1, lambda: writer.add_episode(replace(RECORD, number=9))).start()
    found: list[int] = []
    deadline = time.monotonic() + 30
    while not found and time.monotonic() < deadline:
        found = [record.number for _, record in status.episodes(after=last, block_s=2.0)]
    assert found == [9]


def test_the_state_of_the_trainer(client: redis.Redis) -> None:
    status = RunStatus(client, "run")
    status.set_trainer({"iteration": 1})
    status.set_trainer({"iteration": 2, "state": "learning", "losses": [0.5, None]})
    assert status.trainer() == {"iteration": 2, "state": "learning", "losses": [0.5, None]}
    status.clear()
    assert status.trainer() is None


def test_a_number_of_an_episode_that_never_ended_is_not_used_again(client: redis.Redis) -> None:
    status = RunStatus(client, "begin")
    assert status.begin_worker(1) == 0
    assert RunStatus(client, "begin").begin_worker(1) == 1
    for number in range(1, 6):
        status.add_episode(replace(RECORD, number=number))
    assert status.begin_worker(1) == 7
    assert status.begin_worker(1) == 8
    assert status.begin_worker(0) == 0


def test_evaluations_and_what_is_told_twice_are_no_training_episodes(client: redis.Redis) -> None:
    status = RunStatus(client, "trained", max_episodes=3)
    assert status.trained(1) == 0
    for number in range(9):
        record = replace(RECORD, number=number, mode="evaluation" if number % 3 else "training")
        for _ in range(2):
            status.add_episode(record, sequence=number)
    status.add_episode(replace(RECORD, worker=2), sequence=9)
    again = RunStatus(client, "trained")
    assert [again.trained(worker) for worker in range(3)] == [0, 3, 1]
    again.clear()
    assert again.trained(1) == 0
