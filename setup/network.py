"""The programs ip and openssl, for the tests of many machines; nothing else needs them."""

import os
import shutil

from .debian import install_packages
from .report import Exit, SetupError, say

PART = "network"
PACKAGES = {"ip": "iproute2", "openssl": "openssl"}
"""Debian's packages, by the program that each is needed for."""

_SYSTEM = ("/usr/sbin", "/sbin")


def set_up_network() -> None:
    """Find or install the programs.

    Raises:
        SetupError: no root, no network, no such package.
    """
    missing = _missing()
    if not missing:
        say(PART, f"found {' and '.join(PACKAGES)}")
        return
    packages = [PACKAGES[program] for program in missing]
    say(PART, f"installing {' and '.join(packages)}, for the tests of many machines")
    install_packages(PART, packages, f"install {' and '.join(packages)}")
    if missing := _missing():
        raise SetupError(Exit.FAILED, f"the packages did not bring {' and '.join(missing)}")


def _missing() -> list[str]:
    # Debian's users other than root do not have these folders on their PATH.
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SYSTEM))
    return [program for program in PACKAGES if shutil.which(program, path=path) is None]
