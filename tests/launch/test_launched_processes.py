"""How processes are started, shown and ended, and what the events of that lead to."""

import os
import signal
import time
from pathlib import Path

import pytest

WAIT = "'import signal; print(\"ready\"); signal.pause()'"
COUNT_SIGINTS = """'''
import signal, sys, time
came = []
signal.signal(signal.SIGINT, lambda *_: came.append(1))
print("ready")
while not came: signal.pause()
time.sleep(0.3)
print("interrupted", len(came))
'''"""
DEAF = """'''
import signal
for name in sys.argv[1:]: signal.signal(getattr(signal, name), signal.SIG_IGN)
print("ready")
while True: signal.pause()
'''.replace("import signal", "import signal, sys")"""


def order(launched, *patterns: str) -> list[int]:
    """Numbers of the first lines that have these texts."""
    return [
        next(number for number, line in enumerate(launched.lines) if text in line)
        for text in patterns
    ]


def test_output_is_prefixed_and_whole(launch_file):
    code = 'import sys; print("one"); print("two", file=sys.stderr); sys.stdout.write("three")'
    launched = launch_file(f"python('{code}')")
    assert launched.wait() == 0
    lines = [line.rstrip("\n") for line in launched.lines]
    assert {"[it-1] one", "[it-1] two", "[it-1] three"} <= set(lines)
    numbers = order(launched, "process started with pid", "[it-1] one", "[it-1] three")
    assert numbers == sorted(numbers)
    launched.wait_for(r"^\[INFO\] \[it-1\]: process has finished cleanly \[pid \d+\]$")


def test_what_stands_before_a_line_can_be_said(launch_file):
    launched = launch_file(
        "python('print(1)', output_format='{line}!'), python('print(2)', name='other',"
        " output_format='{this.process_description.final_name}: {line}')"
    )
    assert launched.wait() == 0
    assert {"1!\n", "other-2: 2\n"} <= set(launched.lines)


def test_bytes_that_are_no_text_are_shown_somehow(launch_file):
    code = "import os; os.write(1, bytes([97, 255, 195, 164, 98, 10]))"
    launched = launch_file(f"python('{code}')", environment={"PYTHONUTF8": "1"})
    assert launched.wait() == 0
    assert "[it-1] a\ufffd\u00e4b\n" in launched.text


@pytest.mark.parametrize(
    ("output", "on_screen", "in_log"),
    [
        ("screen", {"out", "err"}, set()),
        ("log", {"err"}, {"out", "err"}),
        ("both", {"out", "err"}, {"out", "err"}),
    ],
)
def test_output_goes_where_it_is_told(launch_file, tmp_path, output, on_screen, in_log):
    code = 'import sys; print("out"); print("err", file=sys.stderr)'
    launched = launch_file(f"python('{code}', output='{output}')")
    assert launched.wait() == 0
    (folder,) = launched.wait_for(r"All log files can be found below (.*)")
    log = Path(folder[1], "launch.log")
    assert log.is_relative_to(tmp_path / "log")
    for text, words in ((launched.text, on_screen), (log.read_text(), in_log)):
        assert {word for word in ("out", "err") if f"[it-1] {word}\n" in text} == words


def test_process_gets_command_folder_and_environment(launch_file, tmp_path):
    code = "import os, sys; print(sys.argv[1:], os.getcwd(), os.environ['A'], os.environ['B'])"
    (tmp_path / "there").mkdir()
    launched = launch_file(
        f"python(\"{code}\", ['x', TextSubstitution(text=' y')], '', cwd='{tmp_path}/there',"
        " additional_env={'B': ['2', '3']}, prefix='env A=1')"
    )
    assert launched.wait() == 0
    assert f"[it-1] ['x y', ''] {tmp_path}/there 1 23\n" in launched.text


def test_environment_of_its_own(launch_file):
    code = 'import os; print(os.environ.get("HOME"), os.environ.get("A"))'
    launched = launch_file(f"python('{code}', env={{'A': '1'}})", environment={"HOME": "/tmp"})
    assert launched.wait() == 0
    assert "[it-1] None 1\n" in launched.text


