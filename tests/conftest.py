"""What all tests share: importable packages without an installation, and a working Ctrl-C."""

import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

for package in sorted((ROOT / "src").iterdir()):
    if (package / "setup.py").is_file():
        sys.path.insert(0, str(package))

# A shell that starts the tests in the background has SIGINT ignored, and every child inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
