"""The simulation side of one worker: Gazebo, the car's nodes and the rollout.

It ends when any of its processes ends; in an evaluation that is the rollout, after its trials.
"""

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.conditions import IfCondition
from launch.substitutions import (
    EnvironmentVariable,
    LaunchConfiguration,
    PathJoinSubstitution,
    PythonExpression,
)
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import ExecutableInPackage, FindPackageShare

# The kernel stops a process when the launch is gone, even if that was killed or is only starting.
DIE_WITH_LAUNCH = "setpriv --pdeathsig TERM --"

# A line of JSON stays one; in front of any other stands which process wrote it.
IS_JSON = os.environ.get("DEEPRACER_LOG_FORMAT") == "json"
OUTPUT_FORMAT = "{line}" if IS_JSON else "[{this.process_description.final_name}] {line}"

SHARE = FindPackageShare("deepracer")

# The conditions that each episode can draw from a range.
RANDOMISED = (
    "light_strength",
    "light_color",
    "light_azimuth_deg",
    "light_elevation_deg",
    "road_color",
    "road_texture",
    "field_color",
    "field_texture",
    "line_color",
    "object_color",
    "camera_pitch_deg",
    "camera_field_of_view_deg",
    "friction",
    "action_delay",
)


def track_names():
    # Those that come with the project, and the imported ones: see deepracer_core.track_library.
    imported = os.environ.get("DEEPRACER_TRACKS") or "tracks"
    folders = [get_package_share_directory("deepracer"), imported]
    worlds = [world for folder in folders for world in Path(folder, "worlds").glob("*.world")]
    return sorted({world.stem for world in worlds})


def text(name):
    return ParameterValue(LaunchConfiguration(name), value_type=str)


def integer(name):
    return ParameterValue(LaunchConfiguration(name), value_type=int)


def boolean(name):
    return ParameterValue(LaunchConfiguration(name), value_type=bool)


def number(name):
    return ParameterValue(LaunchConfiguration(name), value_type=float)


def number_of_objects():
    """How many boxes or cars the world needs."""
    return PythonExpression(
        [
            LaunchConfiguration("number_of_bot_cars"),
            " if '",
            LaunchConfiguration("race_type"),
            "' == 'head_to_bot' else len(list(filter(str.strip, '",
            LaunchConfiguration("object_positions"),
            "'.split(';')))) or ",
            LaunchConfiguration("number_of_obstacles"),
        ]
    )


def is_randomised():
    """Whether any condition of the episodes is drawn from a range."""
    ranges = [LaunchConfiguration(name) for name in RANDOMISED]
    return ParameterValue(PythonExpression(["bool('", *ranges, "')"]), value_type=bool)


