"""What else was on the road, derived anew, is what the race had there."""

import pytest
from deepracer.settings import JobSettings
from deepracer.video.footage import trials_footage
from deepracer.video.scenes import objects_of
from deepracer.video.selection import Selection
from deepracer_core.bot_cars import BotCarRules, BotCars
from deepracer_core.object_places import Spread
from deepracer_core.recorded_trace import read_trace
from deepracer_core.starts import StartPositions
from deepracer_core.trace import TRACE_HEADER, TracedEpisode, trace_rows
from deepracer_core.track import Track
from deepracer_core.trial import TrialRules
from driven import drive_traces, rules

BOTS = {"number_of_bot_cars": 2, "bot_car_speed": 0.9}


@pytest.fixture(params=[True, False], ids=["continuous", "from the line"])
def traces(request: pytest.FixtureRequest, track: Track) -> list[TracedEpisode]:
    """Three trials between bot cars that drive nearly as fast."""
    return drive_traces(
        track,
        3,
        driver=lambda track, state, _: rules.follow_center(track, state, speed=0.9),
        starts=StartPositions.start_line(track),
        mode="evaluation",
        trials=3,
        trial_rules=TrialRules(is_continuous=request.param),
        scenes=BotCars(Spread(2), BotCarRules(speed=0.9)),
    )


@pytest.mark.parametrize("chosen", [None, "3", "2"])
def test_bot_cars_are_where_the_race_had_them(
    traces: list[TracedEpisode], track: Track, chosen: str | None
) -> None:
    rows = [row for number, trace in enumerate(traces) for row in trace_rows(trace, number, True)]
    episodes = read_trace("\n".join((TRACE_HEADER, *rows, "")).encode(), "trace")
    settings = JobSettings(track=track.name, race_type="head_to_bot", **BOTS)
    footage = trials_footage(settings, episodes, None, Selection(numbers=chosen), "trials")
    assert len(footage.episodes) == (1 if chosen else 3)
    for episode, began in zip(footage.episodes, footage.scene_begins, strict=True):
        found = objects_of(settings, track, episode, began)
        steps = traces[episode.number].steps
        assert found == [[each.pose for each in step.objects] for step in steps]
        assert found[0] != found[-1]
