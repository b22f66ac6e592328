"""The ROS 2 nodes of one simulation worker; thin: messages to arrays, core, arrays to messages."""
