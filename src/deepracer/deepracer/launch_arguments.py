"""What the launch files are told, from the settings of a job."""

from dataclasses import dataclass
from pathlib import Path

from deepracer_core.redis_server import free_port

from deepracer.project_files import find_input
from deepracer.run_folder import RunFolder
from deepracer.settings import JobSettings
from deepracer.workplace import Workplace

Arguments = dict[str, object]


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
