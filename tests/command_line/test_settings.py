import dataclasses
import logging
import re
from pathlib import Path

import pytest
import yaml
from deepracer.settings import JobSettings
from deepracer.settings_sources import (
    OTHER_VARIABLES,
    SETTING_NAMES,
    resolve_settings,
    variable_name,
    write_settings,
)
from deepracer_core.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


def settings_file(folder: Path, text: str) -> Path:
    path = folder / "job.yaml"
    path.write_text(text)
    return path


def test_later_layers_win_and_each_value_knows_its_source(tmp_path):
    file = settings_file(tmp_path, "seed: 1\nsegment_length: 16\njob_duration_in_seconds: 60\n")
    environment = {"DEEPRACER_SEED": "2", "DEEPRACER_SEGMENT_LENGTH": "8", "PATH": "/bin"}
    resolved = resolve_settings({"seed": "3", "track": None}, environment, file)
    assert resolved.settings.seed == 3
    assert resolved.settings.segment_length == 8
    assert resolved.settings.job_duration_in_seconds == 60
    assert resolved.settings.track == JobSettings().track
    assert resolved.sources["seed"] == "--seed"
    assert resolved.sources["segment_length"] == "DEEPRACER_SEGMENT_LENGTH"
    assert resolved.sources["job_duration_in_seconds"] == str(file)
    assert resolved.sources["track"] == "default"


def test_a_later_file_wins_over_an_earlier_one(tmp_path):
    earlier, later = tmp_path / "earlier.yaml", tmp_path / "later.yaml"
    earlier.write_text("seed: 1\nsegment_length: 16\n")
    later.write_text("seed: 2\n")
    resolved = resolve_settings({}, {}, earlier, later)
    assert (resolved.settings.seed, resolved.settings.segment_length) == (2, 16)
    assert resolved.sources["segment_length"] == str(earlier)


