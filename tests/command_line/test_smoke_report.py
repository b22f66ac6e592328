"""The self-check says of each part whether it works and, if not, why."""

import dataclasses

import pytest
from deepracer.launch_log import End
from deepracer.smoke_report import Evidence, report
from deepracer_core.experience_buffer import BufferStats

FINE = Evidence(
    rates={"odom": 160.2, "observation": 160.1, "drive": 159.8, "episode": 160.0, "clock": 160.0},
    simulated_s=400.0,
    speed=10.7,
    gazebo_runs=True,
    episodes=44,
    driven=3,
    redis_ms=0.12,
    buffer=BufferStats(
        segments=4, bytes=4_000_000, appended=130, evicted=0, claimed=2, acknowledged=124
    ),
    versions=3,
    load_ms=12.0,
    trainer={"steps": 1234},
)


def bad_parts(**changes: object) -> dict[str, str]:
    parts = report(dataclasses.replace(FINE, **changes))
    return {part.part: part.detail for part in parts if not part.alive}


def test_every_part_has_a_line_that_says_how_fast_it_is():
    parts = {part.part: part.detail for part in report(FINE)}
    assert list(parts) == [
        "Gazebo",
        "simulator bridge",
        "observation",
        "agent",
        "rollout",
        "Redis",
        "model store",
        "trainer",
    ]
    assert parts["Gazebo"] == "10.7 times real time, 400 s simulated"
    assert parts["agent"] == "160 actions/s, drove model v3"
    assert parts["Redis"] == "0.12 ms a round trip, 130 segments written, 124 learnt from"
    assert bad_parts() == {}


@pytest.mark.parametrize(
    ("changes", "part", "words"),
    [
        ({"gazebo_runs": False}, "Gazebo", "no gzserver came up"),
        ({"simulated_s": 0.0}, "Gazebo", "stands still"),
        ({"driven": 0}, "agent", "never with a model"),
        ({"episodes": 0}, "rollout", "no episode ended"),
        ({"redis_ms": None, "buffer": None}, "Redis", "never answered"),
        ({"versions": None, "store_problem": "wrong bucket"}, "model store", "wrong bucket"),
    ],
)
def test_a_part_that_does_not_work_is_named_alone(changes, part, words):
    assert list(bad_parts(**changes)) in ([part], [part, "trainer"])
    assert words in bad_parts(**changes)[part]


def test_without_a_model_store_and_trainer_are_to_blame():
    assert set(bad_parts(versions=0)) == {"model store", "trainer"}


def test_a_process_that_died_says_so_with_its_last_words():
    end = End("observation", 1, ("Traceback", "ImportError: no cv_bridge"))
    bad = bad_parts(end=end, rates={"odom": 1.0}, episodes=0, driven=0)
    assert bad["observation"] == "ended with exit code 1: ImportError: no cv_bridge"
    assert bad["rollout"].endswith("(all was stopped when observation ended)")


def test_the_trainers_end_is_how_the_job_ends():
    assert "stopped" not in bad_parts(end=End("trainer", 0, ()), driven=0)["agent"]
