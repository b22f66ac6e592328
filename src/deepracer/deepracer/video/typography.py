"""Letters: Source Sans Pro, in two weights."""

from functools import cache
from importlib.resources import as_file, files

from PIL import ImageFont

_FILES = files("font_source_sans_pro") / "files"


@cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The font in a size, pixels. All its digits are equally wide, so that numbers stand still."""
    name = "SourceSansPro-Semibold.ttf" if bold else "SourceSansPro-Regular.ttf"
    with as_file(_FILES / name) as path:
        return ImageFont.truetype(str(path), size)
