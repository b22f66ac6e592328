"""Parameters from a file, for a process without ROS."""

from dataclasses import dataclass

import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.parameters import dump_parameters, load_parameters, parameter


@dataclass(frozen=True)
class Example:
    name: str = parameter("nobody", "what it is called")
    number: int = parameter(3, "how many", lowest=1, highest=9)
    share: float = parameter(0.5, "of the whole", lowest=0.0, highest=1.0)
    switch: bool = parameter(False, "whether it is on")


def test_what_is_written_is_read_and_the_rest_keeps_its_default(tmp_path):
    path = tmp_path / "parameters.json"
    dump_parameters({"number": 4, "share": 1, "switch": True}, path)
    assert load_parameters(path, Example) == Example("nobody", 4, 1.0, True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"names": "x"}, r"names: unknown field; did you mean 'name'\?"),
        ({"number": "4"}, "number: expected int: how many, got '4'"),
        ({"number": True}, "number: expected int: how many, got True"),
        ({"number": 10}, "number: expected 1 to 9, got 10"),
        ({"share": -0.1}, "share: expected 0 to 1, got -0.1"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, values, message):
    path = tmp_path / "parameters.json"
    dump_parameters(values, path)
    with pytest.raises(ConfigurationError, match=message):
        load_parameters(path, Example)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nothing\.json"):
        load_parameters(tmp_path / "nothing.json", Example)
