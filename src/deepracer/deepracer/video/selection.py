"""Which episodes of a trace a film shows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deepracer_core.errors import ConfigurationError
from deepracer_core.recorded_trace import RecordedEpisode

_PART = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for; all episodes when nothing was.

    Attributes:
        numbers: of episodes, as in `12,40-45`.
        best: the fastest lap alone, or else the episode that came furthest.
        last: so many, the newest.
    """

    numbers: str | None = None
    best: bool = False
    last: int | None = None

    def __post_init__(self) -> None:
        """Check the request.

        Raises:
            ConfigurationError: two things at once were asked for, or something that is no number.
        """
        if (self.numbers is not None) + self.best + (self.last is not None) > 1:
            raise ConfigurationError(
                "episodes: expected one of --episodes, --best and --last, got several: they are"
                " different choices"
            )
        if self.last is not None and self.last < 1:
            raise ConfigurationError(f"--last: expected 1 or more, got {self.last}")
        if self.numbers is not None:
            parse_numbers(self.numbers)

    @property
    def name(self) -> str:
        """A name for a file with them."""
        if self.numbers is not None:
            return f"episodes-{self.numbers.replace(' ', '')}"
        if self.last is not None:
            return f"last-{self.last}"
        return "best" if self.best else "all"

    def choose(
        self, episodes: Sequence[RecordedEpisode], first: int, what: str
    ) -> list[RecordedEpisode]:
        """The episodes that were asked for, in their order.

        Args:
            episodes: what there is, at least one.
            first: what people call the episode that has number 0 in the trace.
            what: they call one of them.

        Raises:
            ConfigurationError: one that was asked for is not there; the message says what is.
        """
        if self.best:
            return [min(episodes, key=_rank)]
        if self.last is not None:
            return list(episodes[-self.last :])
        if self.numbers is None:
            return list(episodes)
        by_number = {each.number + first: each for each in episodes}
        wanted = parse_numbers(self.numbers)
        every = (number for part in wanted for number in part)
        missing = next((number for number in every if number not in by_number), None)
        if missing is not None:
            raise ConfigurationError(
                f"--episodes: there is no {what} {missing}; there are {in_words(sorted(by_number))}"
            )
        return [by_number[number] for part in wanted for number in part]


def parse_numbers(text: str) -> list[range]:
    """Read numbers and ranges of them, as in `12,40-45`.

    Raises:
        ConfigurationError: it is something else.
    """
    parts = []
    for part in text.replace(" ", "").split(","):
        match = _PART.fullmatch(part)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise ConfigurationError(
                f"--episodes: expected numbers and ranges such as 12,40-45, got {text!r}"
            )
        parts.append(range(int(match[1]), int(match[2] or match[1]) + 1))
    return parts


def in_words(numbers: Sequence[int]) -> str:
    """Ascending numbers the way `parse_numbers` reads them."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)


def _rank(episode: RecordedEpisode) -> tuple[bool, float]:
    """The smaller, the better."""
    return not episode.is_lap, episode.duration_s if episode.is_lap else -episode.progress[-1]
