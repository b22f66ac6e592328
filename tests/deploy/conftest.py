"""Where the tests of deployments find what they share."""

import sys
from pathlib import Path

for folder in ("deploy", "containers", "stores"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / folder))
