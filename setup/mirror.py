"""Which mirror this Debian machine uses, so that another release is fetched from there too."""

import os
from collections.abc import Iterator
from pathlib import Path

from .debian import os_release

SOURCES = Path("/etc/apt")


def debian_mirror(sources: Path = SOURCES, release: dict[str, str] | None = None) -> str | None:
    """The address of the machine's own Debian mirror.

    Args:
        sources: the folder of sources.list and sources.list.d (sources.list(5)).
        release: os-release of the machine; read from it by default.

    Returns:
        $DEEPRACER_DEBIAN_MIRROR where that is set, the mirror of apt's sources on a Debian machine,
        else None: debootstrap then uses its own default.
    """
    if chosen := os.environ.get("DEEPRACER_DEBIAN_MIRROR"):
        return chosen
    release = os_release() if release is None else release
    if release.get("ID") != "debian":
        return None
    suite = release.get("VERSION_CODENAME", "")
    for address, suites in (*_one_line_sources(sources), *_stanza_sources(sources)):
        if suite in suites and address.startswith(("http://", "https://")):
            return address
    return None


def _one_line_sources(sources: Path) -> Iterator[tuple[str, list[str]]]:
    for file in [sources / "sources.list", *sorted(sources.glob("sources.list.d/*.list"))]:
        if not file.is_file():
            continue
        for line in file.read_text().splitlines():
            line = line.partition("#")[0].strip()
            if not line.startswith("deb "):
                continue
            fields = line.removeprefix("deb ").strip()
            if fields.startswith("["):
                fields = fields.partition("]")[2]
            address, *rest = fields.split()
            yield address, rest[:1]


def _stanza_sources(sources: Path) -> Iterator[tuple[str, list[str]]]:
    for file in sorted(sources.glob("sources.list.d/*.sources")):
        for stanza in file.read_text().split("\n\n"):
            lines = [line for line in stanza.splitlines() if not line.startswith("#")]
            fields = {
                name.strip().lower(): value.split()
                for name, _, value in (line.partition(":") for line in lines)
            }
            if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
                continue
            for address in fields.get("uris", []):
                yield address, fields.get("suites", [])
