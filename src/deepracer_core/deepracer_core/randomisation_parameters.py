"""In which ranges the conditions of episodes are drawn: parameters, and what draws from them."""

from dataclasses import dataclass

from deepracer_core.parameters import parameter
from deepracer_core.randomisation import RANDOMISED, Randomisation, parse_range


@dataclass(frozen=True)
class RandomisationParameters:
    """Ranges MIN:MAX, from which each episode draws its own; where one is empty nothing changes."""

    light_strength: str = parameter("", "factors of the light")
    light_color: str = parameter("", "factors of the light's red, green and blue")
    light_azimuth_deg: str = parameter("", "degrees that the light stands further round")
    light_elevation_deg: str = parameter("", "degrees that the light stands higher up")
    road_color: str = parameter("", "factors of the road's red, green and blue")
    road_texture: str = parameter("", "numbers of the road's texture")
    field_color: str = parameter("", "factors of the field's red, green and blue")
    field_texture: str = parameter("", "numbers of the field's texture")
    line_color: str = parameter("", "factors of the lines' red, green and blue")
    object_color: str = parameter("", "factors of the objects' red, green and blue")
    camera_pitch_deg: str = parameter("", "degrees that the camera looks further down")
    camera_field_of_view_deg: str = parameter("", "degrees that the camera sees wider")
    friction: str = parameter("", "factors of the tyres' friction")
    action_delay: str = parameter("", "control periods from an action to its effect")


def create_randomisation(
    given: RandomisationParameters, *, seed: int, worker: int
) -> Randomisation | None:
    """What draws the conditions of episodes; None when no range is given.

    Args:
        given: the parameters.
        seed: of the run.
        worker: index of this simulation.

    Raises:
        ConfigurationError: something given is no such range.
    """
    texts = {name: getattr(given, name) for name in RANDOMISED}
    ranges = {name: parse_range(name, text) for name, text in texts.items() if text}
    return Randomisation(ranges, seed=seed, worker=worker) if ranges else None
