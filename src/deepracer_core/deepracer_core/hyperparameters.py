"""hyperparameters.json: how the trainer learns, in the public DeepRacer format."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from deepracer_core.json_fields import (
    parse_object,
    read_choice,
    read_number,
    read_text,
    refuse,
    refuse_unknown,
)

_Reader = Callable[[str, str, Any], Any]
"""Makes a checked value of file, field and JSON value."""


def _integer(default: int, low: int, high: int | None = None, *, power_of_two: bool = False) -> Any:
    kind = "a power of two" if power_of_two else "an integer"
    expected = f"{kind} from {low}" + ("" if high is None else f" to {high}")

    def read(source: str, name: str, value: Any) -> int:
        number = read_number(source, name, value, expected)
        integer = int(number)
        if (
            integer != number
            or integer < low
            or (high is not None and integer > high)
            or (power_of_two and integer & (integer - 1))
        ):
            refuse(source, name, expected, repr(value))
        return integer

    return field(default=default, metadata={"read": read, "expected": expected})


def _real(default: float | None, low: float | None = None, high: float | None = None) -> Any:
    expected = "a number" if low is None else f"a number from {low:g} to {high:g}"

    def read(source: str, name: str, value: Any) -> float | None:
        if value is None and default is None:
            return None
        number = read_number(source, name, value, expected)
        if low is not None and high is not None and not low <= number <= high:
            refuse(source, name, expected, repr(value))
        return number

    return field(default=default, metadata={"read": read, "expected": expected})


def _choice(default: str, *choices: str, **also: str) -> Any:
    """One of some words; `also` has words that mean one of them."""

    def read(source: str, name: str, value: Any) -> str:
        word = read_choice(source, name, value, (*choices, *also))
        return also.get(word, word)

    return field(default=default, metadata={"read": read, "expected": f"one of {choices}"})


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """How the trainer learns. Names, defaults and ranges are those of the public format.

    Attributes:
        batch_size: samples in one gradient step.
        num_epochs: passes over the gathered experience in one update (PPO).
        lr: learning rate of Adam.
        beta_entropy: weight of the policy's entropy in the loss (PPO), at the beginning.
        discount_factor: how much a reward one step later counts.
        loss_type: of the value estimate: huber or mean squared error.
        num_episodes_between_training: episodes gathered for one update.
        exploration_type: categorical: draw from the policy's distribution; e-greedy: the likeliest
            action, but a random one with a chance that falls to `e_greedy_value`. What public files
            for SAC have, additive_noise, is read as categorical: SAC draws, whatever they say.
        e_greedy_value: that chance in the end.
        epsilon_steps: steps over which it falls.
        stack_size: camera frames in one observation.
        sac_alpha: weight of the policy's entropy against the reward of a usual step (SAC), at the
            beginning; from there it is learnt.
        term_cond_max_episodes: end the training after so many episodes.
        term_cond_avg_score: end the training at this mean reward of an episode.
        clip_range: how far the ratio of new to old probability of an action may move (PPO). This
            and those below are not in the public files, where they are fixed.
        gae_lambda: weight of longer advantage estimates against shorter ones (Schulman et al.
            2016).
        beta_entropy_final: what `beta_entropy` goes to, evenly; None: it stays (PPO).
        beta_entropy_steps: steps over which it goes there (PPO).
        advantage_normalisation: over what advantages get mean 0 and deviation 1: update, minibatch
            or none (PPO).
        max_gradient_norm: a gradient is scaled down to this length.
        sac_updates_per_step: gradient steps for each step driven (SAC).
        sac_target_entropy: share of the entropy of acting at random that a discrete policy is kept
            near (SAC); a continuous one is kept near -1 nat a dimension.
    """

    batch_size: int = _integer(64, 32, 512, power_of_two=True)
    num_epochs: int = _integer(10, 3, 10)
    lr: float = _real(3e-4, 1e-8, 1e-3)
    beta_entropy: float = _real(0.01, 0.0, 1.0)
    discount_factor: float = _real(0.999, 0.0, 1.0)
    loss_type: str = _choice("huber", "huber", "mean squared error")
    num_episodes_between_training: int = _integer(20, 1, 100)
    exploration_type: str = _choice(
        "categorical", "categorical", "e-greedy", additive_noise="categorical"
    )
    e_greedy_value: float = _real(0.05, 0.0, 1.0)
    epsilon_steps: int = _integer(10000, 1)
    stack_size: int = _integer(1, 1, 32)
    sac_alpha: float = _real(0.2, 0.0, 1.0)
    term_cond_max_episodes: int = _integer(100000, 1)
    term_cond_avg_score: float = _real(100000.0)
    clip_range: float = _real(0.2, 0.01, 1.0)
    gae_lambda: float = _real(0.95, 0.0, 1.0)
    beta_entropy_final: float | None = _real(None, 0.0, 1.0)
    beta_entropy_steps: int = _integer(100000, 1)
    advantage_normalisation: str = _choice("update", "update", "minibatch", "none")
    max_gradient_norm: float = _real(0.5, 1e-3, 1e6)
    sac_updates_per_step: float = _real(0.25, 0.001, 10.0)
    sac_target_entropy: float = _real(0.3, 0.0, 1.0)

    def entropy_weight(self, steps: int) -> float:
        """The weight of the entropy after so many steps were learnt from (PPO)."""
        if self.beta_entropy_final is None:
            return self.beta_entropy
        share = min(steps / self.beta_entropy_steps, 1.0)
        return (1.0 - share) * self.beta_entropy + share * self.beta_entropy_final

    def epsilon(self, steps: int) -> float:
        """The chance of a random action after so many steps were learnt from (e-greedy)."""
        share = min(steps / self.epsilon_steps, 1.0)
        return (1.0 - share) + share * self.e_greedy_value


def load_hyperparameters(path: str | Path) -> Hyperparameters:
    """Read a hyperparameters.json.

    Raises:
        ConfigurationError: see `parse_hyperparameters`; or the file cannot be read.
    """
    return parse_hyperparameters(read_text(path, "a hyperparameters file"), str(path))


def parse_hyperparameters(text: str | bytes, source: str) -> Hyperparameters:
    """Read the text of a hyperparameters.json; what it leaves out has its default.

    Args:
        text: JSON object; numbers may be written as strings.
        source: what errors call it, a path usually.

    Raises:
        ConfigurationError: a value is out of its range or of another type, or a key is unknown. It
            names file and field, what was expected and what came.
    """
    values = parse_object(text, source)
    readers: dict[str, _Reader] = {
        item.name: item.metadata["read"] for item in fields(Hyperparameters)
    }
    refuse_unknown(source, values, readers)
    return Hyperparameters(
        **{name: readers[name](source, name, value) for name, value in values.items()}
    )
