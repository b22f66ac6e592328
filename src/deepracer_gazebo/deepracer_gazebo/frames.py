"""What travels between the car plugin and its client; docs/simulator.md describes every field."""

import struct

import numpy as np

HELLO_MAGIC = 0x48525244
REQUEST_MAGIC = 0x51525244
REPLY_MAGIC = 0x41525244
LATER_MAGIC = 0x4C525244
PROTOCOL = 2

RESET = 1
"""Flag of a request: the car stands still at the given pose at the end of the step."""

PLACE = 2
"""Flag of a request: a PLACEMENT follows it, and as many PLACED as that says."""

CONDITIONS = 4
"""Flag of a request: CHANGED follows it, after what PLACE adds."""

BLIND = 8
"""Flag of a request: its reply needs no images."""

OMIT = 1 << 16
"""Flag of a request: not that of the first camera; one bit higher, of the second, and so on."""

LATER = 1 << 24
"""Flag of a request: that of the first camera not in the reply but after it; and so on."""

PLACES = 1
"""Feature of a server: it takes requests with PLACE."""

CHANGES = 2
"""Feature of a server: it takes requests with CONDITIONS."""

CHOICES = 4
"""Feature of a server: it takes requests with OMIT and LATER."""

HELLO = struct.Struct("<6IQ")
"""Magic, protocol, physics iterations in a second, how many cameras, features, reserved, iterations
so far. As many VIEW follow as there are cameras."""

VIEW = struct.Struct("<32s2I")
"""Name of a camera, width and height of its image."""

REQUEST = struct.Struct("<4I5d")
"""Magic, sequence, iterations, flags, steering angle, speed, x, y, yaw."""

PLACEMENT = struct.Struct("<2I")
"""How many objects are placed, reserved."""

PLACED = struct.Struct("<32s3d")
"""Name of a model, x, y, yaw."""

CHANGED = struct.Struct("<21d2I")
"""Conditions: light's strength, color, azimuth, elevation; colors of road, field, lines, objects;
the camera's pitch, field of view; friction; textures of road, field."""

AFTER_REPLY = struct.Struct("<2IQ2I")
"""What follows the reply to a request with LATER: magic, sequence of the request, nanoseconds that
the images took, bytes of all of them, reserved. Then the images."""

REPLY = np.dtype(
    [
        ("magic", "<u4"),
        ("sequence", "<u4"),
        ("iterations", "<u8"),
        ("position", "<f8", 3),
        ("orientation", "<f8", 4),
        ("linear_velocity", "<f8", 3),
        ("angular_velocity", "<f8", 3),
        ("steering_angles", "<f8", 2),
        ("wheel_speeds", "<f8", 4),
        ("simulate_ns", "<u8"),
        ("render_ns", "<u8"),
        ("images_size", "<u4"),
        ("contacts_size", "<u4"),
    ]
)
"""The head of a reply; the images and the names of the models in contact follow it."""
