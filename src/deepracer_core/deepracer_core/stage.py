"""The objects of a worker's episodes, one episode after the other, in step with its frames."""

from deepracer_core.judgement import Placement
from deepracer_core.race_objects import EmptyRoad, RaceObject, Scene, SceneSource, free_distance
from deepracer_core.simulation import CONTROL_RATE
from deepracer_core.starts import Start
from deepracer_core.track import Track


class Stage:
    """Holds the scene of the episode that comes or runs, and the frame in which it began.

    Frames are counted rather than their stamps subtracted, which are whole nanoseconds: where the
    simulator is told to show an object in a frame is exactly where it is judged to be then.
    """

    def __init__(self, scenes: SceneSource | None) -> None:
        """Prepare.

        Args:
            scenes: makes each episode's; None: nothing else is ever on the road.
        """
        self._scenes = scenes
        self._scene: Scene = EmptyRoad()
        self._begin_ns: int | None = None

    def prepare(self, start: Start, episode: int) -> Start:
        """Have the scene of the episode that comes; its objects wait where they begin.

        Args:
            start: where the episode is to begin.
            episode: its number.

        Returns:
            Where it can begin: on free road.
        """
        self._begin_ns = None
        if self._scenes is None:
            return start
        self._scene = self._scenes.scene(start.track, start.distance, episode)
        return Start(start.track, free_distance(start.track, start.distance, self._scene.at(0.0)))

    def begin(self, time_ns: int) -> None:
        """The scene begins with the frame at a simulated time."""
        self._begin_ns = time_ns

    def objects_at(self, time_ns: int) -> tuple[RaceObject, ...]:
        """The objects in a frame of the episode."""
        return self._objects(time_ns, later=0)

    def free_place(self, track: Track, distance: float, time_ns: int) -> Start:
        """Where the car can be put back in the frame after one, at or before a distance."""
        return Start(track, free_distance(track, distance, self._objects(time_ns, later=1)))

    def placement(self, time_ns: int) -> Placement | None:
        """Where the objects are in the frame after one; None when there can be none."""
        if self._scenes is None:
            return None
        objects = self._objects(time_ns, later=1)
        return Placement(time_ns, tuple(other.pose for other in objects))

    def _objects(self, time_ns: int, later: int) -> tuple[RaceObject, ...]:
        if self._begin_ns is None:
            return self._scene.at(0.0)
        frames = round((time_ns - self._begin_ns) * 1e-9 * CONTROL_RATE) + later
        return self._scene.at(frames / CONTROL_RATE)
