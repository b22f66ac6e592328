"""The page of the benchmarks says what their results say."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import table  # noqa: E402 - found just above


def test_the_page_is_made_of_the_results():
    assert table.PAGE.read_text() == table.page(), "run  python -m benchmarks.table"


def test_every_result_has_its_section():
    there = {path.stem for path in table.RESULTS.glob("*.json")}
    assert there <= set(table._SECTIONS)
