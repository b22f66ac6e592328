"""What else is on the road in a kind of race, made of the settings that the public format has."""

from dataclasses import dataclass, fields

from deepracer_core.bot_cars import BotCarRules, BotCars
from deepracer_core.errors import ConfigurationError
from deepracer_core.object_places import Spread, parse_places
from deepracer_core.obstacles import Obstacles
from deepracer_core.race_objects import RaceType, SceneSource
from deepracer_core.track import Track

MAX_OBJECTS = 20
"""So many objects at most are on the road in a race."""


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """The settings of the race that are about what else is on the road.

    Named as in the public format; seconds, metres and metres in a second.
    """

    race_type: str
    number_of_obstacles: int
    min_distance_between_obstacles: float
    randomize_obstacle_locations: bool
    object_positions: str | None
    number_of_bot_cars: int
    bot_car_speed: float
    min_distance_between_bot_cars: float
    randomize_bot_car_locations: bool
    is_lane_change: bool
    lower_lane_change_time: float
    upper_lane_change_time: float
    lane_change_distance: float

    @classmethod
    def of(cls, given: object) -> "SceneSettings":
        """Those among the attributes of something that has more settings."""
        return cls(**{field.name: getattr(given, field.name) for field in fields(cls)})


def parse_race_type(name: str) -> RaceType:
    """The race of a name.

    Raises:
        ConfigurationError: there is no such race.
    """
    try:
        return RaceType(name)
    except ValueError:
        known = ", ".join(race.value for race in RaceType)
        raise ConfigurationError(f"race_type: expected one of {known}, got {name!r}") from None


def create_scenes(
    given: SceneSettings, track: Track, *, seed: int, worker: int
) -> SceneSource | None:
    """What else is on the road; None in a time trial.

    Args:
        given: the settings.
        track: in either direction.
        seed: of the run.
        worker: index of this simulation.

    Raises:
        ConfigurationError: there is no such race, or its objects cannot be on this track.
    """
    race = parse_race_type(given.race_type)
    if race is RaceType.TIME_TRIAL:
        return None
    if race is RaceType.OBJECT_AVOIDANCE:
        places = parse_places((given.object_positions or "").split(";"), "object_positions")
        if len(places) > MAX_OBJECTS:
            raise ConfigurationError(
                f"object_positions: expected at most {MAX_OBJECTS} places, got {len(places)}"
            )
        boxes = Spread(
            given.number_of_obstacles,
            given.min_distance_between_obstacles,
            given.randomize_obstacle_locations,
            places,
        )
        boxes.check(track, "boxes")
        return Obstacles(boxes, seed=seed, worker=worker)
    cars = Spread(
        given.number_of_bot_cars,
        given.min_distance_between_bot_cars,
        given.randomize_bot_car_locations,
    )
    cars.check(track, "bot cars")
    rules = BotCarRules(
        given.bot_car_speed,
        given.is_lane_change,
        (given.lower_lane_change_time, given.upper_lane_change_time),
        given.lane_change_distance,
    )
    return BotCars(cars, rules, seed=seed, worker=worker)
