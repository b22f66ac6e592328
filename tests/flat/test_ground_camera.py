"""A picture of the ground shows each point where a pinhole camera sees it."""

from dataclasses import replace
from math import cos, hypot, pi, sin, tan

import numpy as np
import pytest
from deepracer_core.simulation import ObjectPose
from deepracer_flat.ground_camera import CameraMount, GroundCamera
from deepracer_flat.ground_picture import FINEST, LEVELS, GroundPicture, draw_ground

MOUNT = CameraMount()


def pixel_of(point, pose, mount=MOUNT, height=0.0):
    """Column and row of a point, written down without matrices; None behind the camera."""
    x, y, yaw = pose
    ahead = (point[0] - x) * cos(yaw) + (point[1] - y) * sin(yaw) - mount.ahead
    left = -(point[0] - x) * sin(yaw) + (point[1] - y) * cos(yaw) - mount.left
    up = height - mount.height
    depth = ahead * cos(mount.pitch) - up * sin(mount.pitch)
    rise = ahead * sin(mount.pitch) + up * cos(mount.pitch)
    if depth <= 0.0:
        return None
    focal = 0.5 * mount.width / tan(0.5 * mount.field_of_view)
    return (
        0.5 * mount.width - 0.5 - focal * left / depth,
        0.5 * mount.size - 0.5 - focal * rise / depth,
    )


def spotted(points, radius, size=6.0):
    """A black field with a white disc at each point."""
    pixels = int(size / FINEST)
    pixels -= pixels % 2 ** (LEVELS - 1)
    axis = (np.arange(pixels) + 0.5) * FINEST - 0.5 * size
    levels = [np.zeros((pixels, pixels, 1), np.uint8)]
    for x, y in points:
        levels[0][np.hypot(axis[None] - x, axis[:, None] - y) < radius] = 255
    for _ in range(LEVELS - 1):
        big = levels[-1].astype(np.uint16)
        levels.append(
            ((big[::2, ::2] + big[1::2, ::2] + big[::2, 1::2] + big[1::2, 1::2]) // 4).astype(
                np.uint8
            )
        )
    return GroundPicture(tuple(levels), (-0.5 * size, -0.5 * size), np.zeros(1, np.uint8))


