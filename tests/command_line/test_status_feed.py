"""The display follows Redis, and goes on while Redis is away."""

import time
from pathlib import Path

from deepracer.job_progress import JobProgress
from deepracer.status_feed import StatusFeed
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.free_port import free_port
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.run_status import RunStatus


def record(number: int) -> EpisodeRecord:
    return EpisodeRecord(
        worker=0,
        number=number,
        mode="training",
        policy_version=1,
        status=EpisodeStatus.OFF_TRACK,
        steps=10,
        progress=5.0,
        reward=1.0,
        duration_s=0.7,
        start_distance=0.0,
        wall_clock=time.time(),
    )


def until(feed: StatusFeed, progress: JobProgress, condition) -> None:
    deadline = time.monotonic() + 15.0
    while not condition():
        assert time.monotonic() < deadline
        feed.update(progress)
        time.sleep(0.02)


def test_episodes_are_counted_once_through_an_outage(tmp_path: Path):
    port = free_port()
    progress = JobProgress()
    with StatusFeed(f"redis://127.0.0.1:{port}", "mine") as feed:
        until(feed, progress, lambda: feed.problem is not None)
        assert "does not answer" in feed.problem
        assert not feed.answers
        with RedisServer(tmp_path, port) as server:
            status = RunStatus(connect(server.url), "mine")
            status.add_episode(record(0))
            until(feed, progress, lambda: progress.episodes == 1)
            assert feed.problem is None
            assert feed.answers
        until(feed, progress, lambda: feed.problem is not None)
        with RedisServer(tmp_path, port) as server:
            status = RunStatus(connect(server.url), "mine")
            status.add_episode(record(1))
            until(feed, progress, lambda: progress.episodes == 2)


def test_the_last_word_of_an_earlier_job_is_not_taken_for_this_ones(redis_server):
    status = RunStatus(connect(redis_server.url), "resumed")
    status.set_trainer({"state": "ended", "iteration": 9, "seconds_left": 0.0})
    status.add_episode(record(0))
    progress = JobProgress()
    with StatusFeed(redis_server.url, "resumed") as feed:
        until(feed, progress, lambda: progress.episodes == 1)
        assert progress.trainer == {}
        assert feed.ends_at is None
        status.set_trainer({"state": "collecting", "iteration": 9, "seconds_left": 60.0})
        until(feed, progress, lambda: bool(progress.trainer))
        assert progress.iteration == 9
        assert 55.0 < feed.ends_at - time.monotonic() <= 60.0


def test_what_came_while_the_job_was_stopped_is_counted_at_its_end(redis_server):
    status = RunStatus(connect(redis_server.url), "stopped")
    progress = JobProgress()
    with StatusFeed(redis_server.url, "stopped") as feed:
        status.add_episode(record(0))
        until(feed, progress, lambda: progress.episodes == 1)
        status.add_episode(record(1))
        feed.finish(progress)
    assert progress.episodes == 2
