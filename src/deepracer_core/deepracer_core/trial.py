"""A trial of an evaluation: what it costs to leave the road or to crash, and what is counted."""

from dataclasses import dataclass

from deepracer_core.episode import EpisodeStatus


@dataclass(frozen=True, slots=True)
class TrialRules:
    """What happens in a trial when the car leaves the road or crashes.

    Attributes:
        number_of_resets: so often in a trial the car is put back; the next time the trial ends.
        off_track_penalty: seconds of lap time for being put back after leaving the road.
        collision_penalty: seconds of lap time for being put back after a crash.
        is_continuous: whether the next trial goes on where a lap ended, without a reset.
    """

    number_of_resets: int = 0
    off_track_penalty: float = 2.0
    collision_penalty: float = 5.0
    is_continuous: bool = False


class Trial:
    """What has happened in one trial so far; a training episode is one in which nothing may.

    Attributes:
        penalty_s: seconds of lap time for what happened.
        resets: how often the car was put back.
    """

    def __init__(self, rules: TrialRules) -> None:
        self.penalty_s = 0.0
        self.resets = 0
        self._rules = rules
        self._counts = dict.fromkeys(EpisodeStatus, 0)

    def puts_back(self, status: EpisodeStatus, steps_left: int) -> bool:
        """Take note of an end state; whether the car is put back instead of the trial's end.

        Args:
            status: the end state.
            steps_left: before the cap on the episode's steps.
        """
        self._counts[status] += 1
        penalties = {
            EpisodeStatus.OFF_TRACK: self._rules.off_track_penalty,
            EpisodeStatus.CRASHED: self._rules.collision_penalty,
        }
        resets_left = self._rules.number_of_resets - self.resets
        if status not in penalties or resets_left <= 0 or steps_left <= 0:
            return False
        self.resets += 1
        self.penalty_s += penalties[status]
        return True

    def count(self, status: EpisodeStatus) -> int:
        """How often an end state was reached, the one that ended the trial among them."""
        return self._counts[status]