def test_process_is_named_after_its_program(launch_file):
    launched = launch_file("ExecuteProcess(cmd=['/bin/sh', '-c', 'exit 0'])")
    assert launched.wait() == 0
    assert "[sh-1]: process started" in launched.text


def test_dead_process_is_reported_and_does_not_count(launch_file):
    launched = launch_file("python('raise SystemExit(3)', 'a', ' ', 'b')")
    assert launched.wait() == 0
    (died,) = launched.wait_for(r"^\[ERROR\] \[it-1\]: process has died \[pid (\d+), (.*)\]\.$")
    assert died[2].startswith("exit code 3, cmd '")
    assert died[2].endswith(" -uc raise SystemExit(3) a b'")


def test_program_that_cannot_be_started(launch_file):
    launched = launch_file(
        "ExecuteProcess(cmd=['/nowhere/at/all'], on_exit=Shutdown()), python('1')"
    )
    assert launched.wait() == 0
    assert "exception occurred while executing process" in launched.text
    assert "FileNotFoundError" in launched.text
    assert "[it-2]: process has finished cleanly" in launched.text


def test_required_process_ends_the_others(launch_file):
    launched = launch_file(
        f"python({COUNT_SIGINTS}),python('input()', name='required', on_exit=Shutdown(reason='so'))"
    )
    launched.wait_for("ready")
    # Its standard input is a pipe that the launch holds open: it ends when it is told to.
    os.kill(launched.pid("required"), signal.SIGTERM)
    assert launched.wait() == 0
    assert "exit code -15" in launched.text
    assert "[it-1] interrupted 1\n" in launched.text
    numbers = order(
        launched,
        "[required-2]: process has died",
        "[launch]: process[required-2] was required: shutting down launched system",
        "[it-1]: sending signal 'SIGINT' to process[it-1]",
        "[it-1] interrupted",
        "[it-1]: process has finished cleanly",
    )
    assert numbers == sorted(numbers)


def test_on_exit_may_be_a_function(launch_file):
    launched = launch_file(
        "python('raise SystemExit(4)', on_exit=lambda event, context:"
        " LogInfo(msg=f'{event.process_name} {event.returncode} {event.action.return_code}'))"
    )
    assert launched.wait() == 0
    assert "[launch.user]: it-1 4 4\n" in launched.text


def test_handlers_of_events(launch_file):
    launched = launch_file(
        "RegisterEventHandler(OnProcessStart(on_start=lambda event, context:"
        " LogInfo(msg=f'start {event.process_name}'))),"
        "RegisterEventHandler(OnProcessExit(on_exit=[LogInfo(msg='some exit')])),"
        "RegisterEventHandler(OnProcessIO(on_stdout=lambda event:"
        " LogInfo(msg=f'wrote {event.text.decode().strip()}'))),"
        "RegisterEventHandler(OnShutdown(on_shutdown=lambda event, context:"
        " LogInfo(msg=f'shutdown {event.reason}'))),"
        "*(lambda it, next: [it, RegisterEventHandler("
        "OnProcessExit(target_action=it, on_exit=[next]))])("
        "python('import os; os.write(1, b\"1\")'),"
        "python('import os; os.write(1, b\"2\")', name='next'))"
    )
    assert launched.wait() == 0
    said = [match[1] for match in launched.wait_for(r"\[launch\.user\]: (.*)")]
    assert said == [
        "start it-1",
        "wrote 1",
        "some exit",
        "start next-2",
        "wrote 2",
        "some exit",
        "shutdown idle",
    ]


def test_shutdown_event(launch_file):
    launched = launch_file(
        f"python({WAIT}), RegisterEventHandler(OnProcessIO(on_stdout=lambda event:"
        " EmitEvent(event=ShutdownEvent(reason='enough'))))"
    )
    assert launched.wait() == 0
    assert "sending signal 'SIGINT' to process[it-1]" in launched.text
    assert "exit code -2" in launched.text


