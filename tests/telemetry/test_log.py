"""The log of a process as it is written: by real processes, read line by line."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from deepracer_core.telemetry.events import event_text, read_event

CORE = Path(__file__).resolve().parents[2] / "src" / "deepracer_core"

EVENTS = """
import logging, sys, threading
from deepracer_core.errors import ConfigurationError
from deepracer_core.telemetry.identity import identify
from deepracer_core.telemetry.log import start_log
try:
    settings = start_log("trainer", "%(levelname)s %(message)s")
except ConfigurationError as error:
    sys.exit(str(error))
log = logging.getLogger("deepracer_trainer.example")
log.info("before anything is known")
identify(run="mine", version=3)
log.info("iteration version=%d", 4, extra={"event": "iteration", "version": 4, "kl": float("nan")})
log.warning("two\\nlines with redis://:h1dden@host")
"""


def said(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", EVENTS + code],
        env={**os.environ, "PYTHONPATH": str(CORE), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def events(code: str = "") -> list[dict]:
    return [
        json.loads(line) for line in said(code, DEEPRACER_LOG_FORMAT="json").stderr.splitlines()
    ]


def test_people_read_plain_lines_unless_they_ask_for_others():
    lines = said("").stderr.splitlines()
    assert lines[:2] == ["INFO before anything is known", "INFO iteration version=4"]
    assert lines[2:] == ["WARNING two", "lines with redis://***@host"]


def test_an_event_of_json_is_a_line_that_says_who_and_what():
    first, second, third = events()
    for event in (first, second, third):
        assert datetime.fromisoformat(event["time"].replace("Z", "+00:00")).utcoffset() is not None
        assert event["process"] == "trainer"
        assert event["logger"] == "deepracer_trainer.example"
        assert {"run", "worker", "episode", "version"} <= set(event)
    assert first["run"] is None
    assert (second["run"], second["worker"], second["version"]) == ("mine", None, 4)
    assert (second["event"], second["message"]) == ("iteration", "iteration version=4")
    assert second["kl"] is None
    assert (third["level"], third["version"]) == ("WARNING", 3)
    assert third["message"] == "two\nlines with redis://***@host"


@pytest.mark.parametrize(
    ("fault", "thread"),
    [
        ("raise RuntimeError('no redis://:h1dden@host')", None),
        ("threading.Thread(target=lambda: 1 / 0, name='watcher').start()", "watcher"),
    ],
)
def test_a_fault_is_an_event_too_without_its_credentials(fault, thread):
    last = events(fault)[-1]
    assert last["level"] == "CRITICAL"
    assert last["exception"].startswith("Traceback (most recent call last)")
    assert "h1dden" not in json.dumps(last)
    assert thread is None or thread in last["message"]
    plain = said(fault)
    assert "Traceback (most recent call last)" in plain.stderr
    assert "h1dden" not in plain.stderr
    assert plain.returncode == (1 if thread is None else 0)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LOG_FORMAT", "xml", "expected plain or json, got 'xml'"),
        ("CLOUDWATCH", "yes", "expected none, metrics or all, got 'yes'"),
        ("METRICS_PORT", "70000", "expected a port from 1 to 65535, or 0 for none, got '70000'"),
        ("METRICS_PORT", "-1", "expected a port from 1 to 65535"),
    ],
)
def test_a_wrong_variable_is_named(name, value, expected):
    ended = said("", **{f"DEEPRACER_{name}": value})
    assert ended.returncode == 1
    assert re.search(f"^DEEPRACER_{name}: {re.escape(expected)}", ended.stderr, re.MULTILINE)


def test_events_are_read_back_and_other_lines_are_none():
    fault = said("1 / 0", DEEPRACER_LOG_FORMAT="json").stderr.splitlines()[-1]
    event = read_event(fault)
    assert event is not None
    text = event_text(event).splitlines()
    assert text[:2] == ["ended by a fault in the program", "Traceback (most recent call last):"]
    assert text[-1] == "ZeroDivisionError: division by zero"
    for line in ("", "INFO x", "{no event", '{"a": 1}', "[rollout-1] {}"):
        assert read_event(line) is None


def test_an_empty_variable_says_nothing():
    assert said("", DEEPRACER_LOG_FORMAT="").stderr.startswith("INFO before")
