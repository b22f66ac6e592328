"""Generalised advantage estimation (Schulman et al. 2016, https://arxiv.org/abs/1506.02438)."""

import numpy as np
from numpy.typing import NDArray


def generalised_advantage(
    rewards: NDArray[np.float32],
    values: NDArray[np.float32],
    *,
    terminated: bool,
    discount: float,
    smoothing: float,
) -> NDArray[np.float32]:
    """Advantages along one unbroken run of steps: the paper's equation 16, from the last step back.

    A run that ends because the race ended (`terminated`) has no reward after it. One that was only
    cut, by a time limit or because the rest has not arrived yet, goes on beyond what is seen: what
    it would have earned is the value of its last observation (Pardo et al. 2018).

    Args:
        rewards: float32[T].
        values: float32[T + 1], of the observation before each step and of the one after the last.
        terminated: the run's last step ended the episode for a reason of the race.
        discount: gamma.
        smoothing: lambda.

    Returns:
        float32[T]. Add `values[:-1]` to get the returns that the value function learns.

    Raises:
        ValueError: the shapes do not fit.
    """
    steps = len(rewards)
    if values.shape != (steps + 1,):
        raise ValueError(
            f"values: expected shape ({steps + 1},), one more than rewards; got {values.shape}"
        )
    bootstrap = 0.0 if terminated else float(values[-1])
    advantages = np.empty(steps, np.float32)
    advantage = 0.0
    for t in reversed(range(steps)):
        delta = float(rewards[t]) + discount * bootstrap - float(values[t])
        advantage = delta + discount * smoothing * advantage
        advantages[t] = advantage
        bootstrap = float(values[t])
    return advantages
