"""Writes the car's model, `models/deepracer/`: `python -m deepracer_gazebo.car_model --root .`.

The same numbers stand in the plugin's car.cc, which turns a steering angle and a speed into what
each wheel must do. The base is on the ground, midway between the axles.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepracer_core.car_geometry import CAMERA_AHEAD, CAMERA_FIELD_OF_VIEW
from deepracer_core.errors import ConfigurationError
from deepracer_core.sensors import FRONT_FACING_CAMERA, STEREO_CAMERAS
from deepracer_core.simulation import WHEELBASE

from deepracer_gazebo import car_mesh

Color = tuple[float, float, float]

BLUE: Color = (0.05, 0.24, 0.62)
"""Red, green and blue of the car as it is shipped, from 0 to 1."""

FRONT = "front"
LEFT = "left"
RIGHT = "right"
CHASE = "chase"


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a camera is on the car, and what it sees.

    Attributes:
        pose: x, y, z, roll, pitch, yaw of the camera from the car's base, metres and radians.
        field_of_view: horizontal, radians.
    """

    pose: tuple[float, float, float, float, float, float]
    field_of_view: float = CAMERA_FIELD_OF_VIEW


def _eye(y: float) -> Mount:
    return Mount((CAMERA_AHEAD, y, 0.13, 0.0, 0.261799, 0.0))


MOUNTS = {
    FRONT: _eye(0.0),
    LEFT: _eye(0.03),
    RIGHT: _eye(-0.03),
    # Behind the car and above it; for videos, no network sees it.
    CHASE: Mount((-1.1, 0.0, 0.5, 0.0, 0.28, 0.0), field_of_view=1.1),
}
"""All cameras that a car can carry, by name."""

_CAMERAS_OF = {FRONT_FACING_CAMERA: (FRONT,), STEREO_CAMERAS: (LEFT, RIGHT)}

CAMERA_SIZE = (160, 120)
"""Width and height of the pictures of the car as it is shipped, pixels."""

CHASE_SIZE = (1280, 720)
"""Those of the chase camera, for recorded videos."""

WHEEL_TRACK = 0.16
WHEEL_RADIUS = 0.035
WHEEL_WIDTH = 0.034

_CAMERA_SIZES = (16, 4096)

_BODY_MASS = 6.5
_BODY_SIZE = (0.30, 0.18, 0.10)
_BODY_CENTER = 0.05
_WHEEL_MASS = 0.2
_KNUCKLE_MASS = 0.1
_KNUCKLE_INERTIA = 1e-4
"""Four wheels and two knuckles: 7.5 kg in all."""

_RUBBER: Color = (0.05, 0.05, 0.055)
_METAL: Color = (0.72, 0.73, 0.75)
_GLASS: Color = (0.03, 0.04, 0.05)
_LAMP: Color = (0.95, 0.95, 0.85)

MODEL_CONFIG = """\
<?xml version="1.0"?>
<model>
  <name>deepracer</name>
  <version>1.0</version>
  <sdf version="1.6">model.sdf</sdf>
  <author>
    <name>The DeepRacer maintainers</name>
  </author>
  <description>A 1/18 scale car: four driven wheels, Ackermann steering, a camera</description>
</model>
"""

_BASE = """\
    <link name="base_link">
{inertial}
      <collision name="body">
        <pose>0 0 0.07 0 0 0</pose>
        <geometry>
          <box>
            <size>0.32 0.20 0.09</size>
          </box>
        </geometry>
      </collision>
{visuals}
{cameras}
    </link>
"""

_CAMERA = """\
      <sensor name="{name}" type="camera">
        <pose>{pose}</pose>
        <update_rate>15</update_rate>
        <camera>
          <horizontal_fov>{field_of_view:g}</horizontal_fov>
          <image>
            <width>{width}</width>
            <height>{height}</height>
            <format>R8G8B8</format>
          </image>
          <clip>
            <near>0.01</near>
            <far>100</far>
          </clip>
        </camera>
      </sensor>"""

