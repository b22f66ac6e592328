"""`deepracer robomaker`: one simulation, told by the environment, from its beginning to its end."""

import logging
from collections.abc import MutableMapping
from pathlib import Path

from deepracer_core.errors import ConfigurationError
from deepracer_core.heartbeat import Heartbeat
from deepracer_core.model_store import StoreConfigurationError, StoreError
from deepracer_core.redis_connection import RedisUnavailable

from deepracer.failure import JobFailed
from deepracer.interruption import Interruption
from deepracer.robomaker import told
from deepracer.robomaker.driving import drive
from deepracer.robomaker.inputs import read_yaml
from deepracer.robomaker.job import for_this_worker
from deepracer.robomaker.preparation import prepare
from deepracer.robomaker.told import Answers, Told
from deepracer.robomaker.waiting import Interrupted, Waiting
from deepracer.workplace import claim_workplace

_READING_S = 120.0

_ADDRESS, _PASSWORD = "DEEPRACER_REDIS", "REDIS_PASSWORD"
_BESIDE_REDIS = ("REDIS_PORT", _PASSWORD, "REDIS_TLS", "REDIS_CA_FILE")

log = logging.getLogger(__name__)


def robomaker(environment: MutableMapping[str, str]) -> int:
    """Run the simulation that the environment asks for.

    Args:
        environment: of this process and of those that it starts.

    Returns:
        The exit code.

    Raises:
        ConfigurationError: something given cannot be used.
        JobFailed: a part of it died, or what it needs was not there in time.
    """
    heartbeat = Heartbeat.of(environment)
    heartbeat.beat("reading what it was told", _READING_S)
    with Interruption() as interruption:
        try:
            answers = _answers(environment)
            with claim_workplace() as workplace:
                waiting = Waiting(interruption, heartbeat)
                simulation = prepare(answers, environment, workplace, waiting)
                return drive(simulation, workplace, heartbeat, interruption)
        except Interrupted:
            log.info("told to end by %s", interruption.name)
            return interruption.exit_code
        except StoreConfigurationError:
            raise
        except (StoreError, RedisUnavailable) as error:
            raise JobFailed(str(error)) from error


def _answers(environment: MutableMapping[str, str]) -> Answers:
    """All that was said, by the environment and by the YAML file that it names."""
    said = _with_password(told.from_environment(environment), environment)
    said = for_this_worker(said)
    answers = told.merge(said, read_yaml(said))
    told.report(answers)
    if _ADDRESS in environment:
        named = f"password_variable={_PASSWORD}"
        for name in _BESIDE_REDIS:
            if name in answers and not (name == _PASSWORD and named in environment[_ADDRESS]):
                log.warning(
                    "%s has no effect beside DEEPRACER_REDIS: say it there, as in"
                    " rediss://HOST:PORT?ssl_ca_certs=FILE&password_variable=REDIS_PASSWORD",
                    answers[name].source,
                )
    return answers


def _with_password(answers: dict[str, Told], environment: MutableMapping[str, str]) -> Answers:
    """The password in a file becomes a variable, which the simulation's processes inherit.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    file = answers.get("REDIS_PASSWORD_FILE")
    if file is None or _PASSWORD in answers:
        return answers
    try:
        password = Path(file.text).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{file.source}: expected a file with a password: {error}"
        ) from error
    environment[_PASSWORD] = password
    return {**answers, _PASSWORD: Told(password, file.source)}
