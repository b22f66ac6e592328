"""The sections of requirements.txt, for installations that need only some of them.

    python3 -m setup.requirements core trainer      prints what these sections ask for

A section is what follows a comment; its name is that comment's beginning, up to a colon or a
semicolon, in lower case.
"""

import argparse
import re
import sys
from collections.abc import Collection

from .places import REPOSITORY

REQUIREMENTS = REPOSITORY / "requirements.txt"

_HEADING = re.compile(r"# *([^:;]+)")


def sections(text: str) -> dict[str, list[str]]:
    """The lines of each section, by its name; the comment that the file begins with is none."""
    found: dict[str, list[str]] = {}
    paragraphs = re.split(r"\n\s*\n", text.strip())
    for paragraph in paragraphs:
        heading, *lines = paragraph.splitlines()
        match = _HEADING.match(heading)
        wanted = [line for line in lines if line and not line.startswith("#")]
        if match and wanted:
            found[match[1].strip().lower()] = wanted
    return found


def without(text: str, left_out: Collection[str]) -> str:
    """The requirements less some sections; all of them, as they are, without any.

    Raises:
        KeyError: there is no such section.
    """
    if not left_out:
        return text
    found = sections(text)
    for name in left_out:
        del found[name]
    return "\n".join(line for lines in found.values() for line in lines) + "\n"


def main() -> int:
    """Print the lines of the sections that are asked for.

    Returns:
        the exit code: 2 when there is no such section.
    """
    found = sections(REQUIREMENTS.read_text())
    parser = argparse.ArgumentParser(prog="python3 -m setup.requirements", description=__doc__)
    parser.add_argument("section", nargs="+", choices=found)
    for name in parser.parse_args().section:
        print("\n".join(found[name]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
