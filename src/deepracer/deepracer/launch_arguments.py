"""What the launch files are told, from the settings of a job."""

from dataclasses import dataclass
from pathlib import Path

from deepracer_core.free_port import free_port
from deepracer_core.parameters import dump_parameters
from deepracer_core.randomisation import RANDOMISED
from deepracer_core.telemetry.settings import TelemetrySettings

from deepracer.live_video.target import target_of_worker
from deepracer.project_files import find_input
from deepracer.run_folder import RunFolder
from deepracer.settings import CAMERA_FIELDS, RACE_FIELDS, JobSettings
from deepracer.workplace import Workplace

Arguments = dict[str, object]

_GAZEBO_ONLY = ("headless", "live_video", "socket")
"""Arguments of sim.launch.py that are nothing to a worker without Gazebo."""

_OF_LIVE_VIDEO = ("live_video", "track", "model_metadata", "mode", "run", "worker", "workers")
"""Those that live video needs, in the flat world, too."""

_REDIS_BESIDE_MB = 512
"""What a Redis server holds besides the experience, and room to spare, MiB."""


@dataclass(frozen=True, slots=True)
class RedisPlace:
    """Where Redis is.

    Attributes:
        url: its address.
        port: on which the launch is to start it; None when it is there already.
    """

    url: str
    port: int | None


def redis_place(settings: JobSettings) -> RedisPlace:
    """The Redis server that is configured, or a free port for one of the job's own."""
    if settings.redis is not None:
        return RedisPlace(settings.redis, None)
    port = free_port()
    return RedisPlace(f"redis://127.0.0.1:{port}", port)


def telemetry_settings(settings: JobSettings) -> TelemetrySettings:
    """What all processes of a job are told of log and metrics, through their environment."""
    return TelemetrySettings(
        log_format=settings.log_format,
        metrics_host=settings.metrics_host,
        metrics_port=settings.metrics_port,
        cloudwatch=settings.cloudwatch,
    )


def learning_arguments(
    settings: JobSettings, folder: RunFolder, redis: RedisPlace, seconds: int
) -> Arguments:
    """For learn.launch.py: the trainer for so many seconds and, when it is not there, Redis."""
    return {
        "run": folder.name,
        "redis": settings.redis,
        "redis_port": redis.port,
        "redis_folder": folder.redis if redis.port is not None else None,
        "redis_megabytes": None
        if redis.port is None
        else settings.buffer_megabytes + _REDIS_BESIDE_MB,
        "store": settings.store or folder.store,
        "reward_function": find_input(settings.reward_function),
        "model_metadata": find_input(settings.model_metadata),
        "hyperparameters": find_input(settings.hyperparameters),
        "seed": settings.seed,
        "job_duration_in_seconds": seconds,
        "max_policy_lag": settings.max_policy_lag,
        "keep_versions": settings.keep_versions,
        "stop_after_laps": settings.stop_after_laps,
        "tensorboard": folder.tensorboard if settings.tensorboard else "",
    }


def worker_arguments(
    settings: JobSettings,
    folder: RunFolder,
    redis: RedisPlace,
    workplace: Workplace,
    worker: int,
) -> Arguments:
    """For sim.launch.py: one simulation that drives and learns with the others."""
    return {
        **_simulation(settings, folder, workplace),
        "mode": "training",
        "live_video": _live_video(settings, worker),
        "worker": worker,
        "workers": settings.workers,
        "redis": redis.url,
        "model_metadata": find_input(settings.model_metadata),
        "hyperparameters": find_input(settings.hyperparameters),
        "experience_transport": settings.experience_transport,
        "segment_length": settings.segment_length,
        "max_policy_lag": settings.max_policy_lag,
        "evaluation_share": settings.evaluation_share,
        "buffer_segments": settings.buffer_segments,
        "buffer_megabytes": settings.buffer_megabytes,
    }


def evaluation_arguments(
    settings: JobSettings,
    folder: RunFolder,
    workplace: Workplace,
    version: int,
    model_metadata: Path,
    results: Path,
) -> Arguments:
    """For sim.launch.py: one simulation in which a model version drives a few laps."""
    return {
        **_simulation(settings, folder, workplace),
        "mode": "evaluation",
        "live_video": _live_video(settings, 0),
        "model": version,
        "model_metadata": model_metadata,
        "trials": settings.evaluation_trials,
        "results": results,
    }


def simulation_launch(
    simulator: str, arguments: Arguments, workplace: Workplace
) -> tuple[str, Arguments]:
    """The launch file of one simulation, and what that is told.

    Args:
        simulator: gazebo or flat.
        arguments: for sim.launch.py.
        workplace: of the simulation; a file for the flat world's worker is written there.
    """
    if simulator == "gazebo":
        return "sim.launch.py", arguments
    given = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in arguments.items()
        if value is not None
    }
    told = {name: value for name, value in given.items() if name not in _GAZEBO_ONLY}
    if "model" in told:
        told["model"] = str(told["model"])
    files: Arguments = {"parameters": workplace.folder / "flat_worker.json"}
    if "live_video" in given:
        told["frame_feed"] = str(workplace.folder / "frames.socket")
        shown = {name: given[name] for name in _OF_LIVE_VIDEO if name in given}
        files["live_video_parameters"] = workplace.folder / "flat_live_video.json"
        shown["frame_feed"] = told["frame_feed"]
        dump_parameters(shown, files["live_video_parameters"])
    dump_parameters(told, files["parameters"])
    return "flat.launch.py", files


def _live_video(settings: JobSettings, worker: int) -> str | None:
    """Where the live video of a worker goes, if there is any."""
    if settings.live_video is None:
        return None
    target = target_of_worker(settings.live_video, worker)
    return None if target is None else target.setting


def _simulation(settings: JobSettings, folder: RunFolder, workplace: Workplace) -> Arguments:
    return {
        "run": folder.name,
        "track": settings.track,
        "store": settings.store or folder.store,
        "reward_function": find_input(settings.reward_function),
        "seed": settings.seed,
        "headless": settings.headless,
        # Into the launch's log file; on the display nobody sees them.
        "trace_log": True,
        "max_steps": settings.max_steps,
        **{name: getattr(settings, name) for name in (*CAMERA_FIELDS, *RACE_FIELDS, *RANDOMISED)},
        "socket": workplace.folder / "simulator.socket",
    }
