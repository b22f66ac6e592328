"""The loop on a real Redis server and a real store: each version is whole, acting and resumable."""

import copy
import itertools
import threading

import numpy as np
import pytest
from deepracer.clone import Source, copy_source
from deepracer.run_folder import RunFolder
from deepracer_core.action_space import Command, DiscreteActionSpace
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.experience_objects import ExperienceObjects
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.lite_policy import LitePolicy
from deepracer_core.model_store import (
    ModelStore,
    StoreUnavailable,
    open_model_store,
    open_storage,
)
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.run_status import RunStatus
from deepracer_core.segment import encode
from deepracer_trainer.trainer import Limits, Trainer
from identity_environment import (
    ACTIONS,
    CAMERA,
    IdentityEnvironment,
    make_learner,
    make_sac,
    make_segment,
)

from deepracer_core import experience_reader
from deepracer_trainer import trainer as trainer_module

RUNS = itertools.count()
SPACE = DiscreteActionSpace([Command(0.1 * i, 1.0) for i in range(ACTIONS)])
WAIT_S = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


class Run:
    """A run of its own: buffer, status and store, and trainers that work on them."""

    def __init__(self, url, folder, transport="redis"):
        self.url, self.transport = url, transport
        self.client = connect(url)
        self.name = f"run{next(RUNS)}"
        self.objects = ExperienceObjects.open(str(folder), self.name)
        written = self.objects if transport == "s3" else None
        self.buffer = ExperienceBuffer(self.client, self.name, objects=written)
        self.status = RunStatus(self.client, self.name)
        self.store = open_model_store(str(folder))
        self.environment = IdentityEnvironment(0, is_discrete=True)
        self.stop = threading.Event()

    def other(self, folder):
        """Another run by the same transport."""
        return Run(self.url, folder, self.transport)

    def drive(self, episodes, version=0):
        """All of it in one batch, of which an iteration is a part."""
        drive, policy = self.environment.drive, self.environment.random
        driven = [drive(policy, version, 16).segments[0] for _ in range(episodes)]
        self.buffer.append_batch([encode(segment) for segment in driven])

    def trainer(
        self, episodes=2, until=1000, limits=None, store=None, clock=None, **hyperparameters
    ):
        given = Hyperparameters(
            num_episodes_between_training=episodes,
            term_cond_max_episodes=until,
            **hyperparameters,
        )
        return Trainer(
            make_learner(num_epochs=1),
            ExperienceBuffer(self.client, self.name, objects=self.objects),
            self.status,
            store or self.store,
            given,
            limits or Limits(job_duration_s=WAIT_S, max_policy_lag=9),
            {"reward_function.py": b"def reward_function(params): return 1.0\n"},
            self.stop,
            **({"clock": clock} if clock else {}),
        )


@pytest.fixture
def run(request, server, tmp_path):
    """Experience comes by Redis, or by what a test is parametrized with."""
    run = Run(server.url, tmp_path / "store", getattr(request, "param", "redis"))
    yield run
    run.client.close()


by_each_transport = pytest.mark.parametrize("run", ["redis", "s3"], indirect=True)


def evaluation(number, version, progress):
    """The record of an evaluation during the training."""
    return EpisodeRecord(
        worker=0,
        number=number,
        mode="evaluation",
        policy_version=version,
        status=EpisodeStatus.LAP_COMPLETE if progress >= 100.0 else EpisodeStatus.OFF_TRACK,
        steps=100,
        progress=progress,
        reward=1.0,
        duration_s=7.0,
        start_distance=0.0,
        wall_clock=0.0,
    )


def weights(store, version):
    return store.load(version).files["weights.safetensors"]


