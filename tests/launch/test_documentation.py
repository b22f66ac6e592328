"""docs/launch.md says what `--show-args` says."""

from pathlib import Path

import pytest
from test_shipped_files import FILES, show_arguments

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "launch.md"


def table(heading: str) -> list[list[str]]:
    """The rows of the table below a heading."""
    section = DOCUMENT.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]


@pytest.mark.parametrize("file", FILES)
def test_tables_of_arguments(file, workspace):
    shown = show_arguments(file, workspace)
    of_simulation = show_arguments("sim.launch.py", workspace)
    if file == "train.launch.py":
        shown = {name: shown[name] for name in shown if shown[name] != of_simulation.get(name)}
    documented = {row[0].strip("`"): row[2] for row in table(f"Arguments of {file}")}
    # The choices change with the tracks that there are.
    assert documented == {
        name: description.partition(" Valid choices are:")[0]
        for name, (description, _) in shown.items()
    }


@pytest.mark.parametrize("file", FILES)
def test_defaults_in_the_tables(file, workspace):
    shown = show_arguments(file, workspace)
    for name, default, *_ in table(f"Arguments of {file}"):
        stated = shown[name.strip("`")][1]
        if stated.startswith("'") and stated.count("'") == 2:
            assert default == (f"`{stated[1:-1]}`" if stated != "''" else "none")