def generate_launch_description():
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "track",
                default_value="meadow_loop",
                description="Track to drive on, one of the project's or an imported one.",
                choices=track_names(),
            ),
            DeclareLaunchArgument(
                "mode",
                default_value="training",
                description="training: explore with the newest model and send the experience to"
                " Redis. evaluation: drive the trials with one model, then end.",
                choices=["training", "evaluation"],
            ),
            DeclareLaunchArgument(
                "run",
                default_value="default",
                description="Name of the run, under which its experience is kept in Redis.",
            ),
            DeclareLaunchArgument(
                "worker",
                default_value="0",
                description="Index of this simulation among those of the run, from 0.",
            ),
            DeclareLaunchArgument(
                "workers",
                default_value="1",
                description="Simulations of the run; with several, each keeps its traces in a"
                " folder of its own.",
            ),
            DeclareLaunchArgument(
                "domain_id",
                default_value=EnvironmentVariable(
                    "ROS_DOMAIN_ID", default_value=LaunchConfiguration("worker")
                ),
                description="ROS_DOMAIN_ID of the nodes; simulations side by side need different"
                " ones. Without ROS_DOMAIN_ID in the environment it is the worker's index.",
            ),
            DeclareLaunchArgument(
                "seed",
                default_value="0",
                description="Seed of every random choice of the simulation, from 0.",
            ),
            DeclareLaunchArgument(
                "store",
                default_value=["runs/", LaunchConfiguration("run"), "/store"],
                description="Where model versions and records are kept: a folder or"
                " s3://bucket/prefix.",
            ),
            DeclareLaunchArgument(
                "traces",
                default_value="",
                description="What the traces are kept below, if not the store.",
            ),
            DeclareLaunchArgument(
                "metrics_file",
                default_value="",
                description="File of the metrics, if not one in the store: a path or"
                " s3://bucket/key.",
            ),
            DeclareLaunchArgument(
                "redis",
                default_value="redis://127.0.0.1:6379",
                description="Address of the Redis server that gets the experience in training:"
                " redis://[:password@]host:port (rediss:// for TLS, unix:// for a socket).",
            ),
            DeclareLaunchArgument(
                "reward_function",
                default_value=PathJoinSubstitution([SHARE, "config", "reward_function.py"]),
                description="Python file with `def reward_function(params) -> float`.",
            ),
            DeclareLaunchArgument(
                "model_metadata",
                default_value=PathJoinSubstitution([SHARE, "config", "model_metadata.json"]),
                description="Action space, sensors, network and algorithm.",
            ),
            DeclareLaunchArgument(
                "hyperparameters",
                default_value=PathJoinSubstitution([SHARE, "config", "hyperparameters.json"]),
                description="Hyperparameters of the training algorithm; the simulation takes from"
                " them how many episodes go into one file of the trace, or one object of"
                " experience.",
            ),
            DeclareLaunchArgument(
                "experience_transport",
                default_value="redis",
                description="How experience gets to the trainer: through Redis, or as objects in"
                " the store, whose keys go through Redis.",
                choices=["redis", "s3"],
            ),
            DeclareLaunchArgument(
                "segment_length",
                default_value="32",
                description="Steps in one segment of experience.",
            ),
            DeclareLaunchArgument(
                "max_steps",
                default_value="0",
                description="Steps after which an episode ends, 15 for each second on the track;"
                " 0: enough for a slow lap.",
            ),
            DeclareLaunchArgument(
                "buffer_segments",
                default_value="4096",
                description="Most segments that the experience buffer holds.",
            ),
            DeclareLaunchArgument(
                "max_policy_lag",
                default_value="1",
                description="An episode of a training begins with a model at most so many versions"
                " behind what was driven; 0: driving and training alternate.",
            ),
            DeclareLaunchArgument(
                "buffer_megabytes",
                default_value="512",
                description="Most memory that the experience buffer holds, in MiB.",
            ),
            DeclareLaunchArgument(
                "evaluation_share",
                default_value="0.1",
                description="Share of a training's steps in which its models are evaluated: driven"
                " from the start line without exploration, once each; 0 for none.",
            ),
            DeclareLaunchArgument(
                "model",
                default_value="best",
                description="Model that drives an evaluation: best, latest, or a version's number.",
            ),
            DeclareLaunchArgument(
                "trials",
                default_value="3",
                description="Laps to try in an evaluation.",
            ),
            DeclareLaunchArgument(
                "results",
                default_value="",
                description="File for the results of an evaluation, JSON; none without a name.",
            ),
            DeclareLaunchArgument(
                "camera_width",
                default_value="160",
                description="Width of the cameras' pictures, pixels; the network sees 160x120 of"
                " them, whatever their size.",
            ),
            DeclareLaunchArgument(
                "camera_height",
                default_value="120",
                description="Height of the cameras' pictures, pixels.",
            ),
            DeclareLaunchArgument(
                "camera_rate",
                default_value="15",
                description="Pictures in a second on the track, a divisor of 15; the steps between"
                " two pictures see the older one.",
                choices=["1", "3", "5", "15"],
            ),
            DeclareLaunchArgument(
                "race_type",
                default_value="time_trial",
                description="Kind of race: alone, with boxes on the road, or with other cars.",
                choices=["time_trial", "object_avoidance", "head_to_bot"],
            ),
            DeclareLaunchArgument(
                "reverse_direction",
                default_value="false",
                description="Drive against the usual direction of the track.",
                choices=["true", "false"],
            ),
            DeclareLaunchArgument(
                "alternate_driving_direction",
                default_value="false",
                description="Drive every second training episode the other way.",
                choices=["true", "false"],
            ),
            DeclareLaunchArgument(
                "change_start_position",
                default_value="true",
                description="Begin each training episode further on than the one before; false: all"
                " of them at the start line.",
                choices=["true", "false"],
            ),
            DeclareLaunchArgument(
                "round_robin_advance_dist",
                default_value="0.05",
                description="Share of the lap from the start of one training episode to the next.",
            ),
            DeclareLaunchArgument(
                "start_position_offset",
                default_value="0.0",
                description="Share of the lap from the start line to the first start.",
            ),
            DeclareLaunchArgument(
                "number_of_resets",
                default_value="0",
                description="Times in a trial of an evaluation that a car which left the road or"
                " crashed is put back on it.",
            ),
            DeclareLaunchArgument(
                "off_track_penalty",
                default_value="2.0",
                description="Seconds of lap time for being put back after leaving the road.",
            ),
            DeclareLaunchArgument(
                "collision_penalty",
                default_value="5.0",
                description="Seconds of lap time for being put back after a crash.",
            ),
            DeclareLaunchArgument(
                "is_continuous",
                default_value="false",
                description="In an evaluation, go on where a lap ended.",
                choices=["true", "false"],
            ),
            DeclareLaunchArgument(
                "number_of_obstacles",
                default_value="6",
                description="Boxes on the road, in object_avoidance.",
            ),
            DeclareLaunchArgument(
                "min_distance_between_obstacles",
                default_value="2.0",
                description="Metres between boxes at random places, at least.",
            ),
            DeclareLaunchArgument(
                "randomize_obstacle_locations",
                default_value="false",
                description="Draw the places of the boxes for each episode.",
                choices=["true", "false"],
            ),
            DeclareLaunchArgument(
                "object_positions",
                default_value="",
                description="Places of the boxes, if not spread evenly: SHARE_OF_LAP,LANE;... with"
                " lane -1 inside, 1 outside.",
            ),
            DeclareLaunchArgument(
                "number_of_bot_cars",
                default_value="3",
                description="Other cars on the road, in head_to_bot.",
            ),
            DeclareLaunchArgument(
                "bot_car_speed",
                default_value="0.2",
                description="Speed of the other cars, m/s.",
            ),
            DeclareLaunchArgument(
                "min_distance_between_bot_cars",
                default_value="2.0",
                description="Metres between cars at random places, at least.",
            ),
            DeclareLaunchArgument(
                "randomize_bot_car_locations",
                default_value="false",
                description="Draw the places of the cars for each episode.",
                choices=["true", "false"],
            ),
            DeclareLaunchArgument(
                "is_lane_change",
                default_value="false",
                description="The other cars change lanes.",
                choices=["true", "false"],
            ),
            DeclareLaunchArgument(
                "lower_lane_change_time",
                default_value="3.0",
                description="Seconds between lane changes of the other cars, at least.",
            ),
            DeclareLaunchArgument(
                "upper_lane_change_time",
                default_value="5.0",
                description="Seconds between lane changes of the other cars, at most.",
            ),
            DeclareLaunchArgument(
                "lane_change_distance",
                default_value="1.0",
                description="Metres that such a lane change takes.",
            ),
            DeclareLaunchArgument(
                "light_strength",
                default_value="",
                description="Randomised in each episode, MIN:MAX: factor of all light, the sky's"
                " too.",
            ),
            DeclareLaunchArgument(
                "light_color",
                default_value="",
                description="Randomised in each episode, MIN:MAX: factors of the light's red,"
                " green and blue, each drawn on its own.",
            ),
            DeclareLaunchArgument(
                "light_azimuth_deg",
                default_value="",
                description="Randomised in each episode, MIN:MAX: degrees that the light stands"
                " further round, counter-clockwise.",
            ),
            DeclareLaunchArgument(
                "light_elevation_deg",
                default_value="",
                description="Randomised in each episode, MIN:MAX: degrees that the light stands"
                " higher up (the worlds' stands at 61).",
            ),
            DeclareLaunchArgument(
                "road_color",
                default_value="",
                description="Randomised in each episode, MIN:MAX: factors of the road's red, green"
                " and blue.",
            ),
            DeclareLaunchArgument(
                "road_texture",
                default_value="",
                description="Randomised in each episode, MIN:MAX: number of the road's texture, 0"
                " to 3: asphalt, patched asphalt, slabs, carpet.",
            ),
            DeclareLaunchArgument(
                "field_color",
                default_value="",
                description="Randomised in each episode, MIN:MAX: factors of the field's red,"
                " green and blue.",
            ),
            DeclareLaunchArgument(
                "field_texture",
                default_value="",
                description="Randomised in each episode, MIN:MAX: number of the field's texture, 0"
                " to 3: grass, sand, floorboards, tiles.",
            ),
            DeclareLaunchArgument(
                "line_color",
                default_value="",
                description="Randomised in each episode, MIN:MAX: factors of the lines' red, green"
                " and blue.",
            ),
            DeclareLaunchArgument(
                "object_color",
                default_value="",
                description="Randomised in each episode, MIN:MAX: factors of the red, green and"
                " blue of boxes and other cars.",
            ),
            DeclareLaunchArgument(
                "camera_pitch_deg",
                default_value="",
                description="Randomised in each episode, MIN:MAX: degrees that the camera looks"
                " further down.",
            ),
            DeclareLaunchArgument(
                "camera_field_of_view_deg",
                default_value="",
                description="Randomised in each episode, MIN:MAX: degrees that the camera sees"
                " wider.",
            ),
            DeclareLaunchArgument(
                "friction",
                default_value="",
                description="Randomised in each episode, MIN:MAX: factor of the tyres' friction.",
            ),
            DeclareLaunchArgument(
                "action_delay",
                default_value="",
                description="Randomised in each episode, MIN:MAX: control periods, whole, that an"
                " action takes to come into effect.",
            ),
            DeclareLaunchArgument(
                "trace_log",
                default_value="false",
                description="Print a SIM_TRACE_LOG line for each step, for tools that read logs.",
                choices=["true", "false"],
            ),
            DeclareLaunchArgument(
                "simulator",
                default_value="gazebo",
                description="What simulates: Gazebo, or the flat world in the simulator bridge.",
                choices=["gazebo", "flat"],
            ),
            DeclareLaunchArgument(
                "headless",
                default_value="true",
                description="Simulate without a window; false opens Gazebo's.",
                choices=["true", "false"],
            ),
            DeclareLaunchArgument(
                "live_video",
                default_value="",
                description="Where live video goes: [HOST:]PORT of a page, or kinesis:STREAM; none"
                " without it.",
            ),
            DeclareLaunchArgument(
                "socket",
                default_value=[
                    EnvironmentVariable("XDG_RUNTIME_DIR", default_value="/tmp"),
                    "/deepracer-",
                    LaunchConfiguration("run"),
                    "-",
                    LaunchConfiguration("worker"),
                    ".socket",
                ],
                description="Unix socket between Gazebo and the simulator bridge, at most 100 bytes"
                " long.",
            ),
            DeclareLaunchArgument(
                "sigterm_timeout",
                default_value="4",
                description="Seconds from SIGINT, which asks a process to end, to SIGTERM.",
            ),
            DeclareLaunchArgument(
                "sigkill_timeout",
                default_value="3",
                description="Seconds from SIGTERM to SIGKILL.",
            ),
            SetEnvironmentVariable("ROS_DOMAIN_ID", LaunchConfiguration("domain_id")),
            # What Python prints into a pipe would otherwise be seen at the end.
            SetEnvironmentVariable("PYTHONUNBUFFERED", "1"),
            ExecuteProcess(
                cmd=[
                    ExecutableInPackage(executable="gazebo_server", package="deepracer_gazebo"),
                    "--track",
                    LaunchConfiguration("track"),
                    "--socket",
                    LaunchConfiguration("socket"),
                    "--seed",
                    LaunchConfiguration("seed"),
                    "--race-type",
                    LaunchConfiguration("race_type"),
                    "--objects",
                    number_of_objects(),
                    "--model-metadata",
                    LaunchConfiguration("model_metadata"),
                    "--camera-size",
                    [
                        LaunchConfiguration("camera_width"),
                        "x",
                        LaunchConfiguration("camera_height"),
                    ],
                    "--chase",
                    PythonExpression(
                        ["'400x225' if '", LaunchConfiguration("live_video"), "' else 'none'"]
                    ),
                    PythonExpression(
                        [
                            "'--headless' if '",
                            LaunchConfiguration("headless"),
                            "' == 'true' else '--gui'",
                        ]
                    ),
                ],
                name="gazebo_server",
                condition=IfCondition(
                    PythonExpression(["'", LaunchConfiguration("simulator"), "' == 'gazebo'"])
                ),
                prefix=DIE_WITH_LAUNCH,
                output="screen",
                on_exit=Shutdown(reason="Gazebo ended"),
            ),
            Node(
                package="deepracer_nodes",
                executable="simulator_bridge",
                name="simulator_bridge",
                exec_name="simulator_bridge",
                # It is this node that says what time it is.
                parameters=[
                    {
                        "use_sim_time": False,
                        "camera_height": integer("camera_height"),
                        "camera_rate": integer("camera_rate"),
                        "camera_width": integer("camera_width"),
                        "mode": text("mode"),
                        "model_metadata": text("model_metadata"),
                        "race_type": text("race_type"),
                        "randomised": is_randomised(),
                        "run": text("run"),
                        "seed": integer("seed"),
                        "simulator": text("simulator"),
                        "socket": text("socket"),
                        "track": text("track"),
                        "worker": integer("worker"),
                    }
                ],
                prefix=DIE_WITH_LAUNCH,
                output="screen",
                output_format=OUTPUT_FORMAT,
                on_exit=Shutdown(reason="the simulator bridge ended"),
            ),
            # Nothing waits for it, and without it the simulation goes on.
            Node(
                package="deepracer",
                executable="live_video",
                name="live_video",
                exec_name="live_video",
                condition=IfCondition(
                    PythonExpression(["'", LaunchConfiguration("live_video"), "' != ''"])
                ),
                parameters=[
                    {
                        "use_sim_time": False,
                        "live_video": text("live_video"),
                        "mode": text("mode"),
                        "model_metadata": text("model_metadata"),
                        "run": text("run"),
                        "track": text("track"),
                        "worker": integer("worker"),
                        "workers": integer("workers"),
                    }
                ],
                prefix=DIE_WITH_LAUNCH,
                output="screen",
                output_format=OUTPUT_FORMAT,
            ),
            Node(
                package="deepracer_nodes",
                executable="observation",
                name="observation",
                exec_name="observation",
                parameters=[
                    {
                        "use_sim_time": True,
                        "mode": text("mode"),
                        "model_metadata": text("model_metadata"),
                        "run": text("run"),
                        "worker": integer("worker"),
                    }
                ],
                prefix=DIE_WITH_LAUNCH,
                output="screen",
                output_format=OUTPUT_FORMAT,
                on_exit=Shutdown(reason="the observation node ended"),
            ),
            Node(
                package="deepracer_nodes",
                executable="agent",
                name="agent",
                exec_name="agent",
                parameters=[
                    {
                        "use_sim_time": True,
                        "mode": text("mode"),
                        "model": text("model"),
                        "model_metadata": text("model_metadata"),
                        "run": text("run"),
                        "seed": integer("seed"),
                        "store": text("store"),
                        "worker": integer("worker"),
                    }
                ],
                prefix=DIE_WITH_LAUNCH,
                output="screen",
                output_format=OUTPUT_FORMAT,
                on_exit=Shutdown(reason="the agent ended"),
            ),
            Node(
                package="deepracer_nodes",
                executable="rollout",
                name="rollout",
                exec_name="rollout",
                parameters=[
                    {
                        "use_sim_time": True,
                        "alternate_driving_direction": boolean("alternate_driving_direction"),
                        "bot_car_speed": number("bot_car_speed"),
                        "buffer_megabytes": integer("buffer_megabytes"),
                        "buffer_segments": integer("buffer_segments"),
                        "change_start_position": boolean("change_start_position"),
                        "collision_penalty": number("collision_penalty"),
                        "evaluation_share": number("evaluation_share"),
                        "experience_transport": text("experience_transport"),
                        "hyperparameters": text("hyperparameters"),
                        "is_continuous": boolean("is_continuous"),
                        "is_lane_change": boolean("is_lane_change"),
                        "lane_change_distance": number("lane_change_distance"),
                        "lower_lane_change_time": number("lower_lane_change_time"),
                        "max_policy_lag": integer("max_policy_lag"),
                        "max_steps": integer("max_steps"),
                        "metrics_file": text("metrics_file"),
                        "min_distance_between_bot_cars": number("min_distance_between_bot_cars"),
                        "min_distance_between_obstacles": number("min_distance_between_obstacles"),
                        "mode": text("mode"),
                        "model_metadata": text("model_metadata"),
                        "number_of_bot_cars": integer("number_of_bot_cars"),
                        "number_of_obstacles": integer("number_of_obstacles"),
                        "number_of_resets": integer("number_of_resets"),
                        "object_positions": text("object_positions"),
                        "off_track_penalty": number("off_track_penalty"),
                        "race_type": text("race_type"),
                        "randomize_bot_car_locations": boolean("randomize_bot_car_locations"),
                        "randomize_obstacle_locations": boolean("randomize_obstacle_locations"),
                        "redis": text("redis"),
                        "results": text("results"),
                        "reverse_direction": boolean("reverse_direction"),
                        "reward_function": text("reward_function"),
                        "round_robin_advance_dist": number("round_robin_advance_dist"),
                        "run": text("run"),
                        "seed": integer("seed"),
                        "segment_length": integer("segment_length"),
                        "start_position_offset": number("start_position_offset"),
                        "store": text("store"),
                        "trace_log": boolean("trace_log"),
                        "traces": text("traces"),
                        "track": text("track"),
                        "trials": integer("trials"),
                        "upper_lane_change_time": number("upper_lane_change_time"),
                        "worker": integer("worker"),
                        "workers": integer("workers"),
                        **{name: text(name) for name in RANDOMISED},
                    }
                ],
                prefix=DIE_WITH_LAUNCH,
                output="screen",
                output_format=OUTPUT_FORMAT,
                on_exit=Shutdown(reason="the rollout ended"),
            ),
        ]
    )
