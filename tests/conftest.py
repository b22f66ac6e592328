"""What all tests share: the packages under src/ are importable without an installed workspace."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

for package in sorted((ROOT / "src").iterdir()):
    if (package / "setup.py").is_file():
        sys.path.insert(0, str(package))
