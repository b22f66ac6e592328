"""Where a file that the user named is: in the working folder, else among the shipped ones."""

from pathlib import Path

from deepracer_core.track_library import share_folder

SETTINGS_FILE = Path("config/job.yaml")
"""The settings file that is read when no other is named."""


def find_input(path: Path) -> Path:
    """The absolute path of an input file.

    Args:
        path: as the user gave it. A relative one is looked for in the working folder and then in
            the project's (the clone, or the installed share folder), so that the defaults are
            found from anywhere.

    Returns:
        The file found; when there is none, the one in the working folder, for the error to name.
    """
    here = path.absolute()
    if path.is_absolute() or here.exists():
        return here
    shipped = share_folder() / path
    return shipped if shipped.exists() else here


def find_settings_file(named: Path | None) -> Path | None:
    """The settings file to read: the one named, else config/job.yaml, else none."""
    if named is not None:
        return named.absolute()
    file = find_input(SETTINGS_FILE)
    return file if file.exists() else None
