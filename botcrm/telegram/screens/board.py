"""What stands below a board's picture: its counts in words, and the buttons that change what it shows."""

from botcrm.core.services.board import Board
from botcrm.reports.board import count_of, name_of, title_of, whose
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.words import Words

MINE, TEAM = "m", "t"
_MOST_CAPTION = 1000
_MOST_PIPELINES = 8


def board_data(view: str, who: str, pipeline_id: int) -> str:
    """Return the callback data that shows a board."""
    return pack("bd", view[0], who, pipeline_id)


def board_screen(words: Words, board: Board, user_id: int) -> Screen:
    """Word a board's caption and its buttons."""
    who = TEAM if board.owner_id is None else MINE if board.owner_id == user_id else str(board.owner_id)
    counts = [f"{esc(clip(name_of(words, column), 30))} {count_of(column)}" for column in board.columns if column.count]
    text = lines(
        dots(bold(clip(title_of(words, board), 80)), esc(clip(whose(words, board), 80))),
        _fitting(counts) or words.t("No open deals."),
    )
    return Screen(text, tuple(_rows(words, board, who)))


def _fitting(counts: list[str]) -> str:
    """Join as many counts as a caption holds."""
    while counts and len(" · ".join(counts)) > _MOST_CAPTION - 300:
        counts = [*counts[:-2], "…"]
    return " · ".join(counts)


def _rows(words: Words, board: Board, who: str) -> list[Row]:
    def chip(label: str, chosen: bool, view: str, whom: str, pipeline_id: int) -> Button:
        return Button(f"• {label}" if chosen else label, board_data(view, whom, pipeline_id))

    pipeline = board.pipeline_id
    views = [
        chip(words.t("Stages"), board.view == "stages", "stages", who, pipeline),
        chip(words.t("Days"), board.view == "days", "days", who, pipeline),
    ]
    people = [
        chip(words.t("Mine"), who == MINE, board.view, MINE, pipeline),
        chip(words.t("Team"), who == TEAM, board.view, TEAM, pipeline),
    ]
    several = [
        chip(clip(name, 24), number == pipeline, board.view, who, number)
        for number, name in board.pipelines[:_MOST_PIPELINES]
    ]
    rows: list[Row] = [[*views, *(people if board.others else [])]]
    return rows + (list(rows_of(several, 2)) if len(several) > 1 and board.view == "stages" else [])
