"""From the experience buffer to iterations: what cannot be learnt from is dropped and counted."""

import logging
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.model_files import WEIGHTS_FILE
from deepracer_core.model_store import ModelStore, StoreError
from deepracer_core.segment import SegmentError, decode

from deepracer_trainer.checkpoint import CheckpointError, read_weights
from deepracer_trainer.experience import Collector, Iteration, Trajectory
from deepracer_trainer.learning import Learner

_CLAIM_AT_ONCE = 16
_CLAIM_WAIT_S = 0.5

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Dropped:
    """Segments that were not learnt from.

    Attributes:
        stale: their policy was too old, or its weights are not known.
        broken: they could not be read, or are of other sensors or another action space.
    """

    stale: int = 0
    broken: int = 0


class Intake:
    """Claims segments and gathers those that the learner can learn from.

    Args:
        buffer: where they come from.
        collector: gathers them.
        learner: knows the weights of recent versions.
        store: has those of versions from before a restart.
        oldest: segments of a policy so many versions old are still taken; all of them by a
            learner with a replay memory.
    """

    def __init__(
        self,
        buffer: ExperienceBuffer,
        collector: Collector,
        learner: Learner,
        store: ModelStore,
        oldest: int,
    ) -> None:
        self.dropped = Dropped()
        self._buffer = buffer
        self._collector = collector
        self._learner = learner
        self._store = store
        self._oldest = oldest
        self._learnt: frozenset[int] = frozenset()
        self._newest_learnt = 0
        self._waiting: deque[tuple[int, bytes]] = deque()

    def skip(self, identifiers: Collection[int]) -> None:
        """Take these for learnt: the trainer died after publishing, before acknowledging them.

        What a learner with a replay memory has learnt from is still there: it is remembered again.
        """
        self._learnt = frozenset(identifiers)
        self._newest_learnt = max(identifiers, default=0)

    def claim(self, newest_version: int) -> Iteration | None:
        """Wait a moment for segments; an iteration as soon as there are enough."""
        if not self._waiting:
            self._waiting.extend(self._buffer.claim(_CLAIM_AT_ONCE, _CLAIM_WAIT_S))
        unfit = []
        while self._waiting and not self._collector.is_ready:
            identifier, data = self._waiting.popleft()
            if not self._take_in(identifier, data, newest_version):
                unfit.append(identifier)
        if unfit:
            self._buffer.acknowledge(unfit)
        return self._collector.take() if self._collector.is_ready else None

    def _take_in(self, identifier: int, data: bytes, newest_version: int) -> bool:
        if identifier in self._learnt and self._learner.replay is None:
            return False
        try:
            segment = decode(data)
        except SegmentError as error:
            _LOG.error("segment %d is dropped: %s", identifier, error)
            self.dropped.broken += 1
            return False
        if not self._learner.fits(segment):
            _LOG.error(
                "segment %d of worker %d is dropped: observations %s or actions %s %s do not fit "
                "this model_metadata.json",
                identifier,
                segment.meta.worker,
                {sensor: array.shape for sensor, array in segment.observations.items()},
                segment.actions.dtype,
                segment.actions.shape,
            )
            self.dropped.broken += 1
            return False
        if not self._knows(segment.meta.policy_version, newest_version):
            self.dropped.stale += 1
            return False
        if self._learner.replay is not None and identifier <= self._newest_learnt:
            self._learner.replay.add(Trajectory((segment,)))
            return True
        self._collector.add(identifier, segment)
        return True

    def _knows(self, version: int, newest_version: int) -> bool:
        """The version that acted is recent, and its weights are at hand or in the store."""
        if self._learner.replay is not None:
            return True
        if not 0 <= newest_version - version <= self._oldest:
            return False
        if not self._learner.knows(version):
            try:
                stored = self._store.load(version, names=[WEIGHTS_FILE])
                self._learner.remember_weights(version, read_weights(stored.files))
            except (StoreError, CheckpointError) as error:
                _LOG.warning("experience of version %d is dropped: %s", version, error)
                return False
        return True
