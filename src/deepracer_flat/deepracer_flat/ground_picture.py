"""A track as a picture of the ground from above, in steps of resolution (Williams 1983, mipmaps).

It is drawn from the same meshes, colours and textures as the Gazebo world, lit by the same sun.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from deepracer_core.route import Route
from deepracer_core.track import Track
from deepracer_gazebo.track_mesh import Mesh
from numpy.typing import NDArray

from deepracer_gazebo import ground_texture, track_mesh

FINEST = 0.004
"""Metres that a pixel of the finest level is wide: some two of the camera at its nearest."""

LEVELS = 6
"""Each level is half as fine as the one before."""

_MARGIN = 2.0
"""Metres of field around the road; farther off, its texture is too small to be seen."""

_LIGHT = 0.45 + 0.6 * 0.9 / (0.4**2 + 0.3**2 + 0.9**2) ** 0.5
"""Of the worlds' ambient light, and of their sun on level ground."""

_GRASS = ((44, 98, 34), (84, 146, 58))
_ASPHALT = ((62, 62, 65), (88, 88, 91))
_WHITE = (0.95 * 255, 0.95 * 255, 0.95 * 255)
_ORANGE = (1.0 * 255, 0.6 * 255, 0.1 * 255)
_GRASS_TEXTURE = 2.0
_ROAD_TEXTURE = 1.0
"""Metres that one copy of a texture covers."""

_SHADES = 16
_SUBPIXEL_BITS = 4


@dataclass(frozen=True, slots=True)
class GroundPicture:
    """The ground in several resolutions.

    Attributes:
        levels: uint8[H, W, C] each, the finest first; rows go along y, columns along x.
        origin: x and y of the outer corner of the first pixel, metres, common to all levels.
        field: uint8[C], the colour of the ground beyond the picture.
    """

    levels: tuple[NDArray[np.uint8], ...]
    origin: tuple[float, float]
    field: NDArray[np.uint8]

    def luma(self) -> "GroundPicture":
        """The same picture in one channel (ITU-R BT.601), C = 1."""
        gray = tuple(cv2.cvtColor(level, cv2.COLOR_RGB2GRAY)[..., None] for level in self.levels)
        field = cv2.cvtColor(self.field[None, None], cv2.COLOR_RGB2GRAY)[0]
        return GroundPicture(gray, self.origin, field)


def draw_ground(track: Track) -> GroundPicture:
    """The picture of a track, in red, green and blue."""
    route = Route(track.center, track.inner, track.outer, track.closed)
    # Whole pixels of the coarsest level, so that each level covers the same ground.
    coarsest = FINEST * 2 ** (LEVELS - 1)
    low = np.floor((route.outer.min(axis=0) - _MARGIN) / coarsest) * coarsest
    low = np.minimum(low, np.floor((route.inner.min(axis=0) - _MARGIN) / coarsest) * coarsest)
    high = np.maximum(route.outer.max(axis=0), route.inner.max(axis=0)) + _MARGIN
    width, height = (np.ceil((high - low) / coarsest).astype(int) * 2 ** (LEVELS - 1)).tolist()

    grass = _texture(ground_texture.noise(2, cells=(4, 8, 32, 128)), _GRASS, _GRASS_TEXTURE)
    asphalt = _texture(ground_texture.noise(1, cells=(8, 64, 128, 256)), _ASPHALT, _ROAD_TEXTURE)
    picture = _tiled(grass, low, width, height)
    road = _coverage(track_mesh.asphalt(route), low, width, height)
    _paint(picture, _tiled(asphalt, low, width, height), road)
    for mesh, color in (
        (track_mesh.border_lines(route), _WHITE),
        (track_mesh.center_dashes(route), _ORANGE),
    ):
        lit = np.round(np.multiply(color, _LIGHT)).clip(0, 255).astype(np.uint8)
        _paint(picture, lit, _coverage(mesh, low, width, height))

    levels = [picture]
    for _ in range(LEVELS - 1):
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    field = grass.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
    return GroundPicture(tuple(levels), (float(low[0]), float(low[1])), field)


def _texture(
    noise: NDArray[np.float64], ends: Sequence[tuple[int, int, int]], size: float
) -> NDArray[np.uint8]:
    """A texture as it is lit, at the finest resolution: uint8[P, P, 3]."""
    shades = np.linspace(*ends, _SHADES) * _LIGHT
    texture = shades[np.minimum(noise * _SHADES, _SHADES - 1).astype(int)].astype(np.float32)
    pixels = round(size / FINEST)
    # Tiled around itself, so that the seam is interpolated like the rest.
    scaled = cv2.resize(np.tile(texture, (3, 3, 1)), (3 * pixels, 3 * pixels))
    return scaled[pixels : 2 * pixels, pixels : 2 * pixels].round().astype(np.uint8)


def _tiled(
    texture: NDArray[np.uint8], low: NDArray[np.float64], width: int, height: int
) -> NDArray[np.uint8]:
    """The texture over the whole picture; its copies begin at whole multiples of its size."""
    pixels = len(texture)
    first_x, first_y = np.round(low / FINEST).astype(int)
    columns = (first_x + np.arange(width)) % pixels
    # The first row of a texture is its top, where v is 1, and y grows with v.
    rows = pixels - 1 - (first_y + np.arange(height)) % pixels
    return np.ascontiguousarray(texture[rows][:, columns])


def _coverage(mesh: Mesh, low: NDArray[np.float64], width: int, height: int) -> NDArray[np.uint8]:
    """How much of each pixel a mesh covers, uint8[height, width], 255 for all of it."""
    fine = np.zeros((2 * height, 2 * width), np.uint8)
    scale = 2**_SUBPIXEL_BITS
    # OpenCV's whole numbers are the middles of pixels.
    points = ((mesh.vertices - low) * (2.0 / FINEST) - 0.5) * scale
    for triangle in np.round(points).astype(np.int32)[mesh.triangles]:
        cv2.fillConvexPoly(fine, triangle, 255, shift=_SUBPIXEL_BITS)
    return cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)


def _paint(
    picture: NDArray[np.uint8], color: NDArray[np.uint8], coverage: NDArray[np.uint8]
) -> None:
    """Lay a colour, or a picture of the same size, over a picture."""
    whole = coverage == 255
    edge = (coverage > 0) & ~whole
    colors = np.broadcast_to(color, picture.shape)
    picture[whole] = colors[whole]
    share = coverage[edge][:, None] / np.float32(255.0)
    picture[edge] = (picture[edge] * (1.0 - share) + colors[edge] * share).round()
