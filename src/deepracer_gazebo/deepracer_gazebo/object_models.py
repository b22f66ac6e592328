"""The boxes and bot cars of a race, as models in a world.

They can be seen and nothing else: no contact ever slows the car down or lifts it, so that a run
repeats, and a crash is judged by the outlines alone.
"""

from deepracer_core.obstacles import BOX_HEIGHT, BOX_LENGTH, BOX_WIDTH
from deepracer_core.race_objects import RaceType, object_name
from deepracer_core.simulation import WHEELBASE

from deepracer_gazebo.car_model import WHEEL_RADIUS, WHEEL_TRACK, Color

_CARDBOARD: Color = (0.72, 0.53, 0.32)
_RED: Color = (0.75, 0.12, 0.1)
_BLACK: Color = (0.05, 0.05, 0.055)
_SILVER: Color = (0.72, 0.73, 0.75)

_UNSEEN = -10.0
"""Metres: below the ground, where the models wait for their first place."""

_MODEL = """\
    <model name="{name}">
      <pose>0 0 {height:g} 0 0 0</pose>
      <link name="body">
        <gravity>false</gravity>
        <kinematic>true</kinematic>
{visuals}
      </link>
    </model>
"""

_VISUAL = """\
      <visual name="{name}">
        <cast_shadows>false</cast_shadows>
        <pose>{x:g} {y:g} {z:g} 0 0 0</pose>
        <geometry>
          {geometry}
        </geometry>
        <material>
          <ambient>{color} 1</ambient>
          <diffuse>{color} 1</diffuse>
        </material>
      </visual>"""


def object_models(race_type: RaceType, count: int) -> str:
    """The models of a race's objects as SDF text, waiting out of sight.

    Args:
        race_type: which of them there are; in a time trial none.
        count: how many.
    """
    if race_type is RaceType.TIME_TRIAL:
        return ""
    visuals = _bot_car() if race_type is RaceType.HEAD_TO_BOT else _box()
    return "".join(
        _MODEL.format(name=object_name(race_type, index), height=_UNSEEN, visuals=visuals)
        for index in range(count)
    )


def with_objects(world: str, models: str) -> str:
    """The text of a world file with more models in it."""
    before, end, after = world.rpartition("  </world>")
    return before + models + end + after


def _box() -> str:
    size = f"<box><size>{BOX_LENGTH:g} {BOX_WIDTH:g} {BOX_HEIGHT:g}</size></box>"
    return _visual("box", size, _CARDBOARD, z=0.5 * BOX_HEIGHT)


def _bot_car() -> str:
    """The car without its joints, in another color."""
    visuals = [
        _visual("shell", _mesh("shell"), _RED),
        *(_visual(part, _mesh(part), _BLACK) for part in ("windows", "trim")),
        _visual("lamps", _mesh("lamps"), _SILVER),
    ]
    for end, x in (("front", 0.5 * WHEELBASE), ("rear", -0.5 * WHEELBASE)):
        for side, y in (("left", 0.5 * WHEEL_TRACK), ("right", -0.5 * WHEEL_TRACK)):
            for part, color in (("tyre", _BLACK), ("rim", _SILVER)):
                name = f"{side}_{end}_{part}"
                visuals.append(_visual(name, _mesh(part), color, x, y, WHEEL_RADIUS))
    return "\n".join(visuals)


def _mesh(name: str) -> str:
    return f"<mesh><uri>model://deepracer/meshes/{name}.obj</uri></mesh>"


def _visual(
    name: str, geometry: str, color: Color, x: float = 0.0, y: float = 0.0, z: float = 0.0
) -> str:
    text = " ".join(f"{part:.3g}" for part in color)
    return _VISUAL.format(name=name, geometry=geometry, color=text, x=x, y=y, z=z)
