"""The settings of a training job: each declared once, here, with its type, meaning and default."""

from pathlib import Path

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

INPUT_FIELDS = ("reward_function", "model_metadata", "hyperparameters")
"""The settings that name the three files a user of DeepRacer brings."""


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid", validate_default=True))
class JobSettings:
    """What a training job is told.

    A value comes from the default here, then the settings file, then the environment, then the
    command line; the later one wins (`deepracer.settings_sources.resolve_settings`). Relative paths
    start at the working folder.
    """

    track: str = Field(
        default="meadow_loop",
        min_length=1,
        description="Track to drive on; `deepracer tracks` lists them.",
    )
    run: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Name of the run. An existing one is resumed; without a name a new one is made"
        " from the date and time.",
    )
    runs_folder: Path = Field(
        default=Path("runs"),
        description="Folder that holds a folder for each run.",
    )
    reward_function: Path = Field(
        default=Path("config/reward_function.py"),
        description="Python file with `def reward_function(params) -> float`.",
    )
    model_metadata: Path = Field(
        default=Path("config/model_metadata.json"),
        description="Action space, sensors, network and algorithm.",
    )
    hyperparameters: Path = Field(
        default=Path("config/hyperparameters.json"),
        description="Hyperparameters of the training algorithm.",
    )
    job_duration_in_seconds: int = Field(
        default=1080,
        ge=1,
        le=864_000,
        description="Wall-clock seconds that rollouts and training alternate for.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        description="Seed of every random choice: simulator, exploration, initial weights.",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=32,
        description="Simulations side by side that train one model.",
    )
    redis: str | None = Field(
        default=None,
        min_length=1,
        description="Address of a Redis server, redis://[:password@]host:port (rediss:// for TLS,"
        " unix:// for a socket); without one a server is started for the job.",
    )
    store: str | None = Field(
        default=None,
        min_length=1,
        description="Where model versions are kept: s3://bucket/prefix or a folder; without one,"
        " `store/` in the run's folder.",
    )
    segment_length: int = Field(
        default=32,
        ge=1,
        le=1024,
        description="Steps in one segment of experience.",
    )
    max_steps: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Steps after which an episode ends (15 steps are one second on the track);"
        " without one, enough for a slow lap.",
    )
    buffer_segments: int = Field(
        default=4096,
        ge=1,
        description="Most segments that the experience buffer holds.",
    )
    buffer_megabytes: int = Field(
        default=512,
        ge=1,
        description="Most memory that the experience buffer holds, in MiB.",
    )
    evaluation_trials: int = Field(
        default=3,
        ge=0,
        le=100,
        description="Laps of the evaluation at the end; 0 leaves it out.",
    )
    headless: bool = Field(
        default=True,
        description="Simulate without a window; --no-headless opens Gazebo's.",
    )
