"""What the command `deepracer` says with its exit code."""

DONE = 0
FAILED = 1
"""A process of the job died, or something else went wrong on the way."""
UNUSABLE = 2
"""An option, a setting, a file or an address cannot be used; nothing was started."""
PART_NOT_WORKING = 3
"""The self-check found a part that does not work."""
NO_MODEL = 4
"""The job ended before its first model."""
INTERRUPTED = 130
"""Ctrl-C. Ended by another signal it is 128 and the signal's number, 143 for SIGTERM."""
