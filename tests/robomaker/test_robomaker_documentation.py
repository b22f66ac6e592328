"""docs/robomaker.md has the table, and just that."""

import itertools
import re

import pytest
from deepracer.robomaker.variables import (
    KNOWN,
    MEANINGLESS,
    PLACES,
    SETTINGS,
    WITHOUT_EFFECT,
)
from deepracer.settings_sources import SETTING_NAMES
from surroundings import ROOT

NAME = re.compile(r"`([A-Za-z0-9_]+)`")


def table(heading: str) -> list[list[str]]:
    """The cells of the first table below a line."""
    text = (ROOT / "docs" / "robomaker.md").read_text()
    below = text[text.index(f"\n{heading}\n") :].splitlines()
    rows = [line for line in below if line.startswith("| ")]
    end = below.index(rows[0])
    rows = itertools.takewhile(lambda line: line.startswith("|"), below[end:])
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows][2:]


def names(cell: str) -> list[str]:
    return NAME.findall(cell)


def test_the_places():
    assert {names(name)[0]: meaning for name, meaning in table("## Where things are")} == PLACES


def test_the_settings():
    words = {"TRAINING": "a training", "EVALUATION": "an evaluation", "": ""}
    rows = table("## Settings")
    assert [names(row[0])[0] for row in rows] == [variable.name for variable in SETTINGS]
    for row, variable in zip(rows, SETTINGS, strict=True):
        assert names(row[1]) == variable.setting.split(", ")
        assert row[2].strip(" |") == (variable.race.upper() or words[variable.job])


def test_what_has_no_effect():
    rows = table("## Names without effect")
    assert {names(row[0])[0]: (tuple(names(row[1])), row[2]) for row in rows} == WITHOUT_EFFECT
    told = {}
    for about, cell in table("And these are known and mean nothing here:"):
        told.update(dict.fromkeys(names(cell), about))
    assert told == MEANINGLESS


def test_no_name_has_two_meanings():
    groups = (PLACES, [variable.name for variable in SETTINGS], MEANINGLESS, WITHOUT_EFFECT)
    assert sum(map(len, groups)) == len(KNOWN)


@pytest.mark.parametrize("variable", SETTINGS, ids=lambda variable: variable.name)
def test_every_setting_is_one(variable):
    assert set(variable.setting.split(", ")) <= set(SETTING_NAMES)
