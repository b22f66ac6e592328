"""What deepracer-utils makes of a run against what we know of it."""

import pytest
from deepracer.logs import AnalysisUtils
from deepracer_core.episode import EpisodeRecord, EpisodeStatus


def agree(frame, records: list[EpisodeRecord], is_eval: bool = False) -> None:
    """deepracer-utils' numbers are ours; its progress is the farthest, ours that at the end."""
    groups = ["stream", "episode"] if is_eval else ["iteration", "unique_episode"]
    table = AnalysisUtils.simulation_agg(frame, *groups, is_eval=is_eval)
    at_end = frame.groupby(groups)["progress"].last()
    assert len(table) == len(records)
    assert at_end.tolist() == pytest.approx([record.progress for record in records], abs=1e-4)
    for row, record in zip(table.to_dict("records"), records, strict=True):
        assert row["steps"] == record.steps + 1
        assert row["time"] == pytest.approx(record.duration_s, abs=1e-6)
        assert row["complete"] == (record.status is EpisodeStatus.LAP_COMPLETE)
