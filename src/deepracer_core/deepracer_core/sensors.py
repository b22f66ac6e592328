"""The sensors that a car can have, by their public names, and what the lidar is."""

from math import radians

FRONT_FACING_CAMERA = "FRONT_FACING_CAMERA"
STEREO_CAMERAS = "STEREO_CAMERAS"
LIDAR = "LIDAR"
SECTOR_LIDAR = "SECTOR_LIDAR"
DISCRETIZED_SECTOR_LIDAR = "DISCRETIZED_SECTOR_LIDAR"

CAMERA_SENSORS = (FRONT_FACING_CAMERA, STEREO_CAMERAS)
"""They see pictures."""

LIDAR_SENSORS = (LIDAR, SECTOR_LIDAR, DISCRETIZED_SECTOR_LIDAR)
"""One lidar, and three ways to tell the network what it measures; a model has one of them."""

SENSORS = (*CAMERA_SENSORS, *LIDAR_SENSORS)

LIDAR_RAYS = 64
"""Rays of a scan, evenly from the right end of its field of view to the left one, both included."""

LIDAR_ANGLE = radians(150.0)
"""The first ray points so far to the right of ahead, the last one so far to the left, radians."""

LIDAR_RANGE = (0.15, 12.0)
"""Shortest and longest distance that it measures, metres."""

LIDAR_SECTORS = 8
"""Sectors of a scan, of equally many rays each."""

SECTOR_CLIPPING_DISTANCE = 0.5
"""SECTOR_LIDAR tells of what is nearer than this, metres."""

DISCRETIZED_BINS = 8
"""Into so many distances DISCRETIZED_SECTOR_LIDAR divides each sector."""

DISCRETIZED_CLIPPING_DISTANCE = 2.0
"""DISCRETIZED_SECTOR_LIDAR tells of what is nearer than this, metres."""
