"""A worker in one process: real Redis, a real store, a real trainer."""

import contextlib
import dataclasses
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deepracer_core.evaluation_results import read_results
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.model_store import open_model_store
from deepracer_core.parameters import dump_parameters
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.run_status import RunStatus
from deepracer_core.segment import decode
from deepracer_core.track_library import load_track

CONFIG = Path(__file__).resolve().parents[2] / "config"
DEADLINE_S = 120.0


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis") as server:
        yield server


@contextlib.contextmanager
def processes() -> Iterator[Callable[..., subprocess.Popen]]:
    """Start a module of the project as a process; what still runs in the end is killed."""
    with contextlib.ExitStack() as stack:

        def start(module: str, *arguments: object) -> subprocess.Popen:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *map(str, arguments)],
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield start


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen]]:
    with processes() as start:
        yield start


def hyperparameters(folder: Path, **changed: object) -> Path:
    values = json.loads((CONFIG / "hyperparameters.json").read_text(encoding="utf-8"))
    path = folder / "hyperparameters.json"
    path.write_text(json.dumps({**values, **changed}), encoding="utf-8")
    return path


def parameters(folder: Path, address: str, **changed: object) -> Path:
    path = folder / f"{changed.get('run', 'flat')}.json"
    dump_parameters(
        {
            "track": "meadow_loop",
            "run": "flat",
            "redis": address,
            "store": str(folder / "store"),
            "reward_function": str(CONFIG / "reward_function.py"),
            "model_metadata": str(CONFIG / "model_metadata.json"),
            "hyperparameters": str(CONFIG / "hyperparameters.json"),
            **changed,
        },
        path,
    )
    return path


def wait_until(condition: Callable[[], bool], *processes: subprocess.Popen) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        for process in processes:
            assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.05)


def train(start, redis: str, folder: Path, run: str, transport: str = "redis") -> list[bytes]:
    """A training of three versions in strict alternation; the weights of each."""
    place = folder / run
    place.mkdir()
    files = hyperparameters(place, num_episodes_between_training=3, term_cond_max_episodes=9)
    worker = start(
        "deepracer_flat.worker",
        parameters(
            place,
            redis,
            run=run,
            experience_transport=transport,
            max_policy_lag=0,
            seed=4,
            hyperparameters=str(files),
        ),
    )
    trainer = start(
        "deepracer_trainer.main",
        f"--run={run}",
        f"--redis={redis}",
        f"--store={place / 'store'}",
        f"--model-metadata={CONFIG / 'model_metadata.json'}",
        f"--hyperparameters={files}",
        "--job-duration-in-seconds=300",
        "--seed=4",
    )
    wait_until(lambda: trainer.poll() is not None, worker)
    assert trainer.returncode == 0, trainer.stderr.read()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10.0) == 0, worker.stderr.read()
    store = open_model_store(str(place / "store"))
    return [store.load(version).files["weights.safetensors"] for version in store.versions()]


@dataclasses.dataclass(frozen=True)
class Trained:
    """A training that has ended: its folder, its Redis and the weights of each version."""

    folder: Path
    redis: str
    weights: list[bytes]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """Run `first`."""
    folder = tmp_path_factory.mktemp("trained")
    with RedisServer(folder / "redis") as redis:
        with processes() as start:
            weights = train(start, redis.url, folder, "first")
        yield Trained(folder / "first", redis.url, weights)


@pytest.mark.parametrize("transport", ["redis", "s3"])
def test_another_training_in_strict_alternation_is_the_same_bit_for_bit(
    start, trained, tmp_path, transport
):
    """Whatever the transport of the experience."""
    again = train(start, trained.redis, tmp_path, transport, transport)
    assert len(set(again)) == 3
    assert again == trained.weights
    client = connect(trained.redis)
    first, stats = (ExperienceBuffer(client, run).stats() for run in ("first", transport))
    assert stats.appended >= 9
    assert (stats.lost, stats.late) == (0, 0)
    assert stats.acknowledged == first.acknowledged
    if transport == "s3":
        assert not client.exists("deepracer:{s3}:segments")