def test_nothing_starts_during_a_shutdown(launch_file):
    launched = launch_file(
        f"python({WAIT}, on_exit=[python('print(1)', name='late')]),"
        "RegisterEventHandler(OnProcessIO(on_stdout=lambda event: Shutdown(reason='enough')))"
    )
    assert launched.wait() == 0
    assert "late" not in launched.text


def test_failing_handler_ends_everything_with_exit_code_1(launch_file):
    launched = launch_file(
        f"python({COUNT_SIGINTS}), RegisterEventHandler(OnProcessIO("
        "on_stdout=lambda event: 1 / 0 if b'ready' in event.text else None))"
    )
    assert launched.wait() == 1
    assert "Caught exception in launch (see debug for traceback): division by zero" in launched.text
    assert "[it-1] interrupted 1\n" in launched.text


def test_debug_shows_the_traceback(launch_file):
    launched = launch_file("OpaqueFunction(function=lambda context: 1 / 0)", "--debug")
    assert launched.wait() == 1
    assert "Traceback" in launched.text
    assert "Default logging verbosity is set to DEBUG" in launched.text


@pytest.mark.parametrize("terminal", [False, True])
def test_ctrl_c_reaches_each_process_once(launch_file, terminal):
    launched = launch_file(f"python({COUNT_SIGINTS})", terminal=terminal)
    launched.wait_for("ready")
    launched.send(signal.SIGINT, whole_group=terminal)
    assert launched.wait() == 0
    assert "[WARNING] [launch]: user interrupted with ctrl-c (SIGINT)\n" in launched.text
    assert ("sending signal" in launched.text) is not terminal
    assert "[it-1] interrupted 1\n" in launched.text


def test_processes_share_the_group_of_the_launch(launch_file):
    code = "import os; print(os.getpgid(0) == os.getppid())"
    launched = launch_file(f"python('{code}')")
    assert launched.wait() == 0
    assert "[it-1] True\n" in launched.text


@pytest.mark.parametrize(
    ("deaf_to", "signals", "code"),
    [
        ("SIGINT", ["SIGINT", "SIGTERM"], -15),
        ("SIGINT SIGTERM", ["SIGINT", "SIGTERM", "SIGKILL"], -9),
    ],
)
def test_who_does_not_listen_is_told_louder(launch_file, deaf_to, signals, code):
    deaf = ", ".join(repr(name) for name in deaf_to.split())
    launched = launch_file(f"python({DEAF}, {deaf}, sigkill_timeout='0.3')", "sigterm_timeout:=0.2")
    launched.wait_for("ready")
    started = time.monotonic()
    launched.send(signal.SIGINT)
    assert launched.wait() == 0
    assert time.monotonic() - started > 0.2 if code == -15 else 0.5
    sent = [match[1] for match in launched.wait_for(r"sending signal '(\w+)' to process\[it-1\]")]
    assert sent == signals
    assert f"exit code {code}," in launched.text
    text = "process[it-1] failed to terminate '0.2' seconds after receiving 'SIGINT', escalating to"
    assert f"[ERROR] [it-1]: {text} 'SIGTERM'\n" in launched.text


def test_sigterm_ends_the_launch_at_once_and_whom_the_kernel_tells(launch_file):
    launched = launch_file(f"python({WAIT}, prefix='setpriv --pdeathsig TERM --')")
    launched.wait_for("ready")
    launched.send(signal.SIGTERM)
    assert launched.wait() == -signal.SIGTERM
    assert launched.left_after(5.0) == []


def test_ignored_sigint_stays_ignored(launch_file):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        launched = launch_file("python('input()')")
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    pid = launched.pid("it")
    launched.send(signal.SIGINT)
    os.kill(pid, signal.SIGTERM)
    assert launched.wait() == 0
    assert "user interrupted" not in launched.text
