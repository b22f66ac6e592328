"""What the self-check saw, as one line for each part."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deepracer_core.experience_buffer import BufferStats

from deepracer.launch_log import End


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was seen of a short job.

    Attributes:
        rates: messages for each second of wall clock, by topic; a silent topic is missing.
        simulated_s: simulated seconds that passed.
        speed: simulated seconds in each second of wall clock.
        gazebo_runs: a gzserver process was seen.
        episodes: that were driven to an end.
        driven: the newest model version that an episode was driven with, 0 for the random one.
        redis_ms: a round trip to Redis, milliseconds; None when it never answered.
        buffer: state of the experience buffer; None when Redis never answered.
        versions: model versions in the store; None when it could not be read.
        load_ms: reading and verifying the newest version, milliseconds.
        store_problem: why the store could not be read.
        trainer: what the trainer said of itself last; None when it never did.
        end: the process that ended first and so ended the job.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    simulated_s: float = 0.0
    speed: float = 0.0
    gazebo_runs: bool = False
    episodes: int = 0
    driven: int = 0
    redis_ms: float | None = None
    buffer: BufferStats | None = None
    versions: int | None = None
    load_ms: float = 0.0
    store_problem: str = ""
    trainer: Mapping[str, object] | None = None
    end: End | None = None


@dataclass(frozen=True, slots=True)
class PartReport:
    """One part of the system: whether it works, and how fast, or what to do."""

    part: str
    alive: bool
    detail: str


def report(seen: Evidence) -> list[PartReport]:
    """Judge each part by what it gave to the next one."""
    return [
        _gazebo(seen),
        _node(seen, "simulator_bridge", "odom", "frames/s", "Gazebo"),
        _node(seen, "observation", "observation", "observations/s", "the simulator bridge"),
        _agent(seen),
        _rollout(seen),
        _redis(seen),
        _store(seen),
        _trainer(seen),
    ]


def _gazebo(seen: Evidence) -> PartReport:
    if not seen.gazebo_runs:
        return _bad(
            seen, "Gazebo", "gazebo", "no gzserver came up; is it installed (`make setup`)?"
        )
    if seen.simulated_s <= 0:
        return _bad(seen, "Gazebo", "gazebo", "gzserver runs, but its world stands still")
    detail = f"{seen.speed:.1f} times real time, {seen.simulated_s:.0f} s simulated"
    return PartReport("Gazebo", True, detail)


def _node(seen: Evidence, name: str, topic: str, unit: str, source: str) -> PartReport:
    part = name.replace("_", " ")
    rate = seen.rates.get(topic)
    if rate is None:
        return _bad(seen, part, name, f"nothing on `{topic}`; it may be waiting for {source}")
    return PartReport(part, True, f"{rate:.0f} {unit}")


def _agent(seen: Evidence) -> PartReport:
    node = _node(seen, "agent", "drive", "actions/s", "observations and the rollout node")
    if not node.alive:
        return node
    if seen.driven == 0:
        return _bad(
            seen, "agent", "agent", f"{node.detail}, but never with a model; see the trainer, below"
        )
    return PartReport("agent", True, f"{node.detail}, drove model v{seen.driven}")


def _rollout(seen: Evidence) -> PartReport:
    node = _node(seen, "rollout", "episode", "judgements/s", "odometry")
    if not node.alive:
        return node
    if seen.episodes == 0:
        return _bad(seen, "rollout", "rollout", f"{node.detail}, but no episode ended")
    return PartReport("rollout", True, f"{node.detail}, {seen.episodes} episodes")


def _redis(seen: Evidence) -> PartReport:
    if seen.redis_ms is None or seen.buffer is None:
        return _bad(seen, "Redis", "redis", "never answered; is redis-server installed?")
    if seen.buffer.appended == 0:
        return _bad(seen, "Redis", "redis", "answers, but no segment was written into it")
    detail = f"{seen.redis_ms:.2f} ms a round trip, {seen.buffer.appended} segments written"
    return PartReport("Redis", True, f"{detail}, {seen.buffer.acknowledged} learnt from")


def _store(seen: Evidence) -> PartReport:
    if seen.versions is None:
        return _bad(seen, "model store", "store", seen.store_problem or "it could not be read")
    if seen.versions == 0:
        return _bad(seen, "model store", "store", "readable, but empty; see the trainer, below")
    many = "versions" if seen.versions > 1 else "version"
    detail = f"{seen.versions} {many}, the newest read in {seen.load_ms:.0f} ms"
    return PartReport("model store", True, detail)


def _trainer(seen: Evidence) -> PartReport:
    if not seen.versions:
        said = "it said nothing" if seen.trainer is None else "it is up, but published no model"
        return _bad(seen, "trainer", "trainer", said)
    steps = seen.trainer.get("steps") if seen.trainer else None
    learnt = f" from {steps} steps" if isinstance(steps, int) else ""
    return PartReport("trainer", True, f"{seen.versions} models{learnt}")


def _bad(seen: Evidence, part: str, process: str, what: str) -> PartReport:
    """A part that does not work; if it was its process that ended first, that is the reason."""
    end = seen.end
    if end is None or (end.name, end.exit_code) == ("trainer", 0):
        return PartReport(part, False, what)
    if process in end.name:
        words = end.lines[-1] if end.lines else "without a word"
        return PartReport(part, False, f"ended with exit code {end.exit_code}: {words}")
    return PartReport(part, False, f"{what} (all was stopped when {end.name} ended)")
