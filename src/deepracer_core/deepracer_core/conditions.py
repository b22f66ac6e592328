"""In what an episode is driven: light, colours, where the camera looks, grip, delay."""

from dataclasses import dataclass

Factors = tuple[float, float, float]
"""Of red, green and blue."""

UNCHANGED: Factors = (1.0, 1.0, 1.0)

TEXTURES = 4
"""So many textures the road has, and the field; 0 is the world's own."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is other than the files of the world and the car say; by default nothing is.

    Attributes:
        light_strength: factor of all light, and of the sky.
        light_color: factors of all light, and of the sky.
        light_azimuth: how much further round the light stands, radians, counter-clockwise.
        light_elevation: how much higher up it stands, radians.
        road_color: factors of the asphalt.
        road_texture: number of its texture.
        field_color: factors of the ground beside the road.
        field_texture: number of its texture.
        line_color: factors of the borders and of the centre line.
        object_color: factors of boxes and bot cars.
        camera_pitch: how much further down the camera looks, radians (REP-103).
        camera_field_of_view: how much wider it sees, radians, horizontally.
        friction: factor of the friction of the tyres.
        action_delay: control periods from a command to its effect.
    """

    light_strength: float = 1.0
    light_color: Factors = UNCHANGED
    light_azimuth: float = 0.0
    light_elevation: float = 0.0
    road_color: Factors = UNCHANGED
    road_texture: int = 0
    field_color: Factors = UNCHANGED
    field_texture: int = 0
    line_color: Factors = UNCHANGED
    object_color: Factors = UNCHANGED
    camera_pitch: float = 0.0
    camera_field_of_view: float = 0.0
    friction: float = 1.0
    action_delay: int = 0
