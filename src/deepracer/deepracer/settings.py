"""The settings of a training job: each declared once, here, with its type, meaning and default."""

from pathlib import Path
from typing import Annotated, Any

from deepracer_core.errors import ConfigurationError
from deepracer_core.randomisation import RANDOMISED, expected_range, parse_range
from deepracer_core.simulation import CONTROL_RATE
from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from deepracer.live_video.target import parse_target

INPUT_FIELDS = ("reward_function", "model_metadata", "hyperparameters")
"""The settings that name the three files a user of DeepRacer brings."""

CAMERA_FIELDS = ("camera_width", "camera_height", "camera_rate")
"""The settings of the car's cameras; launch arguments have the same names."""

RACE_FIELDS = (
    "race_type",
    "reverse_direction",
    "alternate_driving_direction",
    "change_start_position",
    "round_robin_advance_dist",
    "start_position_offset",
    "number_of_resets",
    "off_track_penalty",
    "collision_penalty",
    "is_continuous",
    "number_of_obstacles",
    "min_distance_between_obstacles",
    "randomize_obstacle_locations",
    "object_positions",
    "number_of_bot_cars",
    "bot_car_speed",
    "min_distance_between_bot_cars",
    "randomize_bot_car_locations",
    "is_lane_change",
    "lower_lane_change_time",
    "upper_lane_change_time",
    "lane_change_distance",
)
"""The settings of the race; launch arguments and parameters of the rollout have the same names."""

WORKER_FIELDS = ("track", "reward_function", "max_steps", "seed", *RACE_FIELDS, *RANDOMISED)
"""The settings that a worker can have of its own."""


