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
    """A card at a place of the picture; it is drawn on in its own units.

    Args:
        left: of the card in the picture, units; so with the next three.
        top: as left.
        width: as left.
        height: as left.
        scale: pixels of a unit.
        below: another card, of which this one begins as a copy.
    """

    def __init__(
        self,
        left: int,
        top: int,
        width: int,
        height: int,
        *,
        scale: float = 1.0,
        below: "Card | None" = None,
    ) -> None:
        self.left, self.top, self.width, self.height = left, top, width, height
        self.scale = scale
        fresh = Image.new("RGB", (round(width * scale), round(height * scale)), PAPER)
        self.image = fresh if below is None else below.image.copy()
        self._draw = ImageDraw.Draw(self.image)

    def copy(self) -> "Card":
        """A card with the same on it."""
        size = (self.left, self.top, self.width, self.height)
        return Card(*size, scale=self.scale, below=self)

    def place(self, x: float, y: float) -> tuple[int, int]:
        """Where a point of the card is in its image, pixels."""
        return round(x * self.scale), round(y * self.scale)

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
        letters = font(round(size * self.scale), bold=bold)
        place = (x * self.scale, baseline * self.scale)
        self._draw.text(place, words, fill=color, font=letters, anchor=f"{anchor}s")
        return x + letters.getlength(words) / self.scale

    def bar(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """Fill a bar with round ends."""
        (left, top), (right, bottom) = self.place(left, top), self.place(right, bottom)
        if right > left:
            self.image.paste(color, (left, top), _pill(right - left, bottom - top))

    def put_on(self, picture: Image.Image) -> None:
        """Put the card into a picture."""
        shape = _shape(*self.image.size, _CORNER * self.scale)
        picture.paste(self.image, self.place(self.left, self.top), shape)


@cache
def _shape(width: int, height: int, corner: float) -> Image.Image:
    """How opaque each pixel of a card is."""
    return _rounded(width, height, corner, _OPACITY)


@cache
def _pill(width: int, height: int) -> Image.Image:
    return _rounded(width, height, min(width, height) / 2, 255)


def _rounded(width: int, height: int, radius: float, opacity: int) -> Image.Image:
    large = Image.new("L", (width * _SMOOTHING, height * _SMOOTHING), 0)
    corner = (large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(((0, 0), corner), radius * _SMOOTHING, opacity)
    return large.resize((width, height), Image.Resampling.BOX)


def text_width(words: str, size: int, *, bold: bool = False) -> float:
    """How wide words are, units."""
    return float(font(size, bold=bold).getlength(words))
