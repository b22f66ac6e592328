"""The file: what players are told, when it is there, and when it is not."""

import av
import numpy as np
import pytest
from deepracer.video.film_file import FilmFile
from deepracer_core.errors import ConfigurationError

SIZE = {"width": 320, "height": 180, "rate": 15}


def plain(red: int, green: int, blue: int) -> np.ndarray:
    return np.full((180, 320, 3), (red, green, blue), np.uint8)


def test_the_film_is_h264_that_plays_anywhere(tmp_path):
    path = tmp_path / "new" / "film.mp4"
    with FilmFile(path, **SIZE, title="A lap") as film:
        for count in range(45):
            film.add(plain(200, 30, 30) if count < 30 else plain(30, 30, 200))
    assert [each.name for each in path.parent.iterdir()] == ["film.mp4"]
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "the index must come first"
    with av.open(str(path)) as container:
        (stream,) = container.streams
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width, stream.height, stream.average_rate) == (320, 180, 15)
        assert stream.frames == 45
        assert float(stream.duration * stream.time_base) == pytest.approx(3.0)
        assert container.metadata["title"] == "A lap"
        colors = [frame.to_ndarray(format="rgb24")[90, 160] for frame in container.decode(stream)]
    np.testing.assert_allclose(colors[10], (200, 30, 30), atol=6)
    np.testing.assert_allclose(colors[40], (30, 30, 200), atol=6)


def test_nothing_is_left_of_a_film_that_was_not_finished(tmp_path):
    def fail() -> None:
        with FilmFile(tmp_path / "new" / "film.mp4", **SIZE, title="A lap") as film:
            film.add(plain(0, 0, 0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_an_older_film_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"older")
    with FilmFile(path, **SIZE, title="A lap") as film:
        film.add(plain(0, 0, 0))
        assert path.read_bytes() == b"older"
    assert path.read_bytes() != b"older"


def test_a_place_that_cannot_be_written_is_named_at_once(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="choose another file with --output"):
        FilmFile(tmp_path / "file" / "film.mp4", **SIZE, title="A lap")
    with pytest.raises(ConfigurationError, match="is a folder"):
        FilmFile(tmp_path, **SIZE, title="A lap")
