"""In place of a node or another program: says what it was told, then waits to be told to end.

SIGINT and SIGTERM end it with exit code 0, SIGUSR1 too; it says which one came.
"""

import json
import os
import signal
import sys

ENDS = {signal.SIGINT, signal.SIGTERM, signal.SIGUSR1}

signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
told = {
    "arguments": sys.argv[1:],
    "group": os.getpgid(0),
    "environment": {
        name: os.environ.get(name)
        for name in ("ROS_DOMAIN_ID", "PYTHONUNBUFFERED", "DEEPRACER_REDIS")
    },
}
print("told", json.dumps(told), flush=True)
print("ended by", signal.Signals(signal.sigwait(ENDS)).name, flush=True)