@by_each_transport
def test_every_two_episodes_make_a_version_that_acts(run):
    run.drive(6)
    run.trainer(until=6).run()
    assert run.store.versions() == [1, 2, 3]
    assert run.store.latest() == 3
    stored = run.store.load(3)
    assert set(stored.files) == {
        "policy.tflite",
        "weights.safetensors",
        "optimizer.safetensors",
        "reward_function.py",
    }
    assert stored.info["counters"] == {"iteration": 3, "episodes": 6, "steps": 96, "samples": 96}
    assert stored.info["metrics"]["losses/entropy"] > 0.0
    assert stored.info["metrics"]["charts/policy_lag"] == 2.0
    policy = LitePolicy(stored.files["policy.tflite"], SPACE, CAMERA)
    shown, _ = run.environment.observations(1)
    picture = {sensor: array[0] for sensor, array in shown.items()}
    assert policy.act(picture, np.random.default_rng(0), greedy=False) in range(ACTIONS)
    assert run.buffer.stats().segments == 0
    assert run.buffer.stats().acknowledged == 6
    assert run.status.trainer()["state"] == "ended"
    assert run.status.trainer()["iteration"] == 3


@by_each_transport
def test_a_restart_changes_nothing(run, tmp_path):
    run.drive(6)
    run.trainer(until=6).run()

    other = run.other(tmp_path / "restarted")
    other.drive(6)
    other.trainer(until=2).run()
    assert other.store.latest() == 1
    other.trainer(until=6).run()
    assert other.store.latest() == 3
    for name in ("weights.safetensors", "optimizer.safetensors"):
        assert run.store.load(3).files[name] == other.store.load(3).files[name]
    assert run.store.info(3)["counters"] == other.store.info(3)["counters"]


def test_a_run_that_starts_from_a_model_goes_on_as_that_one_would(run, tmp_path):
    run.drive(4)
    run.trainer(until=4).run()
    clone = run.other(tmp_path / "clone")
    copy_source(Source(RunFolder(tmp_path / "source"), run.store, 2), clone.store)
    assert clone.store.versions() == [1]
    assert clone.store.load(1).files == run.store.load(2).files
    assert clone.store.info(1)["source"] == {"run": "source", "version": 2}

    clone.environment = copy.deepcopy(run.environment)
    run.drive(2, version=2)
    clone.drive(2, version=1)
    for each in (run, clone):
        each.trainer(until=6).run()
    for name in ("weights.safetensors", "optimizer.safetensors", "policy.tflite"):
        assert clone.store.load(2).files[name] == run.store.load(3).files[name]
    assert clone.store.info(2)["counters"] == run.store.info(3)["counters"]
    assert clone.store.info(2)["counters"]["iteration"] == 3


@by_each_transport
def test_what_a_killed_trainer_published_is_not_learnt_twice(run):
    """It died between publishing and acknowledging: the next one is handed the segments again."""
    run.drive(2)
    trainer = run.trainer(until=2)
    trainer._buffer.acknowledge = lambda identifiers: None
    trainer.run()
    assert run.buffer.stats().segments == 2
    run.drive(2)
    run.trainer(until=4).run()
    assert run.store.info(2)["counters"]["episodes"] == 4
    assert run.buffer.stats().segments == 0


@by_each_transport
def test_experience_of_a_policy_that_is_too_old_is_dropped_and_counted(run):
    for version in (0, 1, 2, 0, 1, 0, 5):
        run.drive(1, version)
    limits = Limits(job_duration_s=WAIT_S, max_policy_lag=0)
    run.trainer(episodes=1, until=6, limits=limits).run()
    lags = [run.store.info(each)["metrics"]["charts/policy_lag"] for each in run.store.versions()]
    assert lags == [0.0, 0.0, 0.0, 3.0, 3.0, 0.0]
    assert run.status.trainer()["stale_segments"] == 1
    assert run.buffer.stats().segments == 0


def test_the_weights_of_a_version_before_the_restart_come_from_the_store(run):
    run.drive(4)
    run.trainer(until=4).run()
    run.drive(1, version=1)
    run.drive(1, version=2)
    run.trainer(until=6).run()
    assert run.store.info(3)["metrics"]["charts/policy_lag"] == 0.5


