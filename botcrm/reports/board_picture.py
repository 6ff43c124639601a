"""`python -m botcrm.reports.board_picture`: a board described as JSON in, a PNG out, made to be read on a phone.

Only this process imports the library that draws. A phone is narrow: two columns stand side by side, the next two below them.
The font has Latin, Cyrillic and Greek letters; Chinese, Japanese and Korean ones are drawn where the machine has a font for them.
"""

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

WIDTH = 1080
MOST_HEIGHT = 4000
_MARGIN, _GAP, _PAD = 28, 20, 20
_COLUMN = (WIDTH - 2 * _MARGIN - _GAP) // 2
_INK, _FAINT, _PAPER, _GROUND, _CARD, _EDGE = "#1f2933", "#5b6773", "#ffffff", "#eef1f5", "#ffffff", "#dde3ea"
_TONES = {"late": "#d64545", "ahead": "#2f6fde", "none": "#9aa5b1"}
_BIG, _HEAD, _NAME, _TEXT = 50, 36, 34, 29
_WIDE = re.compile(
    r"[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]+"
)
# Pictures and marks that no font here has a letter for.
_UNSHOWN = re.compile(
    "[\ud800-\udfff\ufe00-\ufe0f\u200b-\u200f\u202a-\u202e\u2066-\u2069\U0001f000-\U0001faff\x00-\x1f]+"
)
_WIDE_FONTS = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKjp-Regular.otf", "NotoSansJP-Regular.otf", "SourceHanSans-Regular.ttc"),
    *(
        "ipaexg.ttf",
        "Hiragino Sans GB.ttc",
        "YuGothM.ttc",
        "msgothic.ttc",
        "msyh.ttc",
        "malgun.ttf",
        "wqy-microhei.ttc",
    ),
    *("DroidSansFallbackFull.ttf", "NotoSerifCJK-Regular.ttc"),
)
_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts", "/Library/Fonts",
            "/System/Library/Fonts", "C:/Windows/Fonts")  # fmt: skip


def picture(task: dict[str, Any]) -> bytes:
    """Draw a board.

    :param task: title, subtitle, nothing (what an empty column says), columns: each with name, count, amount, colour, more, and
        cards: each with name, amount, owner, when, tone (late, ahead, none)
    """
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, MOST_HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    _write(pen, (_MARGIN, 30), task["title"], _BIG, _INK, WIDTH - 2 * _MARGIN, bold=True)
    _write(pen, (_MARGIN, 96), task["subtitle"], _TEXT, _FAINT, WIDTH - 2 * _MARGIN)
    top = 156
    columns = task["columns"]
    for place in range(0, len(columns), 2):
        pair = columns[place : place + 2]
        heights = [_column(None, column, (0, 0), task["nothing"]) for column in pair]
        tall = max(heights)
        if top + tall > MOST_HEIGHT - _MARGIN:
            break
        for number, column in enumerate(pair):
            left = _MARGIN + number * (_COLUMN + _GAP)
            pen.rounded_rectangle((left, top, left + _COLUMN, top + tall), 18, fill=_GROUND)
            pen.rounded_rectangle((left, top, left + _COLUMN, top + 10), 5, fill=column["colour"])
            _column(pen, column, (left, top), task["nothing"])
        top += tall + _GAP
    out = BytesIO()
    image.crop((0, 0, WIDTH, top + 8)).save(out, format="PNG", compress_level=3)
    return out.getvalue()


def _column(pen: Any, column: dict[str, Any], at: tuple[int, int], nothing: str) -> int:
    """Draw a column and return its height; without a pen only that."""
    left, top = at
    inner = _COLUMN - 2 * _PAD
    y = top + 28
    if pen:
        count = _length(column["count"], _HEAD, bold=True)
        _write(pen, (left + _PAD, y), column["name"], _HEAD, _INK, int(inner - count - 16), bold=True)
        _write(pen, (left + _COLUMN - _PAD - count, y), column["count"], _HEAD, column["colour"], inner, bold=True)
    y += 50
    if column["amount"]:
        if pen:
            _write(pen, (left + _PAD, y), column["amount"], _TEXT, _FAINT, inner)
        y += 42
    y += 10
    if not column["cards"]:
        if pen:
            _write(pen, (left + _PAD, y), nothing, _TEXT, _FAINT, inner)
        y += 44
    for card in column["cards"]:
        y += _card(pen, card, (left + 12, y)) + 12
    if column["more"]:
        if pen:
            _write(pen, (left + _PAD, y), column["more"], _TEXT, _FAINT, inner)
        y += 44
    return y + 8 - top


