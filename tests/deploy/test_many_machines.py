"""Many machines, on one: each role with a network and an address of its own, one is cut off."""

import re
import signal
from pathlib import Path

import pytest
from composed import Composed
from machines import why_not
from opt_ml import PASSWORD

pytestmark = pytest.mark.slow

USE_THE_STORE = """\
import sys
import boto3

client = boto3.client("s3", endpoint_url="http://s3:9000", region_name="us-east-1")
here = {"Bucket": "deepracer", "Key": sys.argv[1]}
client.put_object(**here, Body=b"note")
assert client.get_object(**here)["Body"].read() == b"note"
client.delete_object(**here)
try:
    client.get_object(**here)
except client.exceptions.NoSuchKey:
    listed = client.list_objects_v2(Bucket="deepracer", Prefix=sys.argv[1])
    print("notes left:", listed["KeyCount"])
"""


@pytest.fixture
def composed(tmp_path: Path):
    """A network with the services' machines; nothing runs on them yet."""
    if reason := why_not():
        pytest.skip(reason)
    composed = Composed(tmp_path, simulations=2)
    yield composed
    composed.close()


def versions(said: str) -> list[int]:
    return [int(number) for number in re.findall(r"iteration version=(\d+) ", said)]


def episodes(said: str, worker: int) -> int:
    """How many training episodes of a worker the trainer has told of."""
    return len(re.findall(rf"^Training> .*Worker={worker},", said, re.MULTILINE))


def test_a_training_over_a_network_that_breaks(composed: Composed, tmp_path: Path):
    composed.start_s3()
    redis = composed.start_redis()
    trainer = composed.start_trainer(num_episodes_between_training="4", num_epochs="3")
    first, second = (composed.start_simulation(name) for name in composed.simulations)

    # Who comes without a key, or goes where its role may not, is refused.
    script = tmp_path / "use_the_store.py"
    script.write_text(USE_THE_STORE)
    key = composed.key("simulation")
    wrong = {**key, "AWS_SECRET_ACCESS_KEY": "x"}
    for place, told, code, answer in (
        ("rl-deepracer/first/note", key, 0, "notes left: 0"),
        ("somewhere/else", key, 1, "AccessDenied"),
        ("rl-deepracer/first/note", wrong, 1, "SignatureDoesNotMatch"),
    ):
        tried = composed.run(composed.simulations[0], script, place, **told)
        assert tried.returncode == code, tried.stderr
        assert answer in tried.stdout + tried.stderr

    trainer.wait_until(lambda: episodes(trainer.said, 0) > 0 and episodes(trainer.said, 1) > 0)
    trainer.wait_until(lambda: len(versions(trainer.said)) > 0)
    for worker, simulation in enumerate((first, second)):
        assert f"type=TRAINING run=rl-deepracer-first worker={worker} workers=2" in simulation.said

    cut_off = composed.machines[composed.simulations[1]]
    cut_off.unplug()
    second.wait_until(lambda: "did not answer as it should" in second.said)
    driven, learnt = episodes(trainer.said, 1), len(versions(trainer.said))
    trainer.wait_until(lambda: len(versions(trainer.said)) > learnt + 1)
    assert episodes(trainer.said, 1) == driven
    assert second.exit_code is None

    cut_off.plug_in()
    trainer.wait_until(lambda: episodes(trainer.said, 1) > driven + 2)
    learnt = len(versions(trainer.said))
    trainer.wait_until(lambda: len(versions(trainer.said)) > learnt)
    numbers = versions(trainer.said)
    assert numbers == list(range(1, len(numbers) + 1))

    for simulation in (first, second):
        assert simulation.interrupt() < 30.0
        assert simulation.exit_code == 128 + signal.SIGTERM
    assert trainer.exit_code is None
    redis.interrupt()
    assert redis.exit_code == 0, redis.said
    for process in (first, second, trainer, redis):
        assert PASSWORD not in process.said
        assert "has no effect" not in process.said
        assert "AccessDenied" not in process.said
        assert key["AWS_SECRET_ACCESS_KEY"] not in process.said