@by_each_transport
def test_experience_that_does_not_fit_is_dropped_and_the_rest_learnt_from(run):
    small = {"FRONT_FACING_CAMERA": np.zeros((5, 4, 4), np.uint8)}
    other = {"SECTOR_LIDAR": np.zeros((5, 8), np.float32)}
    wrong = make_segment(observations=small, terminated=True, episode=90)
    blind = make_segment(observations=other, terminated=True, episode=92)
    index = make_segment(actions=np.full(4, ACTIONS, np.int32), terminated=True, episode=91)
    for data in (b"nothing", encode(wrong), encode(blind), encode(index)):
        run.buffer.append(data)
    run.drive(2)
    run.trainer(until=2).run()
    assert run.store.versions() == [1]
    assert run.status.trainer()["broken_segments"] == 4


@by_each_transport
def test_a_batch_that_breaks_the_loss_is_named_and_given_up(run, caplog):
    run.drive(2)
    huge = make_segment(rewards=np.full(16, 3e38, np.float32), terminated=True, episode=77)
    run.buffer.append(encode(huge))
    run.drive(3)
    run.trainer(until=4).run()
    assert run.store.versions() == [1, 2]
    assert run.store.info(2)["counters"]["episodes"] == 4
    assert run.status.trainer()["undone_updates"] == 1
    (message,) = [r.getMessage() for r in caplog.records if "update undone" in r.getMessage()]
    assert "worker 0 episode 77 segment 0" in message
    assert run.buffer.stats().segments == 0


def test_the_store_may_go_away(run, monkeypatch, caplog):
    monkeypatch.setattr(trainer_module, "_STORE_RETRY_S", 0.01)

    class Flickering(ModelStore):
        """Each publication finds the store away three times."""

        refusals = 0

        def publish(self, version, files, info):
            self.refusals += 1
            if self.refusals % 4:
                raise StoreUnavailable("the store is away")
            super().publish(version, files, info)

    run.drive(4)
    run.trainer(until=4, store=Flickering(run.store._storage)).run()
    assert run.store.versions() == [1, 2]
    said = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert (
        said
        == ["the trainer waits for the model store: the store is away", "the model store is back"]
        * 2
    )


@by_each_transport
def test_ends_when_the_job_is_over_and_leaves_unlearnt_experience(run):
    run.drive(1)
    seconds = itertools.count()
    limits = Limits(job_duration_s=5.0)
    run.trainer(limits=limits, clock=lambda: float(next(seconds))).run()
    assert run.store.latest() is None
    assert run.buffer.stats().segments == 1


@by_each_transport
def test_a_stop_during_an_update_leaves_the_last_version_and_the_experience(run):
    run.drive(2)
    run.trainer(until=2).run()
    run.drive(2, version=1)
    trainer = run.trainer()
    update = trainer._learner.update

    def stopped(trajectories, interrupted):
        run.stop.set()
        return update(trajectories, interrupted)

    trainer._learner.update = stopped
    trainer.run()
    assert run.store.versions() == [1]
    assert run.buffer.stats().segments == 2
    assert run.status.trainer()["state"] == "interrupted"


def test_the_score_of_a_term_condition_ends_the_training(run):
    run.drive(4)
    run.trainer(term_cond_avg_score=0.5).run()
    assert run.store.versions() == [1]


def test_the_store_points_to_the_version_that_drives_best(run):
    run.drive(6)
    for version, progress in ((1, 30.0), (2, 80.0), (3, 55.0)):
        for number in range(5):
            run.status.add_episode(evaluation(number, version, progress))
    run.trainer(until=6).run()
    assert run.store.best() == 2
    assert run.store.best_info()["mean_completion"] == 80.0
    assert run.status.trainer()["best_version"] == 2


def test_old_versions_go_but_not_those_whose_experience_may_still_come(run):
    now = itertools.count(step=10.0)
    limits = Limits(job_duration_s=1e4, max_policy_lag=3, keep_versions=2)
    for version in range(12):
        run.drive(1, version)
    run.trainer(episodes=1, until=12, limits=limits, clock=lambda: next(now)).run()
    versions = run.store.versions()
    assert versions[-4:] == [9, 10, 11, 12]
    assert 1 not in versions


