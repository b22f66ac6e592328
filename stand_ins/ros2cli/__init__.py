"""Stand-in for the command `ros2`: its verb `launch`.

See `launch` for what a stand-in is.
"""
