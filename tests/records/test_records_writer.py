"""The thread between a rollout and its records: bounded, patient, never in the way."""

import io
import logging
import threading

import pytest
from deepracer.logs import SimulationLogsIO
from deepracer_core.model_store import StoreUnavailable
from deepracer_core.records_writer import RecordsWriter
from driven import drive_traces, training


class Gate:
    """Records that can be written only while the gate is open."""

    def __init__(self, records) -> None:
        self._records = records
        self.is_open = threading.Event()
        self.was_asked = threading.Event()

    def resume(self) -> None:
        self._records.resume()

    def add(self, episode) -> list[str]:
        return self._records.add(episode)

    def write(self) -> None:
        self.was_asked.set()
        if not self.is_open.is_set():
            raise StoreUnavailable("the store is away")
        self._records.write()


@pytest.fixture(scope="module")
def traces(track):
    return drive_traces(track, 8)


def lengths(folder) -> list[int]:
    rows = folder.read("training-simtrace/0-iteration.csv").data.decode().splitlines()[1:]
    numbers = [int(row.partition(",")[0]) for row in rows]
    return [numbers.count(number) for number in range(max(numbers) + 1)]


def test_an_outage_is_survived_and_told_once(folder, traces, caplog):
    gate = Gate(training(folder, size=8))
    with caplog.at_level(logging.WARNING):
        writer = RecordsWriter(gate, least_pause_s=0.0)
        for trace in traces:
            writer.episode(trace)
        assert gate.was_asked.wait(10.0)
        gate.is_open.set()
        assert writer.close(10.0) == 0
    assert lengths(folder) == [len(trace.steps) for trace in traces]
    told = [record.message for record in caplog.records if "records" in record.message]
    assert len(told) == 2
    assert "cannot be written, they wait: the store is away" in told[0]
    assert "written again" in told[1]


def test_of_too_many_the_oldest_leave_no_trace(folder, traces, caplog):
    gate = Gate(training(folder, size=8))
    room = sum(len(trace.steps) for trace in traces[-2:])
    writer = RecordsWriter(gate, max_steps=room, least_pause_s=0.0)
    writer.episode(traces[0])
    assert gate.was_asked.wait(10.0)
    for trace in traces[1:]:
        writer.episode(trace)
    assert writer.dropped == 5
    gate.is_open.set()
    assert writer.close(10.0) == 0
    kept = [traces[0], *traces[-2:]]
    assert lengths(folder) == [len(trace.steps) for trace in kept]
    assert sum("oldest leave no trace" in record.message for record in caplog.records) == 1


def test_closing_in_an_outage_tells_what_is_lost(folder, traces):
    gate = Gate(training(folder))
    writer = RecordsWriter(gate)
    writer.episode(traces[0])
    assert gate.was_asked.wait(10.0)
    writer.episode(traces[1])
    assert writer.close(0.1) == 2
    assert writer.close(0.1) == 2


def test_closing_does_not_wait_for_the_pause(folder, traces):
    gate = Gate(training(folder))
    gate.is_open.set()
    writer = RecordsWriter(gate, least_pause_s=3600.0)
    writer.episode(traces[0])
    assert gate.was_asked.wait(10.0)
    writer.episode(traces[1])
    assert writer.close(10.0) == 0
    assert len(lengths(folder)) == 2


def test_each_step_is_a_line_of_the_log_that_tools_read(folder, traces):
    log = io.StringIO()
    writer = RecordsWriter(training(folder), trace_log=log)
    for trace in traces[:3]:
        writer.episode(trace)
    assert writer.close(10.0) == 0
    # As a launch shows it: the name of the process first.
    shown = io.StringIO("".join(f"[rollout-5] {line}\n" for line in log.getvalue().splitlines()))
    frame = SimulationLogsIO.convert_to_pandas(SimulationLogsIO.load_buffer(shown), 4)
    assert len(frame) == sum(len(trace.steps) for trace in traces[:3])
    assert frame.groupby("episode")["tstamp"].agg(lambda t: t.max() - t.min()).tolist() == (
        pytest.approx([trace.record.duration_s for trace in traces[:3]], abs=1e-6)
    )


def test_a_log_that_was_closed_is_told_and_left(folder, traces, caplog):
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    writer = RecordsWriter(training(folder), trace_log=Broken())
    writer.episode(traces[0])
    assert writer.close(10.0) == 0
    assert lengths(folder) == [len(traces[0].steps)]
    assert "no longer printed" in caplog.text
