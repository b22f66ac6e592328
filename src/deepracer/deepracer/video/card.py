"""Cards: the light panels with round corners on which a film shows its words and pictures."""

from functools import cache

from PIL import Image, ImageDraw

from deepracer import track_drawing
from deepracer.video.typography import font

Color = tuple[int, int, int]
"""Red, green, blue."""


def _rgb(color: track_drawing.Color) -> Color:
    blue, green, red = color
    return red, green, blue


PAPER, ROAD, BORDER, DASH, INK, FAINT, RED = map(
    _rgb,
    (
        track_drawing.PAPER,
        track_drawing.ROAD,
        track_drawing.BORDER,
        track_drawing.DASH,
        track_drawing.INK,
        track_drawing.FAINT,
        track_drawing.RED,
    ),
)
GREEN: Color = (34, 139, 84)

_CORNER = 14
_OPACITY = 236
_SMOOTHING = 4


class Card:
    """A card at a place of the picture; it is drawn on in its own pixels.

    Args:
        left: of the card in the picture, pixels; so with the next three.
        top: as left.
        width: as left.
        height: as left.
        below: another card, of which this one begins as a copy.
    """

    def __init__(
        self, left: int, top: int, width: int, height: int, below: "Card | None" = None
    ) -> None:
        self.left, self.top, self.width, self.height = left, top, width, height
        fresh = Image.new("RGB", (width, height), PAPER)
        self.image = fresh if below is None else below.image.copy()
        self._draw = ImageDraw.Draw(self.image)

    def copy(self) -> "Card":
        """A card with the same on it."""
        return Card(self.left, self.top, self.width, self.height, below=self)

    def text(
        self,
        words: str,
        x: float,
        baseline: float,
        *,
        size: int,
        color: Color = INK,
        bold: bool = False,
        anchor: str = "l",
    ) -> float:
        """Write words; returns where they end.

        Args:
            words: what is written.
            x: of their left end, or of their middle or right end by `anchor`.
            baseline: on which they stand.
            size: of the letters.
            color: of the letters.
            bold: whether they are heavy.
            anchor: `l` left, `m` middle, `r` right.
        """
        letters = font(size, bold=bold)
        self._draw.text((x, baseline), words, fill=color, font=letters, anchor=f"{anchor}s")
        return x + letters.getlength(words)

    def bar(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """Fill a bar with round ends."""
        if right - left < 1.0:
            return
        pill, place = _pill(round(right - left), round(bottom - top)), (round(left), round(top))
        self.image.paste(color, place, pill)

    def put_on(self, picture: Image.Image) -> None:
        """Put the card into a picture."""
        picture.paste(self.image, (self.left, self.top), _shape(self.width, self.height))


@cache
def _shape(width: int, height: int) -> Image.Image:
    """How opaque each pixel of a card is."""
    return _rounded(width, height, _CORNER, _OPACITY)


@cache
def _pill(width: int, height: int) -> Image.Image:
    return _rounded(width, height, min(width, height) / 2, 255)


def _rounded(width: int, height: int, radius: float, opacity: int) -> Image.Image:
    large = Image.new("L", (width * _SMOOTHING, height * _SMOOTHING), 0)
    corner = (large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(((0, 0), corner), radius * _SMOOTHING, opacity)
    return large.resize((width, height), Image.Resampling.BOX)


def text_width(words: str, size: int, *, bold: bool = False) -> float:
    """How wide words are, pixels."""
    return float(font(size, bold=bold).getlength(words))