@pytest.mark.parametrize("ahead", [0, 2])
def test_it_waits_when_it_has_driven_far_enough(start, redis, tmp_path, ahead):
    """Nobody learns here, so that it drives what it may and then stands still."""
    files = hyperparameters(tmp_path, num_episodes_between_training=4)
    path = parameters(tmp_path, redis.url, max_policy_lag=ahead, hyperparameters=str(files), seed=1)
    worker = start("deepracer_flat.worker", path)
    status = RunStatus(connect(redis.url), "flat")
    enough = 4 * (ahead + 1)
    wait_until(lambda: len(status.episodes()) >= enough, worker)
    time.sleep(0.5)
    assert len(status.episodes()) == enough
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10.0) == 0
    buffer = ExperienceBuffer(connect(redis.url), "flat")
    segments = [decode(data) for _, data in buffer.claim(1000, block_s=1.0)]
    steps = sum(len(segment) for segment in segments)
    assert steps == sum(record.steps for _, record in status.episodes())
    assert {segment.meta.policy_version for segment in segments} == {0}
    assert segments[0].observations["FRONT_FACING_CAMERA"].shape[1:] == (120, 160)


def test_an_evaluation_drives_its_trials_and_ends(start, trained, tmp_path):
    results = tmp_path / "results.json"
    path = parameters(
        tmp_path,
        "",
        store=str(trained.folder / "store"),
        mode="evaluation",
        model="latest",
        trials=2,
        max_steps=40,
        number_of_resets=3,
        results=str(results),
    )
    worker = start("deepracer_flat.worker", path)
    assert worker.wait(60.0) == 0, worker.stderr.read()
    trials = read_results(results)
    assert [trial.mode for trial in trials] == ["evaluation"] * 2
    assert {trial.policy_version for trial in trials} == {3}


def test_started_again_it_skips_no_start_for_the_evaluations_in_between(start, redis, tmp_path):
    """They take a number each, and no start of the lap's."""
    status = RunStatus(connect(redis.url), "flat")
    given = {"max_policy_lag": 0, "seed": 1}
    files = hyperparameters(tmp_path, num_episodes_between_training=3)
    path = parameters(tmp_path, redis.url, hyperparameters=str(files), **given)
    worker = start("deepracer_flat.worker", path)
    wait_until(lambda: len(status.episodes()) == 3, worker)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10.0) == 0
    driven = [record for _, record in status.episodes()]
    for number in (3, 4):
        record = dataclasses.replace(driven[-1], number=number, mode="evaluation")
        status.add_episode(record)
    again = start("deepracer_flat.worker", path)
    wait_until(lambda: len(status.episodes()) == 8, again)
    again.send_signal(signal.SIGTERM)
    assert again.wait(10.0) == 0
    driven += [record for _, record in status.episodes()][5:]
    assert [record.number for record in driven] == [0, 1, 2, 6, 7, 8]
    length = load_track("meadow_loop").length
    shares = [record.start_distance / length for record in driven]
    assert shares == pytest.approx([0.05 * place for place in range(6)], abs=1e-6)


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        ({"track": "nowhere"}, 2, "unknown track 'nowhere'"),
        ({"redis": "redis://127.0.0.1:1"}, 1, "no Redis answered at redis://127.0.0.1:1"),
        ({"road_color": "0.5:1.5"}, 2, "the flat world can change the strength and colour"),
        ({"brakes": 3}, 2, "brakes: unknown field"),
        ({"experience_transport": "post"}, 2, "expected one of redis, s3, got 'post'"),
    ],
)
def test_what_cannot_be_used_is_named(start, redis, tmp_path, changed, code, message):
    worker = start("deepracer_flat.worker", parameters(tmp_path, redis.url, **changed))
    assert worker.wait(60.0) == code
    assert message in worker.stderr.read()


def test_it_drives_in_the_conditions_that_are_drawn(start, redis, tmp_path):
    path = parameters(
        tmp_path,
        redis.url,
        light_strength="0.5:1.5",
        camera_pitch_deg="-2:2",
        friction="0.6:1.0",
        action_delay="0:2",
        max_policy_lag=0,
    )
    worker = start("deepracer_flat.worker", path)
    buffer = ExperienceBuffer(connect(redis.url), "flat")
    wait_until(lambda: buffer.stats().appended >= 8, worker)
    segments = [decode(data) for _, data in buffer.claim(8, block_s=1.0)]
    firsts = [each for each in segments if each.meta.segment == 0]
    skies = {int(each.observations["FRONT_FACING_CAMERA"][0, 0, 0]) for each in firsts}
    assert len(skies) > 3
