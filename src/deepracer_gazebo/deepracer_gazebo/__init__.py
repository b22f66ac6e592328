"""Gazebo as a part of the workspace: its server process, the client of its plugin, tracks and worlds."""
