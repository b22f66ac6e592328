"""Where live video goes is read, spread over workers, and looked at before anything starts."""

import socket

import pytest
from deepracer.live_video.target import (
    KinesisTarget,
    PageTarget,
    addresses,
    check_free,
    parse_target,
    target_of_worker,
)
from deepracer.settings_sources import resolve_settings
from deepracer_core.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "target", "address"),
    [
        ("8080", PageTarget("127.0.0.1", 8080), "http://127.0.0.1:8080/"),
        ("0.0.0.0:80", PageTarget("0.0.0.0", 80), "http://127.0.0.1:80/"),
        ("video.example:65535", PageTarget("video.example", 65535), "http://video.example:65535/"),
        ("[::1]:8080", PageTarget("::1", 8080), "http://[::1]:8080/"),
        ("kinesis:car-1_x.y", KinesisTarget("car-1_x.y"), "Kinesis video stream car-1_x.y"),
    ],
)
def test_targets(text, target, address):
    assert parse_target(text) == target
    assert str(target) == address
    assert parse_target(target.setting) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "65536",
        "here",
        "http://127.0.0.1:8080",
        "::1:8080",
        "kinesis:",
        "kinesis:a/b",
        "-1",
    ],
)
def test_what_is_no_target_is_refused(text):
    with pytest.raises(ConfigurationError, match=f"live_video: expected .*, got '{text}'"):
        parse_target(text)
    if text:
        with pytest.raises(ConfigurationError, match=r"--live-video: .*expected a port such as"):
            resolve_settings({"live_video": text}, {})


def test_a_port_is_a_number_in_a_settings_file(tmp_path):
    file = tmp_path / "job.yaml"
    file.write_text("live_video: 8080\n")
    assert resolve_settings({}, {}, file).settings.live_video == "8080"
    file.write_text("live_video: true\n")
    with pytest.raises(ConfigurationError, match="expected a port"):
        resolve_settings({}, {}, file)


def test_each_worker_has_a_page_and_one_of_them_the_stream():
    ports = [target_of_worker("0.0.0.0:8080", worker) for worker in range(3)]
    assert [(target.host, target.port) for target in ports] == [
        ("0.0.0.0", port) for port in (8080, 8081, 8082)
    ]
    assert addresses("8080", 1) == "http://127.0.0.1:8080/"
    assert addresses("8080", 3) == "http://127.0.0.1:8080/ to http://127.0.0.1:8082/"
    streams = [target_of_worker("kinesis:cars", worker) for worker in range(3)]
    assert streams == [KinesisTarget("cars"), None, None]
    assert addresses("kinesis:cars", 3) == "Kinesis video stream cars"
    with pytest.raises(ConfigurationError, match="live_video: expected a port"):
        target_of_worker("65535", 1)


def test_a_port_of_any_worker_that_is_in_use_is_named(free_port):
    check_free(str(free_port), 1)
    check_free("kinesis:cars", 4)
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{free_port} .*in use"):
            check_free(str(free_port - 1), 2)
