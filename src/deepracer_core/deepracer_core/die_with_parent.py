"""A process that ends when the process that started it ends, however that happened."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(signal_number: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process a signal when its parent dies (Linux, prctl(2)).

    A parent that is killed outright cannot stop its children; this leaves none behind.

    Args:
        signal_number: the signal to be sent, SIGTERM by default.

    Raises:
        OSError: the kernel refused.
    """
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # The parent may have died between the start of this process and the request.
    if os.getppid() != parent:
        sys.exit(128 + signal_number)
