"""The side of Stable-Baselines3 in `benchmarks.trainer`, in an environment of its own.

Reads one line for each update that is wanted from standard input, and answers with the seconds it
took. Its first line says how large the network is, and the versions.
"""

import argparse
import json
import sys
import time
from importlib.metadata import version

import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

HEIGHT, WIDTH = 120, 160


class Nothing(gymnasium.Env):
    """Spaces, and nothing else: the benchmark fills the rollout buffer itself."""

    def __init__(self, actions: int) -> None:
        self.observation_space = gymnasium.spaces.Box(0, 255, (1, HEIGHT, WIDTH), np.uint8)
        self.action_space = gymnasium.spaces.Discrete(actions)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Nothing to see."""
        super().reset(seed=seed, options=options)
        return np.zeros((1, HEIGHT, WIDTH), np.uint8), {}


class SmallNetwork(BaseFeaturesExtractor):
    """The project's SMALL_CONVOLUTIONAL_NETWORK."""

    def __init__(self, observation_space: gymnasium.spaces.Box) -> None:
        super().__init__(observation_space, 128)
        layers = [torch.nn.AvgPool2d(2)]
        channels = 1
        for filters, kernel, stride in ((16, 8, 4), (32, 4, 2), (32, 3, 1)):
            layers += [torch.nn.Conv2d(channels, filters, kernel, stride), torch.nn.ReLU()]
            channels = filters
        layers.append(torch.nn.Flatten())
        convolutions = torch.nn.Sequential(*layers)
        with torch.no_grad():
            features = convolutions(torch.zeros(1, 1, HEIGHT, WIDTH)).shape[1]
        self.network = torch.nn.Sequential(
            convolutions, torch.nn.Linear(features, 128), torch.nn.ReLU()
        )

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """float32[B, 128] of float32[B, 1, H, W], whose brightness is from 0 to 1."""
        return self.network(observations)


def build(steps: int, batch: int, epochs: int, actions: int) -> PPO:
    """A learner whose rollout buffer is full of random steps, and of its own opinion of them."""
    learner = PPO(
        "CnnPolicy",
        Nothing(actions),
        n_steps=steps,
        batch_size=batch,
        n_epochs=epochs,
        policy_kwargs={"features_extractor_class": SmallNetwork, "net_arch": []},
        device="cpu",
        seed=0,
    )
    learner._setup_learn(total_timesteps=steps)
    rng = np.random.default_rng(0)
    for step in range(steps):
        seen = rng.integers(0, 256, (1, 1, HEIGHT, WIDTH), np.uint8)
        action, value, log_probability = (
            each.detach() for each in learner.policy(torch.as_tensor(seen))
        )
        learner.rollout_buffer.add(
            seen, action.numpy(), rng.random(1), np.array([step == 0]), value, log_probability
        )
    learner.rollout_buffer.compute_returns_and_advantage(torch.zeros(1), np.array([True]))
    return learner


def main() -> None:
    """Update as often as asked."""
    parser = argparse.ArgumentParser()
    for name in ("steps", "batch", "epochs", "actions"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    learner = build(given.steps, given.batch, given.epochs, given.actions)
    hello = {
        "parameters": sum(weight.numel() for weight in learner.policy.parameters()),
        "stable-baselines3": version("stable-baselines3"),
        "torch": version("torch"),
    }
    print(json.dumps(hello), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        learner.train()
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
