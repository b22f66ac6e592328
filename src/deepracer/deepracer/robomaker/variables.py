"""The names by which the original's simulation is told what to do, and what each sets here.

They are found in two places, the environment and a YAML file in S3; docs/robomaker.md shows the
same table. The names are facts about the public format.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deepracer_core.errors import ConfigurationError

from deepracer.robomaker import readings
from deepracer.robomaker.readings import Values

TRAINING, EVALUATION = "TRAINING", "EVALUATION"
BOXES, BOTS = "object_avoidance", "head_to_bot"

PLACES = {
    "JOB_TYPE": "TRAINING or EVALUATION; without it, by the bucket that is given.",
    "S3_YAML_NAME": "YAML file below the prefix that says more of these.",
    "SAGEMAKER_SHARED_S3_BUCKET": "In a training: bucket of the run.",
    "SAGEMAKER_SHARED_S3_PREFIX": "In a training: the run's place in it; it names the run.",
    "MODEL_S3_BUCKET": "In an evaluation: bucket of the model that races.",
    "MODEL_S3_PREFIX": "In an evaluation: its run's place in it.",
    "APP_REGION": "Region of the buckets.",
    "AWS_REGION": "The same, where there is no `APP_REGION`.",
    "S3_ENDPOINT_URL": "Address of an S3 server that is not AWS.",
    "REWARD_FILE_S3_KEY": "Key of the reward function; without it, `reward_function.py` below the"
    " prefix.",
    "MODEL_METADATA_FILE_S3_KEY": "In a training: key of model_metadata.json; without it,"
    " `model/model_metadata.json` below the prefix. A model that races has its own.",
    "HYPERPARAMETER_FILE_S3_KEY": "In a training: key of hyperparameters.json; without it,"
    " `ip/hyperparameters.json` below the prefix, where the trainer puts it.",
    "METRICS_S3_BUCKET": "Bucket of the metrics; without it, that of the run.",
    "METRICS_S3_OBJECT_KEY": "Key of the metrics; with several workers, that of worker 2 has `_2`"
    " before its ending. Without it, in `metrics/` below the prefix.",
    "SIMTRACE_S3_BUCKET": "Bucket of the traces; without it, that of the run.",
    "SIMTRACE_S3_PREFIX": "What `training-simtrace/` or `evaluation-simtrace/` is below; without"
    " it, the run's place.",
    "EVAL_CHECKPOINT": "In an evaluation: best or last model; best without it.",
    "NUM_WORKERS": "Simulations of the run; one without it.",
    "ROLLOUT_IDX": "Index of this one among them, from 0.",
    "AWS_BATCH_JOB_ARRAY_INDEX": "The same, as AWS Batch says it.",
    "JOB_COMPLETION_INDEX": "The same, as Kubernetes says it.",
    "DOCKER_REPLICA_SLOT": "The same, as a Docker swarm says it, from 1.",
    "COMPOSE_CONTAINER": "Name of a Compose service's containers without their numbers,"
    " `PROJECT-SERVICE`: the index is that of the one with this machine's address.",
    "MULTI_CONFIG": 'JSON with a YAML file and a track for each worker: `{"multi_config":'
    ' [{"config_file": ..., "world_name": ...}, ...]}`.',
    "TRACK_DIRECTION_CLOCKWISE": "Ends the track's name with `_cw` (true) or `_ccw` (false).",
    "REDIS_PORT": "Port of the Redis that `ip/ip.json` names, where no port is said there; 6379"
    " without it.",
    "REDIS_PASSWORD": "Its password; no process has it among its arguments.",
    "REDIS_PASSWORD_FILE": "File with the password, in place of that.",
    "REDIS_TLS": "True: it speaks TLS.",
    "REDIS_CA_FILE": "File of the authority that signed its certificate; with it, TLS is on.",
    "METRIC_NAME": "With `cloudwatch`: what the reward of a training episode is called there;"
    " TrainingRewardScore without it.",
    "METRIC_NAMESPACE": "With `cloudwatch`: namespace of the metrics; AWSDeepRacer without it.",
    "TRAINING_JOB_ARN": "With `cloudwatch`: the job that this reward is of; the run without it.",
}
"""Where things are, and which part of the work this simulation has. Their values are read in
`job`."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that sets a setting.

    Attributes:
        name: in the environment and in the YAML.
        setting: of `JobSettings`; with a reader of its own, all that it can set.
        read: from its value to settings, when it is not that setting's as it stands.
        job: the one type of job that it means something in, if it is not both.
        race: likewise, of race.
    """

    name: str
    setting: str
    read: Callable[[Any], Values] | None = None
    job: str = ""
    race: str = ""

    def settings(self, value: Any, source: str) -> Values:
        """The settings that a value means.

        Raises:
            ConfigurationError: it cannot be read; the message begins with the source.
        """
        if self.read is None:
            return {self.setting: value}
        try:
            return self.read(value)
        except ConfigurationError as error:
            raise ConfigurationError(f"{source}: {error}") from None


SETTINGS = (
    Variable("WORLD_NAME", "track"),
    Variable("RACE_TYPE", "race_type", readings.read_race_type),
    Variable("REVERSE_DIR", "reverse_direction"),
    Variable("START_POSITION_OFFSET", "start_position_offset"),
    Variable("ALTERNATE_DRIVING_DIRECTION", "alternate_driving_direction", job=TRAINING),
    Variable("CHANGE_START_POSITION", "change_start_position", job=TRAINING),
    Variable("ROUND_ROBIN_ADVANCE_DIST", "round_robin_advance_dist", job=TRAINING),
    Variable("NUMBER_OF_TRIALS", "evaluation_trials", job=EVALUATION),
    Variable("IS_CONTINUOUS", "is_continuous", job=EVALUATION),
    Variable("NUMBER_OF_RESETS", "number_of_resets", job=EVALUATION),
    Variable("OFF_TRACK_PENALTY", "off_track_penalty", job=EVALUATION),
    Variable("COLLISION_PENALTY", "collision_penalty", job=EVALUATION),
    Variable("NUMBER_OF_OBSTACLES", "number_of_obstacles", race=BOXES),
    Variable("MIN_DISTANCE_BETWEEN_OBSTACLES", "min_distance_between_obstacles", race=BOXES),
    Variable("RANDOMIZE_OBSTACLE_LOCATIONS", "randomize_obstacle_locations", race=BOXES),
    Variable("OBJECT_POSITIONS", "object_positions", readings.read_object_positions, race=BOXES),
    Variable("NUMBER_OF_BOT_CARS", "number_of_bot_cars", race=BOTS),
    Variable("BOT_CAR_SPEED", "bot_car_speed", race=BOTS),
    Variable("MIN_DISTANCE_BETWEEN_BOT_CARS", "min_distance_between_bot_cars", race=BOTS),
    Variable("RANDOMIZE_BOT_CAR_LOCATIONS", "randomize_bot_car_locations", race=BOTS),
    Variable("IS_LANE_CHANGE", "is_lane_change", race=BOTS),
    Variable("LOWER_LANE_CHANGE_TIME", "lower_lane_change_time", race=BOTS),
    Variable("UPPER_LANE_CHANGE_TIME", "upper_lane_change_time", race=BOTS),
    Variable("LANE_CHANGE_DISTANCE", "lane_change_distance", race=BOTS),
    Variable(
        "ENABLE_DOMAIN_RANDOMIZATION",
        ", ".join(readings.DOMAIN_RANDOMIZATION),
        readings.read_randomization,
    ),
    Variable("ENABLE_GUI", "headless", readings.read_gui),
    Variable("KINESIS_VIDEO_STREAM_NAME", "live_video", readings.read_stream),
    # After the stream: False wins over its name.
    Variable("ENABLE_KINESIS", "live_video", readings.read_enable_kinesis),
)

SETTING_BY_NAME = {variable.name: variable for variable in SETTINGS}

MEANINGLESS = {
    **dict.fromkeys(
        (
            "BODY_SHELL_TYPE",
            "CAR_COLOR",
            "CAR_NAME",
            "DISPLAY_NAME",
            "RACER_NAME",
            "MODEL_NAME",
            "OBSTACLE_TYPE",
            "CAMERA_MAIN_ENABLE",
            "CAMERA_SUB_ENABLE",
            "MAIN_CAMERA",
            "SUB_CAMERA",
            "ENABLE_EXTRA_KVS_OVERLAY",
            "VIDEO_JOB_TYPE",
            "GAZEBO_ARGS",
            "GAZEBO_RENDER_ENGINE",
        ),
        "the original's looks",
    ),
    **dict.fromkeys(
        (
            "LEADERBOARD_NAME",
            "LEADERBOARD_TYPE",
            "ROBOMAKER_SIMULATION_JOB_ACCOUNT_ID",
            "SQS_QUEUE_URL",
            "TELEGRAF_HOST",
            "TELEGRAF_PORT",
        ),
        "services around the original",
    ),
    **dict.fromkeys(
        ("NUMBER_OF_EPISODES", "TARGET_REWARD_SCORE"),
        "for the trainer: `term_cond_max_episodes` and `term_cond_avg_score` in"
        " hyperparameters.json",
    ),
    **dict.fromkeys(
        ("PENALTY_SECONDS", "RESET_BEHIND_DIST", "NUMBER_OF_REVERSE_COUNTS"),
        "a rule that is fixed here",
    ),
}
"""Names without effect, whatever their values, and what they are about."""

WITHOUT_EFFECT = {
    "IS_OBSTACLE_BOT_CAR": (("false",), "obstacles are boxes"),
    "BEST_MODEL_METRIC": (("progress",), "the best model is the one with the most progress"),
    "MIN_EVAL_TRIALS": (("5",), "the trainer's settings say how much is evaluated in between"),
    "RTF_OVERRIDE": ((), "the simulation is as fast as it can be, its steps are exact"),
    "DEBUG_REWARD": (("false",), "each step is on the log in a SIM_TRACE_LOG line"),
    "MP4_S3_BUCKET": ((), "`deepracer video` makes a video of the traces"),
    "MP4_S3_OBJECT_PREFIX": ((), "`deepracer video` makes a video of the traces"),
    "DONE_CONDITION": ((), "one model races at a time"),
    "ENABLE_EPISODE_SIMTRACE": (("false",), "traces are written by iteration"),
    "ENABLE_FIREHOSE_UPLOAD": (("false",), "traces and metrics go to S3"),
}
"""Names without effect that somebody may count on: the values that ask for nothing, lower case,
and what is done here."""

KNOWN = frozenset({*PLACES, *SETTING_BY_NAME, *MEANINGLESS, *WITHOUT_EFFECT})
"""All names of the table."""
