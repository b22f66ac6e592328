"""The car's model in the repository is the one that its description makes."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.simulation import WHEELBASE
from deepracer_gazebo.server import parse_arguments

from deepracer_gazebo import car_model

MODEL = Path(__file__).resolve().parents[2] / "models" / "deepracer"


def test_the_files_are_those_that_are_generated() -> None:
    files = car_model.car_files()
    assert {str(p.relative_to(MODEL)) for p in MODEL.rglob("*") if p.is_file()} == set(files)
    for path, text in files.items():
        assert (MODEL / path).read_text() == text, f"{path} is out of date"


def test_masses_and_wheels_are_those_of_the_contract() -> None:
    model = ElementTree.fromstring(car_model.car_sdf()).find("model")
    masses = [float(mass.text) for mass in model.iterfind("link/inertial/mass")]
    assert sum(masses) == pytest.approx(7.5)
    wheels = {
        link.get("name"): [float(number) for number in link.find("pose").text.split()]
        for link in model.iterfind("link")
        if link.get("name").endswith("_wheel")
    }
    assert len(wheels) == 4
    assert wheels["left_front_wheel"][:3] == [WHEELBASE / 2, 0.08, 0.035]
    assert wheels["right_rear_wheel"][:3] == [-WHEELBASE / 2, -0.08, 0.035]


def test_the_body_fits_the_footprint_and_stays_out_of_the_camera() -> None:
    for path, text in car_model.car_files().items():
        rows = [line.split()[1:] for line in text.splitlines() if line.startswith("v ")]
        if path.endswith(("shell.obj", "trim.obj", "lamps.obj", "windows.obj")):
            points = np.array(rows, float)
            assert np.abs(points[:, 0]).max() <= 0.161
            assert np.abs(points[:, 1]).max() <= 0.1
            # Half the vertical field of view, and 15 degrees, below the horizon.
            lowest_ray = np.arctan(np.tan(1.13 / 2) * 120 / 160) + np.deg2rad(15.0)
            ahead = points[points[:, 0] > 0.145]
            assert (ahead[:, 2] < 0.13 - (ahead[:, 0] - 0.145) * np.tan(lowest_ray)).all()


def test_the_color_is_a_parameter() -> None:
    assert "<diffuse>1 0.502 0 1</diffuse>" in car_model.car_sdf(car_model.parse_color("#ff8000"))
    for wrong in ("red", "#12345", "#gg0000", "#1234567890"):
        with pytest.raises(ConfigurationError, match="#rrggbb"):
            car_model.parse_color(wrong)


def test_the_cameras_are_parameters() -> None:
    model = ElementTree.fromstring(
        car_model.car_sdf(cameras=("left", "right", "chase"), camera_size=(320, 240))
    )
    sensors = {sensor.get("name"): sensor for sensor in model.iterfind(".//sensor")}
    assert list(sensors) == ["left", "right", "chase"]
    places = {name: sensor.find("pose").text.split() for name, sensor in sensors.items()}
    assert places["left"] == ["0.145", "0.03", "0.13", "0", "0.261799", "0"]
    assert places["right"] == ["0.145", "-0.03", "0.13", "0", "0.261799", "0"]
    widths = [int(sensor.find("camera/image/width").text) for sensor in sensors.values()]
    assert widths == [320, 320, 1280]


def test_cameras_are_read_as_people_write_them() -> None:
    assert car_model.parse_cameras("front, chase") == ("front", "chase")
    for wrong in ("", "rear", "front,front", "front,"):
        with pytest.raises(ConfigurationError, match="expected some of front, left, right, chase"):
            car_model.parse_cameras(wrong)
    assert car_model.parse_camera_size("640x480") == (640, 480)
    for wrong in ("640", "640x480x3", "-1x5", "8x8", "9999x120", "axb"):
        with pytest.raises(ConfigurationError, match="expected WIDTHxHEIGHT"):
            car_model.parse_camera_size(wrong)


@pytest.mark.parametrize(
    ("sensors", "cameras"),
    [
        (["FRONT_FACING_CAMERA"], ("front",)),
        (["STEREO_CAMERAS", "LIDAR"], ("left", "right")),
        (["STEREO_CAMERAS", "FRONT_FACING_CAMERA"], ("front", "left", "right")),
        (["SECTOR_LIDAR"], ("front",)),
    ],
)
def test_the_cameras_follow_from_the_sensors(
    tmp_path: Path, sensors: list[str], cameras: tuple[str, ...]
) -> None:
    actions = [{"steering_angle": angle, "speed": 1.0} for angle in (-10, 10)]
    metadata = tmp_path / "model_metadata.json"
    metadata.write_text(json.dumps({"action_space": actions, "sensor": sensors}))
    world = Path(__file__).with_name("flat.world")
    arguments = ["--world", str(world), "--socket", str(tmp_path / "s")]
    options = parse_arguments([*arguments, "--model-metadata", str(metadata)])
    assert options.cameras == cameras
    with pytest.raises(SystemExit):
        parse_arguments([*arguments, "--model-metadata", str(metadata), "--cameras", "front"])
