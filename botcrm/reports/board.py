"""A board as its reader sees it: what the picture shows, and the same in words."""

from datetime import datetime
from typing import Any

from botcrm.core.domain.due import Column, day_bounds, week_start_of
from botcrm.core.domain.kinds import ActivityKind
from botcrm.core.services.board import MOST, SHOWN, Board, BoardColumn
from botcrm.core.services.home import DealRow
from botcrm.core.services.loose import LooseRow
from botcrm.reports.files import Files
from botcrm.words import Words

Kinds = dict[str, ActivityKind]

_DAY_COLOURS: dict[str, str] = {
    "overdue": "#d64545",
    "today": "#2f9e5f",
    "this_week": "#2f6fde",
    "next_week": "#6d8fd6",
    "later": "#7b8794",
    "none": "#52606d",
}
_STAGE_COLOURS = ("#56a0e8", "#2f6fde", "#5a4fcf", "#9b51e0", "#f2994a", "#b78900", "#27ae60", "#16828a")
# Cards of a column by how many columns have any: the whole picture is to fit on a phone.
_FEW, _MANY = 4, 6


def column_names(words: Words) -> dict[Column, str]:
    """Return what the columns of the activity view are called."""
    return {
        "overdue": words.t("Overdue"),
        "today": words.t("Today"),
        "this_week": words.t("This week"),
        "next_week": words.t("Next week"),
        "later": words.t("Later"),
        "none": words.t("No activity"),
    }


def name_of(words: Words, column: BoardColumn) -> str:
    """Return what a column is called."""
    return column.name or next((name for key, name in column_names(words).items() if key == column.key), column.key)


def count_of(column: BoardColumn) -> str:
    """Write how many deals a column has."""
    return f"{MOST - 1}+" if column.count >= MOST else str(column.count)


def title_of(words: Words, board: Board) -> str:
    """Say what a board shows: the pipeline or the days."""
    if board.view == "days":
        return words.t("Deals by next step")
    name = next((name for pipeline, name in board.pipelines if pipeline == board.pipeline_id), "")
    return name if len(board.pipelines) > 1 and name else words.t("Deals by stage")


def whose(words: Words, board: Board) -> str:
    """Say whose deals a board shows."""
    return board.owner or words.t("Team")


def drawing(words: Words, kinds: Kinds, board: Board) -> dict[str, Any]:
    """Describe the picture of a board, every text as its reader writes it."""
    filled = sum(1 for column in board.columns if column.count)
    most = SHOWN if filled <= _FEW else SHOWN - 1 if filled <= _MANY else SHOWN - 2
    wall = words.wall(words.now)
    return {
        "title": title_of(words, board),
        "subtitle": f"{whose(words, board)} · {words.date(wall)} {words.clock(wall)}",
        "nothing": words.t("No deals"),
        "columns": [
            {
                "name": name_of(words, column),
                "count": count_of(column),
                "amount": _sum(words, column),
                "colour": _DAY_COLOURS.get(column.key, _STAGE_COLOURS[place % len(_STAGE_COLOURS)]),
                "cards": [_card(words, kinds, board, row) for row in column.rows[:most]],
                "more": _more(words, column, most),
            }
            for place, column in enumerate(board.columns)
        ],
    }


def _sum(words: Words, column: BoardColumn) -> str:
    return words.money(column.amount.quantize(1), column.currency) if column.amount else ""


def _more(words: Words, column: BoardColumn, most: int) -> str:
    if column.count >= MOST:
        return words.t("and many more")
    rest = column.count - len(column.rows[:most])
    return words.n("and {n} more", "and {n} more", rest) if rest > 0 else ""


def _card(words: Words, kinds: Kinds, board: Board, row: DealRow | LooseRow) -> dict[str, str]:
    if isinstance(row, LooseRow):
        return _loose_card(words, kinds, row)
    late = row.deadline_at is not None and row.deadline_at < words.now
    kind = kinds.get(row.next_kind)
    step = row.next_title or (words.t(kind.label) if kind else row.next_kind)
    if row.next_id:
        when = f"{_short(words, row.next_at, has_time=row.next_has_time)} {step}"
    elif row.waiting_until and row.waiting_until > words.now:
        when = words.t("waits until {when}", when=words.day(words.wall(row.waiting_until)))
    else:
        when = words.t("no next step")
    return {
        "name": row.name,
        "amount": words.money(row.amount, row.currency),
        "owner": "" if board.owner_id else row.owner.split(" ")[0],
        "when": when,
        "tone": "late" if late else "ahead" if row.next_id else "none",
    }


def _loose_card(words: Words, kinds: Kinds, row: LooseRow) -> dict[str, str]:
    """Describe something to do that hangs on no deal, or on a colleague's."""
    late = row.deadline_at is not None and row.deadline_at < words.now
    kind = kinds.get(row.kind)
    label = words.t(kind.label) if kind else row.kind
    when = _short(words, row.due_at, has_time=row.has_time) or words.t("no time yet")
    return {
        "name": row.title or label,
        "amount": "",
        "owner": "",
        "when": f"{when} {row.about}".strip(),
        "tone": "late" if late else "ahead",
    }


def _short(words: Words, moment: datetime | None, *, has_time: bool) -> str:
    """Write when something is, as short as it goes: today without its name, any other day without its time."""
    if moment is None:
        return ""
    wall = words.wall(moment)
    bounds = day_bounds(words.now, words.prefs.zone, week_start_of(words.prefs.week_start))
    today = bounds.today_start <= moment < bounds.today_end
    return words.clock(wall) if today and has_time else words.day(wall)


async def board_picture(files: Files, words: Words, kinds: Kinds, board: Board) -> bytes:
    """Return a board as a PNG, 1,080 pixels wide.

    :raises NotDrawn: it took longer than the deadline, or failed
    """
    return await files.drawn("botcrm.reports.board_picture", drawing(words, kinds, board))
