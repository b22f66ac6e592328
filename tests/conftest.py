"""What all tests share: importable packages, a working Ctrl-C, and what was compiled once."""

import atexit
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

for package in sorted((ROOT / "src").iterdir()):
    if (package / "setup.py").is_file():
        sys.path.insert(0, str(package))

# A shell that starts the tests in the background has SIGINT ignored, and every child inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Dozens of trainings compile the same network: TensorFlow keeps what XLA made of it, for this run.
if "TF_XLA_FLAGS" not in os.environ:
    compiled = tempfile.mkdtemp(prefix="deepracer-xla-")
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)
    os.environ["TF_XLA_FLAGS"] = f"--tf_xla_persistent_cache_directory={compiled}"
