"""`python -m botcrm.reports.chart`: a chart described as JSON in, a PNG out, made to be read on a phone.

Only this process imports the library that draws. Its own font has Latin, Cyrillic and Greek letters; Chinese, Japanese and Korean
ones are drawn where the machine has one of the fonts named here.
"""

import json
import logging
import sys
import warnings
from io import BytesIO
from typing import Any

WIDTH = 1080
DPI = 160
_INK, _FAINT, _GRID, _PAPER = "#1f2933", "#6b7785", "#e4e8ec", "#ffffff"
_COLOURS = ("#2f6fde", "#f2994a", "#27ae60", "#9b51e0", "#eb5757", "#56ccf2", "#8d6e63", "#f2c94c")
_OTHER_FONTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Source Han Sans", "IPAexGothic", "Hiragino Sans"),
    *("Yu Gothic", "MS Gothic", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei", "Malgun Gothic"),
)
_BAD = "#d64545"  # as what is overdue has everywhere
_CALM = tuple(colour for colour in _COLOURS if colour != "#eb5757")
_LABEL = 18  # characters of a label
_SAID = 12  # points of a line whose values are written beside them


def draw(task: dict[str, Any]) -> bytes:
    """Draw a chart.

    :param task: kind (bar, funnel, line, pie), title, subtitle, labels, series: each with title, values, texts as shown, and
        whether it is bad news
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["font.family"] = ["DejaVu Sans", *_installed()]
    mpl.rcParams["text.parse_math"] = False  # a $ in a name is a $
    labels = [_clip(label) for label in task["labels"]]
    series = task["series"]
    inches = WIDTH / DPI
    figure = Figure(figsize=(inches, _height(task["kind"], len(labels), len(series)) / DPI), dpi=DPI, facecolor=_PAPER)
    tall = figure.get_figheight() * DPI
    top = (170 if task["kind"] == "line" else 150) + (44 if len(series) > 1 and task["kind"] != "pie" else 0)
    axes = figure.add_axes((0.3, 50 / tall, 0.6, (tall - top - 50) / tall))
    figure.text(0.04, 1 - 40 / tall, task["title"], size=17, weight="bold", color=_INK, va="top")
    figure.text(0.04, 1 - 98 / tall, task["subtitle"], size=10.5, color=_FAINT, va="top")
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, labelsize=11.5, colors=_INK)
    {"bar": _bars, "funnel": _funnel, "line": _line, "pie": _pie}[task["kind"]](axes, labels, series)
    if len(series) > 1 and task["kind"] != "pie":
        figure.legend(
            loc="upper left",
            bbox_to_anchor=(0.025, 1 - 130 / tall),
            ncols=3,
            frameon=False,
            fontsize=10.5,
            labelcolor=_INK,
        )
    out = BytesIO()
    figure.savefig(out, format="png", dpi=DPI, facecolor=_PAPER)
    return out.getvalue()


def _installed() -> list[str]:
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return [name for name in _OTHER_FONTS if name in there]


def _clip(label: str) -> str:
    return label if len(label) <= _LABEL else label[: _LABEL - 1].rstrip() + "…"


def _height(kind: str, rows: int, series: int) -> int:
    if kind in ("line", "pie"):
        return 860
    bar = 78 if series == 1 else 34 * series + 26
    return 150 + 44 * (series > 1) + 60 + bar * max(rows, 2)


def _colours(series: list[dict[str, Any]]) -> list[str]:
    """Return a colour for each series: red for what is bad news, and then for nothing else."""
    if not any(one.get("bad") for one in series):
        return [_COLOURS[number % len(_COLOURS)] for number in range(len(series))]
    calm = iter(_CALM * len(series))
    return [_BAD if one.get("bad") else next(calm) for one in series]


def _bars(axes: Any, labels: list[str], series: list[dict[str, Any]]) -> None:
    """Draw bars that lie, a group for each label: long names and figures fit beside them."""
    count = len(series)
    height = 0.62 if count == 1 else 0.8 / count
    most, colours = _most(series), _colours(series)
    for number, one in enumerate(series):
        places = [row + (number - (count - 1) / 2) * height for row in range(len(labels))]
        axes.barh(places, one["values"], height * 0.9, color=colours[number], label=one["title"])
        for place, value, text in zip(places, one["values"], one["texts"], strict=True):
            axes.text(value + most * 0.015, place, text, va="center", size=10.5 if count == 1 else 9, color=_INK)
    _rows(axes, labels)
    axes.set_xlim(min(0, *(value for one in series for value in one["values"])), most * 1.22)


def _funnel(axes: Any, labels: list[str], series: list[dict[str, Any]]) -> None:
    """Draw bars around a middle line that narrow as the deals get fewer."""
    one = series[0]
    most = _most(series)
    for row, (value, text) in enumerate(zip(one["values"], one["texts"], strict=True)):
        axes.barh(row, value, 0.72, left=-value / 2, color=_COLOURS[0], alpha=1 - 0.5 * row / max(len(labels), 1))
        inside = value > most * 0.12
        axes.text(
            0 if inside else value / 2 + most * 0.02,
            row,
            text,
            ha="center" if inside else "left",
            va="center",
            size=12,
            weight="bold",
            color=_PAPER if inside else _INK,
        )
    _rows(axes, labels)
    axes.set_xlim(-most * 0.55, most * 0.55)


def _rows(axes: Any, labels: list[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xticks([])


def _line(axes: Any, labels: list[str], series: list[dict[str, Any]]) -> None:
    axes.set_position((0.1, 0.12, 0.84, axes.get_position().height))
    for one, colour in zip(series, _colours(series), strict=True):
        axes.plot(
            one["values"],
            color=colour,
            linewidth=3,
            marker="o",
            markersize=6,
            label=one["title"],
        )
        if len(series) == 1 and len(labels) <= _SAID:
            for place in range(len(labels)):
                axes.annotate(
                    one["texts"][place],
                    (place, one["values"][place]),
                    textcoords="offset points",
                    xytext=(0, 9),
                    ha="center",
                    size=9.5,
                    color=_INK,
                )
    step = max(1, -(-len(labels) // 6))
    axes.set_xticks(range(0, len(labels), step), labels[::step], size=9.5)
    axes.yaxis.grid(visible=True, color=_GRID)
    axes.set_axisbelow(True)
    axes.set_ylim(min(0, *(value for one in series for value in one["values"])), _most(series) * 1.18)


def _pie(axes: Any, labels: list[str], series: list[dict[str, Any]]) -> None:
    """Draw a ring of the first eight parts, the rest as one; the words stand beside it."""
    one = series[0]
    parts = sorted(zip(one["values"], labels, one["texts"], strict=True), reverse=True)
    parts = [part for part in parts if part[0] > 0]
    shown, rest = parts[: len(_COLOURS) - 1], parts[len(_COLOURS) - 1 :]
    if rest:
        shown.append((sum(part[0] for part in rest), f"+{len(rest)}", f"{sum(part[0] for part in rest):g}"))
    axes.set_position((0.02, 0.08, 0.5, 0.7))
    colours = _COLOURS[: len(shown)]
    axes.pie([part[0] for part in shown] or [1], colors=colours or [_GRID], startangle=90, counterclock=False,
             wedgeprops={"width": 0.38, "edgecolor": _PAPER, "linewidth": 2})  # fmt: skip
    whole = sum(part[0] for part in shown) or 1
    for number, (value, label, text) in enumerate(shown):
        at = 0.93 - number * 0.12
        axes.text(1.1, at, "■", transform=axes.transAxes, size=15, color=colours[number], va="center")
        axes.text(1.18, at, label, transform=axes.transAxes, size=11.5, color=_INK, va="center")
        axes.text(
            1.18,
            at - 0.05,
            f"{text} · {100 * value / whole:.0f} %",
            transform=axes.transAxes,
            size=9.5,
            color=_FAINT,
            va="center",
        )


def _most(series: list[dict[str, Any]]) -> float:
    return max((value for one in series for value in one["values"]), default=0) or 1


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # a letter that no font here has is drawn as a box
    logging.disable(logging.WARNING)
    sys.stdout.buffer.write(draw(json.load(sys.stdin)))
