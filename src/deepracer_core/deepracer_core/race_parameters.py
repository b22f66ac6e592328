"""What kind of race is driven, and by which rules: parameters, and the rules made of them."""

from dataclasses import dataclass

from deepracer_core.parameters import parameter
from deepracer_core.race_scenes import MAX_OBJECTS
from deepracer_core.starts import StartPositions
from deepracer_core.track import Track
from deepracer_core.trial import TrialRules


@dataclass(frozen=True)
class RaceParameters:
    """Where episodes begin, what else is on the road, what a mistake costs.

    Named as in the public format.
    """

    race_type: str = parameter("time_trial", "time_trial, object_avoidance or head_to_bot")
    reverse_direction: bool = parameter(False, "drive against the direction of the track's route")
    alternate_driving_direction: bool = parameter(
        False, "drive every second training episode the other way"
    )
    change_start_position: bool = parameter(
        True, "begin each training episode further on; if not, all at the start line"
    )
    round_robin_advance_dist: float = parameter(
        0.05, "share of the lap from one training start to the next", lowest=0.0, highest=0.999
    )
    start_position_offset: float = parameter(
        0.0, "share of the lap from the start line to the first start", lowest=0.0, highest=0.999
    )

    number_of_resets: int = parameter(
        0, "times in a trial that the car is put back on the road", lowest=0, highest=1_000_000
    )
    off_track_penalty: float = parameter(
        2.0, "seconds for being put back after leaving the road", lowest=0.0, highest=1000.0
    )
    collision_penalty: float = parameter(
        5.0, "seconds for being put back after a crash", lowest=0.0, highest=1000.0
    )
    is_continuous: bool = parameter(False, "the next trial goes on where a lap ended")

    number_of_obstacles: int = parameter(6, "boxes on the road", lowest=0, highest=MAX_OBJECTS)
    min_distance_between_obstacles: float = parameter(
        2.0, "metres between boxes at random places", lowest=0.0, highest=100.0
    )
    randomize_obstacle_locations: bool = parameter(
        False, "draw the places of the boxes for each episode"
    )
    object_positions: str = parameter(
        "", "places of the boxes: share of the lap,lane (-1 inside, 1 outside);..."
    )

    number_of_bot_cars: int = parameter(3, "bot cars on the road", lowest=0, highest=MAX_OBJECTS)
    bot_car_speed: float = parameter(0.2, "m/s", lowest=0.0, highest=4.0)
    min_distance_between_bot_cars: float = parameter(
        2.0, "metres between bot cars at random places", lowest=0.0, highest=100.0
    )
    randomize_bot_car_locations: bool = parameter(
        False, "draw the places of the bot cars for each episode"
    )
    is_lane_change: bool = parameter(False, "bot cars change lanes")
    lower_lane_change_time: float = parameter(
        3.0, "shortest time between lane changes, seconds", lowest=0.0, highest=1000.0
    )
    upper_lane_change_time: float = parameter(
        5.0, "longest time between lane changes, seconds", lowest=0.0, highest=1000.0
    )
    lane_change_distance: float = parameter(
        1.0, "metres that a lane change takes", lowest=0.01, highest=100.0
    )


def create_starts(
    given: RaceParameters, track: Track, *, training: bool, ahead: float = 0.0, taken: int = 0
) -> StartPositions:
    """Where episodes begin: all at one place in an evaluation, or when it is not to change.

    Args:
        given: the parameters.
        track: in the direction of its route.
        training: whether this is no evaluation.
        ahead: share of the lap that this worker begins further on, if the place changes.
        taken: starts that this worker has had: one that is started again goes on round the lap.
    """
    changing = training and given.change_start_position
    return StartPositions(
        track.reversed() if given.reverse_direction else track,
        advance=given.round_robin_advance_dist if changing else 0.0,
        alternate_direction=given.alternate_driving_direction and training,
        first=(given.start_position_offset + ahead * changing) % 1.0,
        taken=taken,
    )


def create_trial_rules(given: RaceParameters) -> TrialRules:
    """What happens in a trial when the car leaves the road or crashes."""
    return TrialRules(
        number_of_resets=given.number_of_resets,
        off_track_penalty=given.off_track_penalty,
        collision_penalty=given.collision_penalty,
        is_continuous=given.is_continuous,
    )