def test_enough_laps_in_a_row_end_the_training(run):
    limits = Limits(job_duration_s=WAIT_S, max_policy_lag=9, stop_after_laps=3)
    run.drive(2)
    trainer = run.trainer(limits=limits)
    thread = threading.Thread(target=trainer.run)
    thread.start()
    try:
        wait_until(lambda: run.store.latest() == 1)
        for number, progress in enumerate((100.0, 100.0, 99.0, 100.0, 100.0)):
            run.status.add_episode(evaluation(number, 1 + number // 4, progress))
        run.drive(2, version=1)
        wait_until(lambda: run.store.latest() == 2)
        assert thread.is_alive()
        run.status.add_episode(evaluation(5, 2, 100.0))
        thread.join(WAIT_S)
        assert not thread.is_alive()
        assert run.status.trainer()["state"] == "ended"
        assert run.status.trainer()["most_laps_in_a_row"] == 3
    finally:
        run.stop.set()
        thread.join()


@pytest.mark.parametrize("transport", ["redis", "s3"])
def test_redis_may_go_away(tmp_path, transport):
    server = RedisServer(tmp_path / "redis").start()
    run = Run(server.url, tmp_path / "store", transport)
    run.drive(2)
    trainer = run.trainer(until=4)
    thread = threading.Thread(target=trainer.run)
    thread.start()
    try:
        wait_until(lambda: run.store.latest() == 1)
        server.stop()
        server = RedisServer(tmp_path / "redis", port=int(server.url.rpartition(":")[2])).start()
        run.drive(2, version=1)
        thread.join(WAIT_S)
        assert not thread.is_alive()
        assert run.store.latest() == 2
    finally:
        run.stop.set()
        thread.join()
        server.stop()


def wait_until(condition):
    pause = threading.Event()
    for _ in range(int(WAIT_S / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail("it did not happen in time")


@by_each_transport
def test_what_sac_remembers_comes_back_after_a_restart(run, tmp_path):
    """The restarted trainer's versions are those of one that was never interrupted, bit for bit."""

    def trainer(run, until):
        trainer = run.trainer(until=until)
        learner = make_sac()
        trainer._learner = trainer._intake._learner = learner
        return trainer

    run.drive(6)
    trainer(run, 6).run()
    other = run.other(tmp_path / "restarted")
    other.drive(6)
    trainer(other, 2).run()
    trainer(other, 6).run()
    assert other.store.latest() == 3
    assert other.buffer.stats().segments == 6
    for name in ("weights.safetensors", "optimizer.safetensors"):
        assert run.store.load(3).files[name] == other.store.load(3).files[name]
    assert run.store.info(3)["counters"] == other.store.info(3)["counters"]


@pytest.mark.parametrize("run", ["s3"], indirect=True)
def test_lost_experience_is_counted_and_the_rest_learnt_from(run, monkeypatch):
    monkeypatch.setattr(experience_reader, "LATE_S", 2.0)
    storage = open_storage(run.store.url)
    trainer = run.trainer(until=4)  # is there before the time begins to run
    run.drive(2)
    (lost,) = storage.keys("experience/")
    run.drive(2)
    storage.delete(lost)
    run.drive(2)
    trainer.run()
    assert run.store.versions() == [1, 2]
    assert run.store.info(2)["counters"]["episodes"] == 4
    assert run.status.trainer()["lost_segments"] == 2
    assert run.status.trainer()["late_objects"] == 1
    assert list(storage.keys("experience/")) == []


def test_sac_learns_from_policies_of_any_age(run):
    run.drive(5)
    limits = Limits(job_duration_s=WAIT_S, max_policy_lag=0)
    trainer = run.trainer(episodes=1, until=5, limits=limits)
    trainer._learner = trainer._intake._learner = make_sac()
    trainer.run()
    assert run.store.versions() == [1, 2, 3, 4, 5]
    assert run.status.trainer()["stale_segments"] == 0
