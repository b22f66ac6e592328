"""The program: it says what is wrong before anything starts, and ends in order."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.segment import encode
from deepracer_trainer.main import main
from identity_environment import make_segment

ACTIONS = [{"steering_angle": angle, "speed": 1.0} for angle in (-30, 0, 30)]
WAIT_S = 60.0


@pytest.fixture
def files(tmp_path):
    """A user's files; `change(name, text)` rewrites one."""
    texts = {
        "model_metadata.json": json.dumps(
            {"action_space": ACTIONS, "neural_network": "SMALL_CONVOLUTIONAL_NETWORK"}
        ),
        "hyperparameters.json": '{"num_episodes_between_training": "1", "num_epochs": "3"}',
        "reward_function.py": "def reward_function(params):\n    return 1.0\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def arguments(files: Path, redis: str) -> list[str]:
    return [
        *("--run", "test", "--redis", redis, "--store", str(files / "store")),
        *("--model-metadata", str(files / "model_metadata.json")),
        *("--hyperparameters", str(files / "hyperparameters.json")),
        *("--reward-function", str(files / "reward_function.py")),
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("hyperparameters.json", '{"lr": 7}', r"hyperparameters\.json: lr: expected .* got 7"),
        ("model_metadata.json", '{"action_space": []}', r"model_metadata\.json: action_space"),
    ],
)
def test_a_wrong_file_is_named_at_once(files, capsys, monkeypatch, name, text, message):
    monkeypatch.setattr("deepracer_trainer.main.die_with_parent", lambda: None)
    (files / name).write_text(text)
    with pytest.raises(SystemExit) as caught:
        main(arguments(files, "redis://127.0.0.1:1"))
    assert caught.value.code == 2
    assert re.search(message, capsys.readouterr().err)


def test_learns_publishes_and_ends_on_a_signal(files):
    with RedisServer(files / "redis") as server:
        client = connect(server.url)
        buffer = ExperienceBuffer(client, "test")
        pictures = np.random.default_rng(0).integers(0, 256, (5, 120, 160), np.uint8)
        shown = {"FRONT_FACING_CAMERA": pictures}
        buffer.append(encode(make_segment(observations=shown, terminated=True)))
        root = Path(__file__).resolve().parents[2] / "src"
        paths = [str(root / "deepracer_core"), str(root / "deepracer_trainer")]
        trainer = subprocess.Popen(
            [sys.executable, "-m", "deepracer_trainer.main", *arguments(files, server.url)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            store = open_model_store(str(files / "store"))
            pause = threading.Event()
            for _ in range(int(WAIT_S / 0.1)):
                if store.latest() == 1 or trainer.poll() is not None:
                    break
                pause.wait(0.1)
            trainer.send_signal(signal.SIGTERM)
            _, said = trainer.communicate(timeout=WAIT_S)
        finally:
            trainer.kill()
            client.close()
    assert trainer.returncode == 0, said
    assert store.latest() == 1
    assert set(store.load(1).files) == {
        "policy.tflite",
        "weights.safetensors",
        "optimizer.safetensors",
        "model_metadata.json",
        "hyperparameters.json",
        "reward_function.py",
    }
    assert "iteration version=1 iteration=1 episodes=1 steps=4" in said
    assert "training ended version=1" in said
    assert "Traceback" not in said