def _divides_the_control_rate(rate: int) -> int:
    if CONTROL_RATE % rate:
        raise ValueError(f"expected a divisor of the {CONTROL_RATE} steps in a second")
    return rate


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
        default=900,
        ge=1,
        le=864_000,
        description="Wall-clock seconds that rollouts and training alternate for.",
    )
    stop_after_laps: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Complete laps in a row, driven in the evaluations of the training, after"
        " which it ends before its time; without one, never.",
    )
    evaluation_share: float = Field(
        default=0.1,
        ge=0.0,
        le=0.9,
        description="Share of a training's steps in which its models are evaluated: driven from the"
        " start line without exploration, once each. The best is the one that got furthest, of"
        " equal ones the fastest; with 0 none is better than another.",
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
    worker_settings: tuple[dict[str, Any], ...] | None = Field(
        default=None,
        description="What each worker has of its own, a list like `[{track: meadow_loop}, {track:"
        " pond_oval}]` of mappings with any of track, reward_function, max_steps, seed, the"
        " settings of the race, race_type to lane_change_distance, and the ranges of the"
        " randomisation, light_strength to action_delay; workers beyond its end begin it anew.",
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
    keep_versions: int = Field(
        default=50,
        ge=0,
        le=1_000_000,
        description="Newest model versions that stay in the store, besides the best one; 0 keeps"
        " all.",
    )
    experience_transport: str = Field(
        default="redis",
        pattern=r"^(redis|s3)$",
        description="How experience gets from the simulations to the trainer: redis: through Redis;"
        " s3: as objects in the store, whose keys go through Redis.",
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
        le=1_000_000,
        description="Most segments that the experience buffer holds.",
    )
    buffer_megabytes: int = Field(
        default=512,
        ge=1,
        le=1_000_000,
        description="Most memory that the experience buffer holds, in MiB.",
    )
    log_format: str = Field(
        default="plain",
        pattern=r"^(plain|json)$",
        description="plain, for people; or json: an object for each event of the log.",
    )
    tensorboard: bool = Field(
        default=True,
        description="Write the metrics as TensorBoard's event files, too, into `tensorboard/` in"
        " the run's folder.",
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65_000,
        description="Port on which Prometheus finds the metrics of the trainer; of worker i it is"
        " this one + 1 + i. With 0 nobody answers.",
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address of this machine that the metrics are served on; 0.0.0.0 for all.",
    )
    cloudwatch: str = Field(
        default="none",
        pattern=r"^(none|metrics|all)$",
        description="What goes to Amazon CloudWatch: none, metrics, or all: these and the log.",
    )
    evaluation_trials: int = Field(
        default=3,
        ge=0,
        le=1000,
        description="Laps of the evaluation at the end; 0 leaves it out.",
    )
    simulator: str = Field(
        default="gazebo",
        pattern=r"^(gazebo|flat)$",
        description="gazebo; or flat: a flat world in one process for each worker, without Gazebo"
        " and ROS, many times as fast.",
    )
    max_policy_lag: int = Field(
        default=1,
        ge=0,
        le=100,
        description="An episode of a training begins with a model at most so many versions behind"
        " what was driven; 0: driving and training alternate, and in the flat world a run with one"
        " worker repeats exactly.",
    )
    live_video: str | None = Field(
        default=None,
        description="Where live video goes: a port of this machine (or HOST:PORT) for a page that a"
        " browser shows, each further worker one port higher; or kinesis:STREAM, a Kinesis video"
        " stream. Without it there is none.",
    )
    headless: bool = Field(
        default=True,
        description="Simulate without a window; --no-headless opens Gazebo's.",
    )
    camera_width: int = Field(
        default=160,
        ge=16,
        le=4096,
        description="Width of the cameras' pictures, pixels; the network sees 160x120 of them,"
        " whatever their size.",
    )
    camera_height: int = Field(
        default=120,
        ge=16,
        le=4096,
        description="Height of the cameras' pictures, pixels.",
    )
    camera_rate: Annotated[int, AfterValidator(_divides_the_control_rate)] = Field(
        default=CONTROL_RATE,
        ge=1,
        le=CONTROL_RATE,
        description="Pictures in a second on the track, a divisor of 15; the steps between two"
        " pictures see the older one.",
    )
    race_type: str = Field(
        default="time_trial",
        pattern=r"^(time_trial|object_avoidance|head_to_bot)$",
        description="Kind of race: time_trial, object_avoidance (boxes on the road) or"
        " head_to_bot (other cars).",
    )
    reverse_direction: bool = Field(
        default=False,
        description="Drive against the usual direction of the track.",
    )
    alternate_driving_direction: bool = Field(
        default=False,
        description="Drive every second training episode the other way.",
    )
    change_start_position: bool = Field(
        default=True,
        description="Begin each training episode further on than the one before; if not, all of"
        " them at the start line.",
    )
    round_robin_advance_dist: float = Field(
        default=0.05,
        ge=0.0,
        le=0.999,
        description="Share of the lap from the start of one training episode to the next.",
    )
    start_position_offset: float = Field(
        default=0.0,
        ge=0.0,
        le=0.999,
        description="Share of the lap from the start line to the first start.",
    )
    number_of_resets: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Times in a trial of an evaluation that a car which left the road or"
        " crashed is put back.",
    )
    off_track_penalty: float = Field(
        default=2.0,
        ge=0.0,
        le=1000.0,
        description="Seconds of lap time for being put back after leaving the road.",
    )
    collision_penalty: float = Field(
        default=5.0,
        ge=0.0,
        le=1000.0,
        description="Seconds of lap time for being put back after a crash.",
    )
    is_continuous: bool = Field(
        default=False,
        description="In an evaluation, go on where a lap ended.",
    )
    number_of_obstacles: int = Field(
        default=6,
        ge=0,
        le=20,
        description="Boxes on the road, in object_avoidance.",
    )
    min_distance_between_obstacles: float = Field(
        default=2.0,
        ge=0.0,
        le=100.0,
        description="Metres between boxes at random places, at least.",
    )
    randomize_obstacle_locations: bool = Field(
        default=False,
        description="Draw the places of the boxes for each episode.",
    )
    object_positions: str | None = Field(
        default=None,
        description="Places of the boxes, if not spread evenly, as in `0.23,-1;0.46,1`: share"
        " of the lap and lane, -1 inside, 1 outside.",
    )
    number_of_bot_cars: int = Field(
        default=3,
        ge=0,
        le=20,
        description="Other cars on the road, in head_to_bot.",
    )
    bot_car_speed: float = Field(
        default=0.2,
        ge=0.0,
        le=4.0,
        description="Speed of the other cars, m/s.",
    )
    min_distance_between_bot_cars: float = Field(
        default=2.0,
        ge=0.0,
        le=100.0,
        description="Metres between cars at random places, at least.",
    )
    randomize_bot_car_locations: bool = Field(
        default=False,
        description="Draw the places of the cars for each episode.",
    )
    is_lane_change: bool = Field(
        default=False,
        description="The other cars change lanes.",
    )
    lower_lane_change_time: float = Field(
        default=3.0,
        ge=0.0,
        le=1000.0,
        description="Seconds between lane changes of the other cars, at least.",
    )
    upper_lane_change_time: float = Field(
        default=5.0,
        ge=0.0,
        le=1000.0,
        description="Seconds between lane changes of the other cars, at most.",
    )
    lane_change_distance: float = Field(
        default=1.0,
        ge=0.01,
        le=100.0,
        description="Metres that such a lane change takes.",
    )
    light_strength: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: factor of all light, the sky's too.",
    )
    light_color: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: factors of the light's red, green and"
        " blue, each drawn on its own.",
    )
    light_azimuth_deg: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: degrees that the light stands further"
        " round, counter-clockwise.",
    )
    light_elevation_deg: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: degrees that the light stands higher up"
        " (the worlds' stands at 61).",
    )
    road_color: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: factors of the road's red, green and"
        " blue.",
    )
    road_texture: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: number of the road's texture, 0 to 3:"
        " asphalt, patched asphalt, slabs, carpet.",
    )
    field_color: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: factors of the field's red, green and"
        " blue.",
    )
    field_texture: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: number of the field's texture, 0 to 3:"
        " grass, sand, floorboards, tiles.",
    )
    line_color: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: factors of the lines' red, green and"
        " blue.",
    )
    object_color: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: factors of the red, green and blue of"
        " boxes and other cars.",
    )
    camera_pitch_deg: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: degrees that the camera looks further"
        " down.",
    )
    camera_field_of_view_deg: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: degrees that the camera sees wider.",
    )
    friction: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: factor of the tyres' friction.",
    )
    action_delay: str | None = Field(
        default=None,
        description="Randomised in each episode, MIN:MAX: control periods, whole, that an action"
        " takes to come into effect.",
    )

    @field_validator("live_video", mode="before")
    @classmethod
    def _check_live_video(cls, value: Any) -> Any:
        """Refuse what is no place for it; a port alone is a number to YAML."""
        text = str(value) if isinstance(value, int) else value
        try:
            if isinstance(text, str):
                parse_target(text)
        except ConfigurationError:
            expected = "expected a port such as 8080, HOST:PORT or kinesis:STREAM"
            raise PydanticCustomError("live_video", expected) from None
        return text

    @field_validator(*RANDOMISED, mode="before")
    @classmethod
    def _check_range(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what is no range; YAML takes some for numbers, 2:10 for 130."""
        name = info.field_name or ""
        if value is not None and not isinstance(value, str):
            raise PydanticCustomError("range", "expected MIN:MAX, in quotes in a settings file")
        try:
            if value:
                parse_range(name, value)
        except ConfigurationError:
            expected = {"expected": expected_range(name)}
            raise PydanticCustomError("range", "{expected}", expected) from None
        return value
