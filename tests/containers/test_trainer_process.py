"""The trainer as a child whose log is heard: plain, and as JSON."""

import pytest
from deepracer_trainer.sagemaker.trainer_process import TrainerProcess

DEADLINE_S = 60.0


@pytest.mark.parametrize("log_format", ["plain", "json"])
def test_why_it_ended_is_told_in_its_own_words(tmp_path, monkeypatch, capsys, log_format):
    monkeypatch.setenv("DEEPRACER_LOG_FORMAT", log_format)
    heard = []
    arguments = [
        "--run=mine",
        "--redis=redis://:planted-pw@127.0.0.1:1",
        f"--store={tmp_path}",
        f"--model-metadata={tmp_path / 'model_metadata.json'}",
        f"--hyperparameters={tmp_path / 'hyperparameters.json'}",
    ]
    process = TrainerProcess(arguments, heard.append)
    process._process.wait(DEADLINE_S)
    failure = process.failure()
    expected = f"the trainer ended with exit code 2: {tmp_path}/model_metadata.json: expected"
    assert failure.startswith(expected)
    assert any(f"{tmp_path}/model_metadata.json: expected" in line for line in heard)
    printed = capsys.readouterr().out
    assert printed.startswith("{") == (log_format == "json")
    assert "planted-pw" not in printed
