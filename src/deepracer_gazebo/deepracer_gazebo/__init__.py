"""Gazebo as part of the workspace: its process, the client of its plugin, tracks and worlds."""
