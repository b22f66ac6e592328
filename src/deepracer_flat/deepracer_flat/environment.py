"""The flat world as a gymnasium environment: `gymnasium.make("DeepRacer-v0", track=...)`.

The same rewards, episodes and rules as on the graph, in one process, without ROS and Gazebo.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
from deepracer_core.bot_cars import BotCarRules, BotCars
from deepracer_core.episode import EpisodeRules, EpisodeStatus
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.object_places import Spread
from deepracer_core.observation import observation_dtype, observation_shapes
from deepracer_core.obstacles import Obstacles
from deepracer_core.race_objects import RaceType, SceneSource
from deepracer_core.race_scenes import parse_race_type
from deepracer_core.reward import RewardFunction, load_reward_function
from deepracer_core.rollout import Rollout
from deepracer_core.sensors import LIDAR_RANGE
from deepracer_core.simulation import Frame
from deepracer_core.starts import StartPositions
from deepracer_core.track_library import load_track, share_folder
from numpy.typing import NDArray

from deepracer_flat.flat_simulator import MOUNTS, FlatSimulator
from deepracer_flat.ground_camera import GroundCamera
from deepracer_flat.ground_picture import draw_ground
from deepracer_flat.race_loop import RaceLoop
from deepracer_flat.sensing import cameras_of, create_sense


class DeepRacerEnvironment(gymnasium.Env[Any, Any]):
    """One car on one track.

    Observations are those of the sensors in model_metadata.json: with the front camera alone
    uint8[120, 160, 1], else a dictionary of one array for each sensor. Actions are indices or
    float32[2] within [-1, 1], as its action space has it. `terminated`: off the track, crashed,
    reversed or immobilized. `truncated`: the lap is complete or the time is up. The `info` of each
    step has `progress` (percent), `status`, `episode` and `step`.

    Args:
        track: name of a track of the library or an imported one.
        reward_function: a file with `def reward_function(params)`, or such a function; the
            project's own when None.
        model_metadata: a file; action space and sensors are read; the project's own when None.
        max_steps: cap on the steps of an episode; enough for a slow lap when None.
        advance: share of the lap from the start of one episode to the next; 0: always the start
            line.
        reverse_direction: drive against the usual direction.
        alternate_direction: drive every second episode the other way.
        race_type: time_trial, object_avoidance (boxes) or head_to_bot (cars).
        objects: how many boxes or cars are on the road.
        randomize_objects: whether each episode draws their places; else they are evenly spread.
        render_mode: "rgb_array" or None.

    Attributes:
        track: in the direction of its route.

    Raises:
        ConfigurationError: a file or a name cannot be used.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 15}

    def __init__(
        self,
        track: str = "meadow_loop",
        reward_function: str | Path | Callable[[dict[str, Any]], float] | None = None,
        model_metadata: str | Path | None = None,
        max_steps: int | None = None,
        advance: float = 0.05,
        *,
        reverse_direction: bool = False,
        alternate_direction: bool = False,
        race_type: str = "time_trial",
        objects: int = 3,
        randomize_objects: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.render_mode = render_mode
        self.track = load_track(track)
        if callable(reward_function):
            self._reward = RewardFunction(reward_function, "reward_function")
        else:
            own = share_folder() / "config" / "reward_function.py"
            self._reward = load_reward_function(reward_function or own)
        own = share_folder() / "config" / "model_metadata.json"
        metadata = load_model_metadata(model_metadata or own)
        self._actions = metadata.action_space
        self._sensors = metadata.sensors
        self._rules = EpisodeRules(max_steps=max_steps)
        self._first_track = self.track.reversed() if reverse_direction else self.track
        self._advance, self._alternate = advance, alternate_direction
        race = parse_race_type(race_type)
        self._scenes = _scenes(race, Spread(objects, randomize=randomize_objects))
        self._simulator = FlatSimulator(self.track, cameras_of(self._sensors), is_gray=True)
        self._sense = create_sense(self._sensors, self._simulator, race)
        self._painter: GroundCamera | None = None
        self._loop: RaceLoop | None = None
        self._begin_anew()

        shapes = observation_shapes(self._sensors)
        spaces = {sensor: _space(sensor, shape) for sensor, shape in shapes.items()}
        self._is_one = len(spaces) == 1
        self.observation_space = (
            next(iter(spaces.values())) if self._is_one else gymnasium.spaces.Dict(spaces)
        )
        if self._actions.is_discrete:
            self.action_space = gymnasium.spaces.Discrete(self._actions.size)
        else:
            self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (self._actions.size,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin the next episode, or with a seed the first one again.

        Args:
            seed: of the environment's own random numbers; the race has none of its own.
            options: none are known.
        """
        super().reset(seed=seed, options=options)
        if seed is not None:
            self._begin_anew()
        rollout = Rollout(
            self._reward,
            self._actions,
            self._starts,
            self._rules,
            run="environment",
            mode="evaluation",
            trials=1,
            first_episode=self._episode,
            scenes=self._scenes,
        )
        self._loop = RaceLoop(self._simulator, rollout, self._sense)
        self._loop.begin()
        self._episode += 1
        return self._observe(), self._info()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Drive for one control period.

        Raises:
            RewardError: the reward function failed on this step.
            ValueError: no episode runs, or it is no such action.
        """
        if self._loop is None:
            raise ValueError("no episode runs: call reset() first")
        self._loop.act(self._actions.command(action), policy_version=0)
        judgement = self._loop.judgement
        truncated = judgement.status in (EpisodeStatus.LAP_COMPLETE, EpisodeStatus.TIME_UP)
        terminated = not judgement.to_act and not truncated
        return self._observe(), judgement.reward, terminated, truncated, self._info()

    @property
    def frame(self) -> Frame:
        """The newest frame of the simulator.

        Raises:
            ValueError: there is none before the first reset.
        """
        if self._loop is None:
            raise ValueError("no episode runs: call reset() first")
        return self._loop.frame

    def render(self) -> NDArray[np.uint8] | None:
        """What the car sees in colour, larger than the network does: uint8[480, 640, 3]."""
        if self.render_mode is None or self._loop is None:
            return None
        if self._painter is None:
            mount = replace(MOUNTS["front"], width=640, size=480)
            self._painter = GroundCamera(draw_ground(self.track), mount)
        frame = self.frame
        x, y, _ = frame.position.tolist()
        return self._painter.shoot(x, y, frame.yaw, self._simulator.objects)

    def _begin_anew(self) -> None:
        self._episode = 0
        self._starts = StartPositions(
            self._first_track, advance=self._advance, alternate_direction=self._alternate
        )

    def _observe(self) -> Any:
        assert self._loop is not None
        observation = self._loop.observation
        if not self._is_one:
            return {sensor: _channels(array) for sensor, array in observation.items()}
        return _channels(next(iter(observation.values())))

    def _info(self) -> dict[str, Any]:
        assert self._loop is not None
        judgement = self._loop.judgement
        return {
            "progress": judgement.progress,
            "status": judgement.status.value,
            "episode": judgement.episode,
            "step": judgement.step,
        }


def _scenes(race: RaceType, spread: Spread) -> SceneSource | None:
    if race is RaceType.OBJECT_AVOIDANCE:
        return Obstacles(spread)
    if race is RaceType.HEAD_TO_BOT:
        return BotCars(spread, BotCarRules())
    return None


def _space(sensor: str, shape: tuple[int, ...]) -> gymnasium.spaces.Box:
    dtype = observation_dtype(sensor)
    if dtype == np.uint8:
        return gymnasium.spaces.Box(0, 255, shape if len(shape) == 3 else (*shape, 1), np.uint8)
    return gymnasium.spaces.Box(0.0, LIDAR_RANGE[1], shape, np.float32)


def _channels(array: NDArray[Any]) -> NDArray[Any]:
    """Pictures have a channel of their own, as image networks expect it."""
    return array[..., None] if array.ndim == 2 else array
