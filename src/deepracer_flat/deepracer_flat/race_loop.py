"""The whole graph in one process: a simulator and a race in lockstep, without ROS.

What the nodes do by messages happens here by calls, in the same order and with the same code.
"""

from collections.abc import Callable
from math import hypot

from deepracer_core.action_delay import ActionDelay
from deepracer_core.action_space import Command
from deepracer_core.car_geometry import steering_angle
from deepracer_core.episode import CarState
from deepracer_core.judgement import Judgement
from deepracer_core.observation import Observation
from deepracer_core.rollout import Rollout
from deepracer_core.simulation import Frame, Simulator


class RaceLoop:
    """Drives a simulator from episode to episode.

    Args:
        simulator: that is moved.
        rollout: the race; who owns it takes its segments, records and traces.
        sense: what the agent sees of a frame.

    Attributes:
        frame: the newest one.
        observation: of it.
        judgement: of it.
    """

    def __init__(
        self, simulator: Simulator, rollout: Rollout, sense: Callable[[Frame], Observation]
    ) -> None:
        self._simulator = simulator
        self._rollout = rollout
        self._sense = sense
        self._delay = ActionDelay()
        self.frame: Frame
        self.observation: Observation
        self.judgement: Judgement
        self._show(simulator.step(0.0, 0.0))

    def begin(self) -> None:
        """Go on to the next frame in which the agent is to act, unless this is one.

        That is the first of the next episode or, in a trial that goes on, the first after the car
        was put back.

        Raises:
            ResetError: the simulator does not put the car where it is asked to.
            ValueError: the race is over.
        """
        while not self.judgement.to_act:
            resets = self._rollout.take_resets()
            if not resets:
                raise ValueError(f"episode {self.judgement.episode} has nowhere to go on")
            reset = resets[-1]
            if reset.conditions is not None:
                self._simulator.apply(reset.conditions)
                self._delay = ActionDelay(reset.conditions.action_delay)
            self._show(self._simulator.reset(reset.x, reset.y, reset.yaw))

    def act(self, command: Command, policy_version: int) -> None:
        """Drive for one control period.

        Args:
            command: what the car is told.
            policy_version: that chose it, the same one throughout an episode.

        Raises:
            RewardError: the reward function failed on this step.
            ValueError: no episode runs.
        """
        judgement = self.judgement
        if not judgement.to_act:
            raise ValueError(f"episode {judgement.episode} has ended: begin the next one")
        if judgement.begins:
            self._rollout.policy(judgement.episode, policy_version)
        self._rollout.command(judgement.time_ns, command)
        arriving = self._delay.arriving(command)
        self._show(self._simulator.step(arriving.steering_angle, arriving.speed))

    def _show(self, frame: Frame) -> None:
        self.frame = frame
        self.observation = self._sense(frame)
        self._rollout.observation(frame.time_ns, self.observation)
        self._rollout.state(car_state(frame))
        for placement in self._rollout.take_placements():
            self._simulator.place(placement.objects)
        self.judgement = self._rollout.take_judgements()[-1]


def car_state(frame: Frame) -> CarState:
    """What the race needs to know of a frame."""
    x, y, _ = frame.position.tolist()
    velocity_x, velocity_y, _ = frame.linear_velocity.tolist()
    left, right = frame.steering_angles.tolist()
    return CarState(
        time_ns=frame.time_ns,
        x=x,
        y=y,
        yaw=frame.yaw,
        speed=hypot(velocity_x, velocity_y),
        steering_angle=steering_angle(left, right),
        contacts=frame.contacts,
    )
