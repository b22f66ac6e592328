"""Observations from their parts: what each sensor saw comes by itself, stamped with its frame."""

from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from deepracer_core.observation import Observation

_MAX_FRAMES = 16


class ObservationParts:
    """Joins the parts of each frame's observation.

    Those of one sensor come in the order of their frames, those of different sensors in any; a
    frame may come again, and a part be lost.

    Args:
        sensors: whose parts make an observation, in this order.
    """

    def __init__(self, sensors: Iterable[str]) -> None:
        self._sensors = tuple(sensors)
        self._frames: dict[int, dict[str, NDArray[Any]]] = {}

    def add(self, time_ns: int, sensor: str, array: NDArray[Any]) -> Observation | None:
        """Take in what a sensor saw in a frame; it is kept, not copied.

        Returns:
            The frame's observation when nothing of it is missing any more.
        """
        for later in [later for later in self._frames if later > time_ns]:
            # The clock went back: this is of a frame before that has the same time.
            self._frames[later].pop(sensor, None)
        parts = self._frames.setdefault(time_ns, {})
        parts[sensor] = array
        if len(parts) < len(self._sensors):
            if len(self._frames) > _MAX_FRAMES:
                del self._frames[min(self._frames)]
            return None
        # What is still missing of older frames was lost: their other parts came before these.
        for old in [old for old in self._frames if old <= time_ns]:
            del self._frames[old]
        return {name: parts[name] for name in self._sensors}
