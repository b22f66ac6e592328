"""A trace is read back as it was driven."""

import numpy as np
import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.recorded_trace import read_trace
from deepracer_core.trace import TRACE_HEADER, trace_rows
from deepracer_core.trial import TrialRules
from driven import drive_traces


def as_file(traces, is_discrete: bool = True) -> bytes:
    rows = [
        row for number, trace in enumerate(traces) for row in trace_rows(trace, number, is_discrete)
    ]
    return "\n".join((TRACE_HEADER, *rows, "")).encode()


@pytest.mark.parametrize("is_discrete", [True, False])
def test_episodes_are_read_as_they_were_driven(track, is_discrete):
    traces = drive_traces(track, 3)
    episodes = read_trace(as_file(traces, is_discrete), "trace")
    assert [each.number for each in episodes] == [0, 1, 2]
    for episode, trace in zip(episodes, traces, strict=True):
        states = [step.state for step in trace.steps]
        np.testing.assert_allclose(episode.x, [state.x for state in states], atol=1e-4)
        np.testing.assert_allclose(episode.y, [state.y for state in states], atol=1e-4)
        np.testing.assert_allclose(episode.yaw, [state.yaw for state in states], atol=1e-5)
        np.testing.assert_allclose(episode.rewards, trace.rewards, atol=1e-4)
        assert list(episode.statuses) == [step.status for step in trace.steps]
        assert episode.duration_s == pytest.approx(trace.record.duration_s, abs=1e-6)
        assert episode.is_lap == (trace.record.status.value == "lap_complete")
        assert episode.track_length == pytest.approx(track.length, abs=0.005)
        # What the car is asked for it drives at once here, on the chord of its bend.
        driven = [state.speed for state in states[1:]]
        np.testing.assert_allclose(episode.speeds[1:], driven, rtol=0.02, atol=0.01)


def test_penalties_count_and_being_put_back_is_no_speed(track):
    rules = TrialRules(number_of_resets=2, off_track_penalty=2.0)
    traces = drive_traces(track, 3, mode="evaluation", trials=3, trial_rules=rules)
    put_back = [trace for trace in traces if trace.record.reset_count]
    assert put_back
    for trace in put_back:
        (episode,) = read_trace(as_file([trace]), "trace")
        assert episode.duration_s == pytest.approx(trace.record.duration_s, abs=1e-6)
        assert episode.penalties[-1] == pytest.approx(trace.record.penalty_s)
        assert episode.speeds.max() < 1.5


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "expected a trace that begins with"),
        (b"a,b,c\n1,2,3\n", "expected a trace that begins with"),
        (f"{TRACE_HEADER}\n1,2,3\n".encode(), "line 2: expected 19 values"),
        (f"{TRACE_HEADER}\n{','.join(['1'] * 19)}\n".encode(), "episode 1: no trace"),
    ],
)
def test_what_is_no_trace_is_refused(data, complaint):
    with pytest.raises(ConfigurationError, match=complaint):
        read_trace(data, "trace")