def _card(pen: Any, card: dict[str, Any], at: tuple[int, int]) -> int:
    """Draw a deal and return its height; without a pen only that."""
    left, top = at
    wide = _COLUMN - 24
    inner = wide - 24 - 16
    names = _wrap(card["name"], _NAME, inner)
    second = bool(card["amount"] or card["owner"])
    height = 14 + 44 * len(names) + 40 * second + 40 * bool(card["when"]) + 12
    if not pen:
        return height
    tone = _TONES[card["tone"]]
    pen.rounded_rectangle((left, top, left + wide, top + height), 12, fill=_CARD, outline=_EDGE, width=2)
    pen.rounded_rectangle((left + 8, top + 14, left + 14, top + height - 14), 3, fill=tone)
    x, y = left + 28, top + 12
    for line in names:
        _write(pen, (x, y), line, _NAME, _INK, inner, bold=True)
        y += 44
    if second:
        owner = _length(card["owner"], _TEXT)
        room = inner if not owner else int(inner - min(owner, inner // 2) - 16)
        _write(pen, (x, y), card["amount"], _TEXT, _INK, room)
        if card["owner"]:
            shown = min(owner, inner // 2) if card["amount"] else min(owner, inner)
            _write(pen, (x + inner - shown, y), card["owner"], _TEXT, _FAINT, int(shown) + 2)
        y += 40
    if card["when"]:
        _write(pen, (x, y), card["when"], _TEXT, tone if card["tone"] != "none" else _FAINT, inner)
    return height


# --- text: letters that the main font lacks come from another one -----------------------------------------------------------


@cache
def _font(size: int, bold: bool, wide: bool) -> Any:
    from PIL import ImageFont

    if wide and (found := _wide_font()) is not None:
        return ImageFont.truetype(str(found), size)
    return ImageFont.truetype(str(_FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")), size)


def _fonts() -> Path:
    """Return the folder of the font that comes with matplotlib, which need not be imported for it."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


_FONTS = _fonts()


@cache
def _wide_font() -> Path | None:
    there: dict[str, Path] = {}
    for folder in _FOLDERS:
        for path in Path(folder).expanduser().rglob("*.[to]t[fc]"):
            there.setdefault(path.name, path)
    return next((there[name] for name in _WIDE_FONTS if name in there), None)


def _clean(text: str) -> str:
    return " ".join(_UNSHOWN.sub(" ", text).split())


def _runs(text: str, size: int, bold: bool) -> Iterator[tuple[str, Any]]:
    """Split a text by the font that its letters are in."""
    start = 0
    for match in _WIDE.finditer(text):
        if match.start() > start:
            yield text[start : match.start()], _font(size, bold, wide=False)
        yield match.group(), _font(size, bold, wide=True)
        start = match.end()
    if start < len(text):
        yield text[start:], _font(size, bold, wide=False)


def _length(text: str, size: int, *, bold: bool = False) -> float:
    return sum(float(font.getlength(part)) for part, font in _runs(_clean(text), size, bold))


def _cut(text: str, size: int, room: float, *, bold: bool = False) -> str:
    """Shorten a text to a width in pixels, with an ellipsis where something is left out."""
    text = _clean(text)[:200]
    if _length(text, size, bold=bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if _length(text[:middle].rstrip() + "…", size, bold=bold) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def _wrap(text: str, size: int, room: int) -> list[str]:
    """Break a name into two lines at most."""
    text = _clean(text)
    if _length(text, size, bold=True) <= room:
        return [text]
    words = text.split(" ")
    count = len(words) - 1
    while count and _length(" ".join(words[:count]), size, bold=True) > room:
        count -= 1
    if not count:
        return [_cut(text, size, room, bold=True)]
    return [" ".join(words[:count]), _cut(" ".join(words[count:]), size, room, bold=True)]


def _write(
    pen: Any, at: tuple[float, float], text: str, size: int, colour: str, room: int, *, bold: bool = False
) -> None:
    x, y = at
    for part, font in _runs(_cut(text, size, room, bold=bold), size, bold):
        # By the line that letters stand on: fonts differ in how far above it they begin.
        pen.text((x, y + size), part, font=font, fill=colour, anchor="ls")
        x += float(font.getlength(part))


if __name__ == "__main__":
    sys.stdout.buffer.write(picture(json.load(sys.stdin)))