def test_every_value_is_logged_with_its_source_and_without_a_password(caplog):
    with caplog.at_level(logging.INFO, logger="deepracer"):
        resolve_settings({"redis": "redis://:s3cr:et@host:6379"}, {"DEEPRACER_RUN": "a"})
    for field in dataclasses.fields(JobSettings):
        assert f"setting {field.name}=" in caplog.text
    assert "setting run=a source=DEEPRACER_RUN" in caplog.text
    assert "s3cr:et" not in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trak: oval\n", "unknown setting 'trak'; did you mean 'track'?"),
        ("seed: -4\n", "setting 'seed': should be greater than or equal to 0, got '-4'"),
        ("seed: often\n", "setting 'seed': should be a valid integer"),
        ("run: a/b\n", "setting 'run'"),
        ("- seed\n", "expected `name: value` lines, got a list"),
        ("seed: [1\n", "is not valid YAML"),
    ],
)
def test_a_bad_settings_file_is_an_error_that_names_file_and_field(tmp_path, text, message):
    file = settings_file(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        resolve_settings({}, {}, file)
    assert message in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_settings_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nothing\.yaml cannot be read"):
        resolve_settings({}, {}, tmp_path / "nothing.yaml")


def test_an_unknown_variable_is_an_error_that_names_the_nearest():
    with pytest.raises(ConfigurationError, match=r"DEEPRACER_HEADLES.*DEEPRACER_HEADLESS"):
        resolve_settings({}, {"DEEPRACER_HEADLES": "1"})


def test_no_variable_of_another_part_is_taken_for_a_misspelt_setting():
    sources = [*(ROOT / "setup").iterdir(), *(ROOT / "src").rglob("*.*")]
    files = [ROOT / "Makefile", *(path for path in sources if path.is_file())]
    text = "".join(
        path.read_text() for path in files if path.suffix in ("", ".py", ".sh", ".cc", ".hh")
    )
    used = set(re.findall(r"\bDEEPRACER_[A-Z_]+\b", text))
    settings = {variable_name(name) for name in SETTING_NAMES}
    assert used - settings <= OTHER_VARIABLES


def test_a_range_is_read_from_every_layer(tmp_path):
    file = settings_file(tmp_path, "friction: 0.5:1.5\naction_delay: '1:3'\n")
    environment = {"DEEPRACER_LIGHT_STRENGTH": "1:2"}
    settings = resolve_settings({"camera_pitch_deg": "-3:3"}, environment, file).settings
    assert (settings.friction, settings.action_delay) == ("0.5:1.5", "1:3")
    assert (settings.light_strength, settings.camera_pitch_deg) == ("1:2", "-3:3")
    write_settings(file, settings)
    assert resolve_settings({}, {}, file).settings.camera_pitch_deg == "-3:3"


def test_what_is_no_range_is_refused_with_what_is_expected(tmp_path):
    with pytest.raises(ConfigurationError, match=r"--friction: .* from 0\.05 to 10, .* got '2:1'"):
        resolve_settings({"friction": "2:1"}, {})
    # YAML counts to sixty.
    file = settings_file(tmp_path, "action_delay: 1:3\n")
    with pytest.raises(ConfigurationError, match=r"expected MIN:MAX, in quotes .*, got '63'"):
        resolve_settings({}, {}, file)


def test_a_value_that_does_not_fit_names_the_layer_that_gave_it():
    with pytest.raises(ConfigurationError, match=r"DEEPRACER_WORKERS: setting 'workers'.*'many'"):
        resolve_settings({"seed": "4"}, {"DEEPRACER_WORKERS": "many"})
    with pytest.raises(ConfigurationError, match=r"--job-duration-in-seconds: .*'0'"):
        resolve_settings({"job_duration_in_seconds": "0"}, {})


def test_a_bad_address_does_not_show_its_password():
    with pytest.raises(ConfigurationError) as caught:
        resolve_settings({"run": "redis://u:hidden@h"}, {})
    assert "hidden" not in str(caught.value)


def test_an_empty_variable_is_one_that_is_not_set():
    assert resolve_settings({}, {"DEEPRACER_REDIS": ""}).settings.redis is None


@pytest.mark.parametrize(("text", "value"), [("0", False), ("true", True), ("no", False)])
def test_switches_are_read_from_the_environment(text, value):
    assert resolve_settings({}, {"DEEPRACER_HEADLESS": text}).settings.headless is value


def test_a_camera_rate_divides_the_steps_of_a_second():
    assert resolve_settings({"camera_rate": "5"}, {}).settings.camera_rate == 5
    for rate in ("0", "4", "30"):
        with pytest.raises(ConfigurationError, match=rf"--camera-rate: .*'{rate}'"):
            resolve_settings({"camera_rate": rate}, {})


def declared_default(name: str) -> object:
    value = getattr(JobSettings(), name)
    return str(value) if isinstance(value, Path) else value


def test_the_documentation_has_every_setting_as_it_is_declared():
    text = (ROOT / "docs" / "using.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `") and line.count("|") == 4]
    expected = []
    for name in SETTING_NAMES:
        value = declared_default(name)
        shown = "none" if value is None else str(value).lower()
        description = JobSettings.__pydantic_fields__[name].description
        expected.append(f"| `{name}` | {shown} | {description} |")
    assert rows == expected


def test_the_shipped_settings_file_shows_every_default_and_sets_nothing(tmp_path):
    text = (ROOT / "config" / "job.yaml").read_text()
    assert yaml.safe_load(text) is None
    shown = yaml.safe_load(re.sub(r"^#(?=\w)", "", text, flags=re.MULTILINE))
    assert shown == {name: declared_default(name) for name in SETTING_NAMES}


@pytest.mark.parametrize(
    "address",
    ["redis://:secret@host", "redis://:se cret@host", "redis://host?password=secret"],
)
def test_settings_that_were_written_are_read_again_without_a_login(tmp_path, address):
    given = {"seed": "3", "runs_folder": "there", "redis": address}
    settings = resolve_settings(given, {}).settings
    write_settings(tmp_path / "job.yaml", settings)
    assert "cret" not in (tmp_path / "job.yaml").read_text()
    again = resolve_settings({}, {}, tmp_path / "job.yaml").settings
    assert again.redis is None
    assert again.seed == 3
    assert again.runs_folder == Path("there").absolute()
