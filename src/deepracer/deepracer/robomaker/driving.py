"""A simulation that runs: its output handed on, its trainer watched, its end made one."""

import logging
import os
import re
import sys
from typing import BinaryIO

from deepracer_core.errors import ConfigurationError
from deepracer_core.evaluation_results import read_results
from deepracer_core.heartbeat import Heartbeat

from deepracer import exit_codes
from deepracer.failure import JobFailed, launch_failure
from deepracer.interruption import Interruption
from deepracer.launch_log import first_end
from deepracer.launched import LaunchedProcess, ros2_launch
from deepracer.robomaker.preparation import PreparedSimulation
from deepracer.robomaker.trainer_search import TrainerWatch
from deepracer.workplace import Workplace

_LOOK_S = 0.5
_OUTPUT_S = 3.0

_STARTING_S = 300.0
_DRIVING_S = 1500.0
"""Seconds that the simulation may take to its first episode, and from the end of one to the next:
it may have to wait for a model as long as for a trainer."""

_EPISODE = re.compile(rb"SIM_TRACE_LOG:|\bepisode \d+: ")

log = logging.getLogger(__name__)


class Console:
    """Hands the lines of a simulation on, and knows by them that it drives.

    Args:
        output: that they go to.
        heartbeat: hears of each episode.
    """

    def __init__(self, output: BinaryIO, heartbeat: Heartbeat) -> None:
        self._output: BinaryIO | None = output
        self._heartbeat = heartbeat

    def line(self, line: bytes) -> None:
        """Take in a line; the simulation goes on even if nobody hears it."""
        if _EPISODE.search(line):
            self._heartbeat.beat("driving", _DRIVING_S)
        if self._output is None:
            return
        try:
            self._output.write(line)
            self._output.flush()
        except (OSError, ValueError) as error:
            self._output = None
            log.warning("the simulation's output is no longer shown: %s", error)


def drive(
    simulation: PreparedSimulation,
    workplace: Workplace,
    heartbeat: Heartbeat,
    interruption: Interruption,
) -> int:
    """Let a simulation run until its trainer or its evaluation has ended, or a signal comes.

    Returns:
        The exit code.

    Raises:
        ConfigurationError: a process of it ended because of what it was given.
        JobFailed: a process of it died, or Redis was away for too long.
        RedisUnavailable: Redis has gone away again.
    """
    watch = TrainerWatch(simulation.redis, simulation.run) if simulation.redis else None
    heartbeat.beat("starting", _STARTING_S)
    launched = LaunchedProcess(
        ros2_launch(simulation.file, simulation.arguments),
        {**os.environ, **workplace.environment(), **simulation.environment},
        workplace.folder / "launch.log",
        keep_open=(workplace.lock,),
        listener=Console(sys.stdout.buffer, heartbeat).line,
    )
    try:
        while launched.exit_code is None:
            if interruption.wait(_LOOK_S):
                log.info("told to end by %s", interruption.name)
                return interruption.exit_code
            if watch is not None and watch.has_ended():
                log.info("the trainer has ended, and the simulation with it")
                return exit_codes.DONE
    finally:
        launched.stop()
        launched.wait_for_output(_OUTPUT_S)
    if simulation.results is None or not simulation.results.exists():
        raise _failure(launched)
    for number, trial in enumerate(read_results(simulation.results), start=1):
        log.info("trial %d: %s", number, trial.to_json())
    return exit_codes.DONE


def _failure(launched: LaunchedProcess) -> ConfigurationError | JobFailed:
    failure = launch_failure("the simulation ended", launched)
    end = first_end(launched.log_path)
    if end is not None and end.exit_code == exit_codes.UNUSABLE:
        return ConfigurationError(str(failure))
    return failure
