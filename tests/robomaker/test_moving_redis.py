"""A simulation goes on when its trainer, and Redis with it, comes back on another machine."""

import json
from pathlib import Path

from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.redis_connection import connect
from deepracer_core.redis_discovery import RedisEndpoint, publish
from deepracer_core.run_status import RunStatus
from guarded_redis import PASSWORD, GuardedServer, start_guarded
from surroundings import CONFIG, SIMULATION

RUN = "rl-deepracer-first"


def begin(folder: Path) -> tuple[GuardedServer, RunStatus, ExperienceBuffer]:
    """A Redis with a trainer at work, as far as a simulation can see."""
    folder.mkdir()
    server = start_guarded(folder)
    client = connect(f"redis://127.0.0.1:{server.port}?password_variable=REDIS_PASSWORD")
    status = RunStatus(client, RUN)
    status.set_trainer({"state": "collecting", "version": 0})
    return server, status, ExperienceBuffer(client, RUN)


def test_it_is_found_again_and_its_password_stays_a_secret(bucket, start, tmp_path, monkeypatch):
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    bucket.run.write("model/model_metadata.json", (CONFIG / "model_metadata.json").read_bytes())
    bucket.run.write("reward_function.py", (CONFIG / "reward_function.py").read_bytes())
    bucket.run.write("ip/hyperparameters.json", json.dumps({}).encode())
    first, status, buffer = begin(tmp_path / "first")
    publish(bucket.run, RedisEndpoint("127.0.0.1", first.port))
    simulation = start(
        {
            **bucket.training(),
            "WORLD_NAME": "pond_oval",
            "DEEPRACER_SIMULATOR": "flat",
            # Nobody learns here: it must not wait for a model.
            "DEEPRACER_MAX_POLICY_LAG": "100",
        },
        SIMULATION,
    )
    try:
        simulation.wait_until(lambda: buffer.stats().appended > 0)
        for pid in simulation.family():
            assert PASSWORD.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    finally:
        first.stop()

    second, status, buffer = begin(tmp_path / "second")
    try:
        publish(bucket.run, RedisEndpoint("127.0.0.1", second.port))
        simulation.wait_until(lambda: buffer.stats().appended > 0, 60.0)
        status.set_trainer({"state": "ended", "version": 0})
        assert simulation.process.wait(timeout=30) == 0, simulation.tail()
    finally:
        second.stop()
    told = simulation.log.read_text()
    moved = f"Redis has moved from 127.0.0.1:{first.port} to 127.0.0.1:{second.port}"
    assert moved in told
    assert PASSWORD not in told
    assert "planted-secret" not in told