# A ball touches the ground in one point wherever the wheel leans; the first friction direction
# follows the axle, so that the grip does not depend on where the car points in the world.
_WHEEL = """\
    <link name="{name}_wheel">
      <pose>{x:g} {y:g} {radius:g} 0 0 0</pose>
{inertial}
      <collision name="tyre">
        <geometry>
          <sphere>
            <radius>{radius:g}</radius>
          </sphere>
        </geometry>
        <surface>
          <friction>
            <ode>
              <mu>1</mu>
              <mu2>1</mu2>
              <fdir1>0 1 0</fdir1>
            </ode>
          </friction>
        </surface>
      </collision>
{visuals}
    </link>
    <joint name="{name}_wheel_joint" type="revolute">
      <parent>{parent}</parent>
      <child>{name}_wheel</child>
      <axis>
        <xyz>0 1 0</xyz>
      </axis>
    </joint>
"""

_KNUCKLE = """\
    <link name="{side}_steering_hinge">
      <pose>{x:g} {y:g} {radius:g} 0 0 0</pose>
{inertial}
    </link>
    <joint name="{side}_steering_hinge_joint" type="revolute">
      <parent>base_link</parent>
      <child>{side}_steering_hinge</child>
      <axis>
        <xyz>0 0 1</xyz>
        <limit>
          <lower>-1</lower>
          <upper>1</upper>
        </limit>
      </axis>
    </joint>
"""

_INERTIAL = """\
      <inertial>
        <pose>0 0 {height:g} 0 0 0</pose>
        <mass>{mass:g}</mass>
        <inertia>
          <ixx>{ixx:.7f}</ixx>
          <iyy>{iyy:.7f}</iyy>
          <izz>{izz:.7f}</izz>
          <ixy>0</ixy>
          <ixz>0</ixz>
          <iyz>0</iyz>
        </inertia>
      </inertial>"""

_VISUAL = """\
      <visual name="{name}">
        <cast_shadows>false</cast_shadows>
        <geometry>
          <mesh>
            <uri>model://deepracer/meshes/{name}.obj</uri>
          </mesh>
        </geometry>
        <material>
          <ambient>{color} 1</ambient>
          <diffuse>{color} 1</diffuse>
          <specular>{shine} {shine} {shine} 1</specular>
        </material>
      </visual>"""


def car_sdf(
    color: Color = BLUE,
    cameras: Sequence[str] = (FRONT,),
    camera_size: tuple[int, int] = CAMERA_SIZE,
    chase_size: tuple[int, int] = CHASE_SIZE,
) -> str:
    """The car as SDF text.

    Args:
        color: of its body.
        cameras: names of those that it carries, from `MOUNTS`, in the order of a frame's images.
        camera_size: width and height of the pictures, pixels.
        chase_size: those of the chase camera.
    """
    x, y = 0.5 * WHEELBASE, 0.5 * WHEEL_TRACK
    body = [
        _visual("shell", color, 0.3),
        _visual("windows", _GLASS, 0.5),
        _visual("trim", _RUBBER, 0.1),
        _visual("lamps", _LAMP, 0.5),
    ]
    length, width, height = _BODY_SIZE
    ixx, iyy, izz = (
        _BODY_MASS / 12.0 * (a * a + b * b)
        for a, b in ((width, height), (length, height), (length, width))
    )
    inertial = _inertial(_BODY_MASS, (ixx, iyy, izz), _BODY_CENTER)
    sizes = {name: chase_size if name == CHASE else camera_size for name in cameras}
    eyes = "\n".join(_camera(name, size) for name, size in sizes.items())
    parts = [_BASE.format(inertial=inertial, visuals="\n".join(body), cameras=eyes)]
    parts += [_knuckle(side, x, offset) for side, offset in (("left", y), ("right", -y))]
    for side, offset in (("left", y), ("right", -y)):
        parts.append(_wheel(f"{side}_front", x, offset, f"{side}_steering_hinge"))
        parts.append(_wheel(f"{side}_rear", -x, offset, "base_link"))
    return (
        '<?xml version="1.0"?>\n<sdf version="1.6">\n  <model name="deepracer">\n'
        + "".join(parts)
        + "  </model>\n</sdf>\n"
    )


def car_files(
    color: Color = BLUE,
    cameras: Sequence[str] = (FRONT,),
    camera_size: tuple[int, int] = CAMERA_SIZE,
    chase_size: tuple[int, int] = CHASE_SIZE,
) -> dict[str, str]:
    """All files of the model: path in its folder, and text; for the arguments see `car_sdf`."""
    sdf = car_sdf(color, cameras, camera_size, chase_size)
    files = {"model.config": MODEL_CONFIG, "model.sdf": sdf}
    for part in (
        car_mesh.shell,
        car_mesh.windows,
        car_mesh.trim,
        car_mesh.lamps,
        car_mesh.tyre,
        car_mesh.rim,
    ):
        files[f"meshes/{part.__name__}.obj"] = part()
    return files


