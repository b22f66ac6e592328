"""Exploring by random actions, on top of a policy (hyperparameter exploration_type e-greedy)."""

import numpy as np

from deepracer_core.action_space import Action, ActionSpace
from deepracer_core.lite_policy import LitePolicy
from deepracer_core.observation import Observation


class EpsilonGreedy:
    """With some chance any action, else the policy's likeliest (Sutton and Barto 2018, 2.2).

    Args:
        policy: that knows the likeliest.
        action_space: to draw the others from, uniformly.
        epsilon: that chance.
    """

    def __init__(self, policy: LitePolicy, action_space: ActionSpace, epsilon: float) -> None:
        self.epsilon = epsilon
        self._policy = policy
        self._action_space = action_space

    @property
    def stack_size(self) -> int:
        """Camera frames in the policy's observation."""
        return self._policy.stack_size

    def act(self, observation: Observation, rng: np.random.Generator, greedy: bool) -> Action:
        """An action in answer to an observation; `greedy`: never a random one.

        Raises:
            PolicyError: see `LitePolicy.act`.
        """
        if not greedy and rng.random() < self.epsilon:
            return self._action_space.sample(rng)
        return self._policy.act(observation, rng, greedy=True)
