"""Chromium and its driver, for the tests of what a browser shows; nothing else needs them."""

import re
import shutil

from .commands import answer
from .debian import candidate, install_packages, update_lists
from .report import Exit, SetupError, Stopwatch, say

PART = "browser"
PROGRAMS = ("chromium", "chromedriver")
_PACKAGES = ["chromium", "chromium-driver"]


def set_up_browser() -> None:
    """Find or install Chromium and chromedriver.

    Ubuntu has both as a snap only, which does not run in containers: there the tests that need
    them are left out.

    Raises:
        SetupError: no root, no network.
    """
    if _are_there():
        say(PART, f"found Chromium {_version()}")
        return
    if shutil.which("apt-get") is None or not _is_in_archive():
        say(PART, "there is no package of Chromium here: tests with it are left out")
        return
    watch = Stopwatch()
    say(PART, "installing Chromium, for the tests of what a browser shows")
    install_packages(PART, _PACKAGES, "install Chromium")
    if not _are_there():
        raise SetupError(Exit.FAILED, f"the packages did not bring {' and '.join(PROGRAMS)}")
    say(PART, f"installed Chromium {_version()} in {watch}")


def _are_there() -> bool:
    return all(shutil.which(program) for program in PROGRAMS)


def _is_in_archive() -> bool:
    if all(map(candidate, _PACKAGES)):
        return True
    # The lists of packages may be missing, as in fresh containers.
    update_lists(PART, "install Chromium")
    return all(map(candidate, _PACKAGES))


def _version() -> str:
    found = re.search(r"[\d.]{5,}", answer(["chromium", "--version"]) or "")
    return found[0] if found else "of unknown version"