def cameras_of(sensors: Iterable[str]) -> tuple[str, ...]:
    """The cameras that the sensors of a model need.

    A car that only has a lidar still carries the front camera, for people to look through.
    """
    needed = [name for sensor in sensors for name in _CAMERAS_OF.get(sensor, ())]
    return tuple(needed) or (FRONT,)


def parse_color(text: str) -> Color:
    """Read a color as people write it for the Web, `#rrggbb`.

    Raises:
        ConfigurationError: it is written otherwise.
    """
    digits = text.removeprefix("#")
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError as error:
        raise ConfigurationError(f"color: expected #rrggbb, got {text!r}") from error
    return (red / 255, green / 255, blue / 255)


def parse_cameras(text: str) -> tuple[str, ...]:
    """Read names of cameras with commas between them.

    Raises:
        ConfigurationError: there is no such camera, or it is named twice.
    """
    names = tuple(name.strip() for name in text.split(","))
    if not set(names) <= MOUNTS.keys() or len(set(names)) != len(names):
        raise ConfigurationError(
            f"cameras: expected some of {', '.join(MOUNTS)}, each once, got {text!r}"
        )
    return names


def parse_camera_size(text: str) -> tuple[int, int]:
    """Read the size of a camera's pictures, WIDTHxHEIGHT.

    Raises:
        ConfigurationError: it is written otherwise, or too small or too large.
    """
    low, high = _CAMERA_SIZES
    parts = text.split("x")
    if len(parts) == 2 and all(part.isdecimal() for part in parts):
        width, height = map(int, parts)
        if low <= width <= high and low <= height <= high:
            return width, height
    raise ConfigurationError(
        f"camera size: expected WIDTHxHEIGHT in pixels, each within [{low}, {high}], got {text!r}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the model from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    parser.add_argument("--color", help="of the body, #rrggbb")
    options = parser.parse_args(arguments)
    try:
        color = parse_color(options.color) if options.color else BLUE
    except ConfigurationError as error:
        print(f"car_model: {error}", file=sys.stderr)
        return 2
    for path, text in car_files(color).items():
        target = options.root / "models" / "deepracer" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return 0


def _camera(name: str, size: tuple[int, int]) -> str:
    mount = MOUNTS[name]
    width, height = size
    return _CAMERA.format(
        name=name,
        pose=" ".join(f"{number:g}" for number in mount.pose),
        field_of_view=mount.field_of_view,
        width=width,
        height=height,
    )


def _knuckle(side: str, x: float, y: float) -> str:
    inertial = _inertial(_KNUCKLE_MASS, (_KNUCKLE_INERTIA,) * 3)
    return _KNUCKLE.format(side=side, x=x, y=y, radius=WHEEL_RADIUS, inertial=inertial)


def _wheel(name: str, x: float, y: float, parent: str) -> str:
    spin = 0.5 * _WHEEL_MASS * WHEEL_RADIUS**2
    tilt = _WHEEL_MASS / 12.0 * (3.0 * WHEEL_RADIUS**2 + WHEEL_WIDTH**2)
    return _WHEEL.format(
        name=name,
        x=x,
        y=y,
        radius=WHEEL_RADIUS,
        parent=parent,
        inertial=_inertial(_WHEEL_MASS, (tilt, spin, tilt)),
        visuals="\n".join((_visual("tyre", _RUBBER, 0.1), _visual("rim", _METAL, 0.5))),
    )


def _inertial(mass: float, moments: tuple[float, float, float], height: float = 0.0) -> str:
    ixx, iyy, izz = moments
    return _INERTIAL.format(mass=mass, height=height, ixx=ixx, iyy=iyy, izz=izz)


def _visual(name: str, color: Color, shine: float) -> str:
    text = " ".join(f"{part:.3g}" for part in color)
    return _VISUAL.format(name=name, color=text, shine=f"{shine:g}")


if __name__ == "__main__":
    sys.exit(main())