@pytest.mark.parametrize("yaw", [0.0, 0.7, pi / 2, pi, -2.5])
@pytest.mark.parametrize(("ahead", "left"), [(0.4, 0.0), (0.5, 0.12), (0.8, -0.3), (1.5, 0.5)])
def test_a_spot_is_seen_where_a_pinhole_camera_sees_it(yaw, ahead, left):
    x, y = 0.3, -0.2
    spot = (x + ahead * cos(yaw) - left * sin(yaw), y + ahead * sin(yaw) + left * cos(yaw))
    # Wide enough to be seen from afar, where pixels of the ground are 3 cm wide.
    picture = spotted([spot], 0.02 if ahead < 1.0 else 0.06)
    image = GroundCamera(picture, MOUNT).shoot(x, y, yaw)[..., 0].astype(float)
    image[: MOUNT.size // 4] = 0.0  # the sky
    assert image.sum() > 0.0
    rows, columns = np.indices(image.shape)
    seen = (image * columns).sum() / image.sum(), (image * rows).sum() / image.sum()
    expected = pixel_of(spot, (x, y, yaw))
    assert hypot(seen[0] - expected[0], seen[1] - expected[1]) < 1.0


def test_the_horizon_is_where_the_pitch_puts_it(track):
    focal = 0.5 * MOUNT.width / tan(0.5 * MOUNT.field_of_view)
    for pitch in (0.1, MOUNT.pitch, 0.4):
        image = GroundCamera(draw_ground(track), replace(MOUNT, pitch=pitch)).shoot(0.0, 0.0, 0.0)
        is_sky = (image == image[0, 0]).all(axis=(1, 2))
        horizon = 0.5 * MOUNT.size - focal * tan(pitch)
        assert abs(is_sky.sum() - horizon) <= 1.0
        assert is_sky[: int(horizon) - 1].all()


def test_the_field_goes_on_beyond_the_picture(track):
    camera = GroundCamera(draw_ground(track), MOUNT)
    image = camera.shoot(60.0, 60.0, 0.0)
    assert len(np.unique(image[40:].reshape(-1, 3), axis=0)) == 1
    assert image[-1, 0, 1] > image[-1, 0, 0]  # green


def test_gray_is_the_luma_of_the_coloured_picture(track):
    picture = draw_ground(track)
    pose = track.pose_at(1.0)
    colored = GroundCamera(picture, MOUNT).shoot(*pose).astype(float)
    gray = GroundCamera(picture.luma(), MOUNT).shoot(*pose)[..., 0]
    luma = colored @ (0.299, 0.587, 0.114)
    assert np.abs(luma - gray).max() < 3.0


def test_a_far_dash_neither_flickers_nor_vanishes(track):
    """The mean brightness of the far road changes smoothly as the car creeps forward."""
    camera = GroundCamera(draw_ground(track).luma(), MOUNT)
    means = [camera.shoot(*track.pose_at(0.002 * i))[30:44, 60:100].mean() for i in range(60)]
    assert np.abs(np.diff(means)).max() < 1.5


def test_a_box_hides_what_is_behind_it_and_nothing_else(track):
    camera = GroundCamera(draw_ground(track), MOUNT)
    x, y, yaw = track.pose_at(0.0)
    empty = camera.shoot(x, y, yaw)
    box = ObjectPose("obstacle_0", x + 1.0 * cos(yaw), y + 1.0 * sin(yaw), yaw)
    seen = camera.shoot(x, y, yaw, [box])
    changed = (empty != seen).any(axis=2)
    # The face towards the camera is 0.3 m wide and 0.25 m high, 0.8 m ahead of the base.
    corners = [
        pixel_of(
            (x + 0.8 * cos(yaw) - s * 0.15 * sin(yaw), y + 0.8 * sin(yaw) + s * 0.15 * cos(yaw)),
            (x, y, yaw),
            height=h,
        )
        for s in (1, -1)
        for h in (0.0, 0.25)
    ]
    left, right = min(c[0] for c in corners), max(c[0] for c in corners)
    top, bottom = min(c[1] for c in corners), max(c[1] for c in corners)
    rows, columns = np.nonzero(changed)
    assert abs(columns.min() - left) < 1.5
    assert abs(columns.max() - right) < 1.5
    assert abs(rows.min() - max(top, 0.0)) < 1.5
    assert abs(rows.max() - bottom) < 1.5
    # Looked at downwards, its sides lean.
    assert changed[int(max(top, 0)) + 2 : int(bottom) - 1, int(left) + 8 : int(right) - 8].all()


def test_the_nearer_of_two_objects_is_in_front(track):
    camera = GroundCamera(draw_ground(track), MOUNT)
    x, y, yaw = track.pose_at(0.0)
    box = ObjectPose("obstacle_0", x + 1.4 * cos(yaw), y + 1.4 * sin(yaw), yaw)
    car = ObjectPose("bot_car_0", x + 0.8 * cos(yaw), y + 0.8 * sin(yaw), yaw)
    both = camera.shoot(x, y, yaw, [box, car])
    assert (both == camera.shoot(x, y, yaw, [car, box])).all()
    alone = camera.shoot(x, y, yaw, [car])
    red = (alone[..., 0] > 100) & (alone[..., 1] < 60)
    assert red.sum() > 50
    assert (both[red] == alone[red]).all()


def test_an_object_beside_or_behind_the_camera_draws_nothing_strange(track):
    camera = GroundCamera(draw_ground(track), MOUNT)
    x, y, yaw = track.pose_at(0.0)
    empty = camera.shoot(x, y, yaw)
    behind = ObjectPose("obstacle_0", x - 1.0 * cos(yaw), y - 1.0 * sin(yaw), yaw)
    assert (camera.shoot(x, y, yaw, [behind]) == empty).all()
    beside = ObjectPose("obstacle_0", x - 0.1 * sin(yaw), y + 0.35 * cos(yaw), yaw)
    changed = (camera.shoot(x, y, yaw, [beside]) != empty).any(axis=2)
    assert not changed[:, MOUNT.width // 2 :].any()
