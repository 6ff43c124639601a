"""The home screen: counters, deals by when their next step is due, and what a list is narrowed to."""

from collections.abc import Callable

from botcrm.core.domain.messages import channel_title
from botcrm.core.services.filters import Choice, DealFilter
from botcrm.core.services.home import COLUMNS, Column, DealRow, Home, Section
from botcrm.core.services.loose import LooseRow
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.board import MINE, board_data
from botcrm.telegram.screens.cards import Kinds
from botcrm.telegram.screens.incoming import incoming_button, waiting_item
from botcrm.telegram.screens.lists import attention_line, counters_line, deal_item, loose_item, number
from botcrm.telegram.screens.team import hand_over_button
from botcrm.words import Words

_SIGNS: dict[Section, str] = {
    "pinned": "📌",
    "attention": "⚡",
    "overdue": "🔴",
    "today": "🟢",
    "this_week": "🔵",
    "next_week": "🔵",
    "later": "⚪",
    "none": "⚫",
}
# A column as a button carries it where there is little room.
_LETTERS: dict[Column, str] = dict(zip(COLUMNS, "otwnlx", strict=True))
# In what a button carries, behind the filter: the buttons move activities rather than open deals.
MOVING = "m"
# In there too: the list of deals was asked for, not the day.
LISTED = "l"
_MOST_CHOICES = 18


def column_named(text: str) -> Column | None:
    """Return the column that a button means, by its name or its letter; None for all of them."""
    return next((name for name in COLUMNS if text in (name, _LETTERS[name])), None)


def column_name(words: Words, column: Section) -> str:
    """Return what a column, or another part of the list, is called."""
    return {
        "pinned": words.t("Pinned"),
        "attention": words.t("Needs attention"),
        "overdue": words.t("Overdue"),
        "today": words.t("Today"),
        "this_week": words.t("This week"),
        "next_week": words.t("Next week"),
        "later": words.t("Later"),
        "none": words.t("No activity"),
    }[column]


def _narrowed(words: Words, chosen: DealFilter) -> str:
    """Write what a list is narrowed to; empty where it is to nothing."""
    names = (chosen.pipeline, f">{chosen.stage}" if chosen.stage else "", f"#{chosen.tag}" if chosen.tag else "")
    return "🔎 " + dots(*(esc(clip(name, 60)) for name in names if name)) if chosen else ""


def home_screen(
    words: Words,
    kinds: Kinds,
    home: Home,
    name: str = "",
    *,
    moving: bool = False,
    listed: bool = False,
    channel: Callable[[str], str] = channel_title,
) -> Screen:
    """Show the counters, what came in, and a page of deals; `name` is whose, where it is not the reader's own.

    :param moving: the buttons move each deal's next step rather than open the deal
    :param listed: the reader asked for the deals, not for their day
    :param channel: what a channel is called
    """
    name = words.t("{name} (left)", name=home.owner) if home.gone else name or home.owner
    text = lines(
        bold(_heading(words, name, listed=listed or bool(home.narrowed))) + f" · {words.date(words.wall(words.now))}",
        counters_line(words, home.incoming, home.planned, home.overdue),
        _narrowed(words, home.narrowed),
        f"\n📥 {bold(words.t('Not dealt with'))}" if home.waiting else "",
        *(waiting_item(words, one, channel) for one in home.waiting),
        *_items(words, kinds, home),
    )
    code = home.narrowed.code + (LISTED if listed else "")
    moving = moving and any(_movable(row) for row in home.rows)
    rows = _moves(words, home, code) if moving else _opens(home)
    return Screen(
        text, (*rows, _ways(words, home), *_chips(words, home, code), *_pages(words, home, code, moving=moving))
    )


def _heading(words: Words, name: str, *, listed: bool) -> str:
    if name:
        return words.t("Deals of {name}", name=name)
    return words.t("Deals") if listed else words.t("Today")


def _items(words: Words, kinds: Kinds, home: Home) -> list[str]:
    if not sum(home.counts.values()):
        if home.narrowed or home.owner:
            return ["", words.t("Nothing here.")]
        return [
            "",
            words.t("No open deals. Type a line like this one to make the first:"),
            "<code>deal Acme 12k roof repair next fri 10:00 site visit</code>",
        ]
    shown: list[str] = []
    last: Section | None = None
    for row in home.rows:
        section = home.section(row, words.now)
        if section != last:
            shown.append(f"\n{_SIGNS[section]} <b>{column_name(words, section)}</b>{_count(home, section)}")
            last = section
        if isinstance(row, LooseRow):
            shown.append(loose_item(words, kinds, row))
            continue
        asks = attention_line(words, row) if row.id not in home.marks.muted else ""
        shown.append(lines(deal_item(words, kinds, row), f"   {asks}" if asks else ""))
    return shown or ["", words.t("Nothing here.")]


def _count(home: Home, section: Section) -> str:
    return "" if section == "pinned" or section == "attention" else f" ({number(home.counts[section])})"


def _opens(home: Home) -> list[Row]:
    return list(rows_of([_open(row) for row in home.rows], 2))


def _ways(words: Words, home: Home) -> Row:
    """Offer what came in, the board, and the team to whoever has one."""
    row = [incoming_button(words, home.owner_id or 0, home.incoming)] if home.incoming else []
    if sum(home.counts.values()):
        who = str(home.owner_id) if home.owner_id else MINE
        row.append(Button("🗂 " + words.t("Board"), board_data("days", who, 0)))
    if home.gone and home.owner_id:
        row.append(hand_over_button(words, home.owner_id))
    if home.others:
        row.append(Button("👥 " + words.t("Team"), pack("tm", 0)))
    return row


def _open(row: DealRow | LooseRow) -> Button:
    if isinstance(row, LooseRow):
        return Button(f"a{row.id} {clip(row.name, 18)}", pack("op", f"a{row.id}"))
    return Button(f"d{row.id} {clip(row.name, 18)}", pack("op", f"d{row.id}"))


def _moves(words: Words, home: Home, code: str) -> list[Row]:
    """Offer to move each deal's next step by one tap."""
    owner, here = home.owner_id or 0, _LETTERS[home.column] if home.column else "-"
    found: list[Row] = []
    for row in home.rows:
        steps = (("1", words.t("+1 day")), ("7", words.t("+7")), ("m", words.t("Mon 9:00")))
        moves = [
            Button(label, pack("hv", f"{which[0]:X}", which[1], step, f"{owner:X}", here, home.page, code))
            for step, label in steps
            if (which := _movable(row))
        ]
        found.append([_open(row), *moves])
    return found


def _movable(row: DealRow | LooseRow) -> tuple[int, int] | None:
    """Return the activity that can be moved by one tap, and its version."""
    if isinstance(row, LooseRow):
        return row.id, row.version
    return (row.next_id, row.next_version) if row.next_id else None


def _chips(words: Words, home: Home, code: str) -> list[Row]:
    owner = home.owner_id or 0
    return list(
        rows_of(
            [
                Button(f"{_SIGNS[column]} {column_name(words, column)} {number(count)}", _home(owner, column, 0, code))
                for column, count in home.counts.items()
                if count and column != home.column
            ],
            3,
        )
    )


def _home(owner: int, column: str, page: int, code: str) -> str:
    return pack("hm", owner, column, page, *([code] if code else []))


def _pages(words: Words, home: Home, code: str, *, moving: bool) -> list[Row]:
    owner, here = home.owner_id or 0, home.column or "-"
    kept = code + (MOVING if moving else "")
    turn = [Button("←", _home(owner, here, home.page - 1, kept))] if home.page else []
    if home.column:
        turn.append(Button(words.t("All"), _home(owner, "-", 0, code)))
    if home.more:
        turn.append(Button("→", _home(owner, here, home.page + 1, kept)))
    last: list[Button] = []
    if sum(home.counts.values()) or home.narrowed or home.others:
        last.append(Button("🔎 " + words.t("Filter"), pack("hf", owner, here, *([code] if code else []))))
    if home.narrowed:
        last.append(Button("✖ " + words.t("No filter"), _home(owner, here, 0, code[len(home.narrowed.code) :])))
    if any(_movable(row) for row in home.rows):
        label = words.t("Open…") if moving else words.t("Move…")
        last.append(Button(label, _home(owner, here, home.page, code if moving else code + MOVING)))
    return [turn, last]


def filter_screen(
    words: Words,
    owner_id: int,
    column: Column | None,
    chosen: DealFilter,
    offered: tuple[list[Choice], list[Choice], list[Choice]],
    people: list[tuple[int, str]],
    *,
    listed: bool = False,
) -> Screen:
    """Offer what a list can be narrowed to: pipeline, stage, tag, and whose deals, each by one tap.

    :param people: whose deals can be shown, as (id, name); id 0 is the reader
    :param listed: see `home_screen`
    """
    here, kept = column or "-", LISTED if listed else ""
    pipelines, stages, tags = offered
    now = (chosen.pipeline, chosen.stage, f"#{chosen.tag}")

    def chips(found: list[Choice]) -> list[Row]:
        return list(
            rows_of(
                [
                    Button(
                        f"• {clip(one.name, 24)}" if one.name in now else clip(one.name, 24),
                        _home(owner_id, here, 0, one.code + kept),
                    )
                    for one in found[:_MOST_CHOICES]
                ],
                3,
            )
        )

    whose = [
        Button(
            f"• 👤 {clip(name, 20)}" if user_id == owner_id else f"👤 {clip(name, 20)}",
            _home(user_id, here, 0, chosen.code + kept),
        )
        for user_id, name in people[:_MOST_CHOICES]
    ]
    text = lines(
        bold(words.t("Which deals?")),
        _narrowed(words, chosen),
        words.t("By typing: {example}", example="<code>/deals >proposal #roof @anna</code>"),
    )
    back = [Button("← " + words.t("Back"), _home(owner_id, here, 0, chosen.code + kept))]
    if chosen:
        back.append(Button("✖ " + words.t("No filter"), _home(owner_id, here, 0, kept)))
    people_rows = list(rows_of(whose, 3)) if len(people) > 1 else []
    return Screen(text, (*chips(pipelines), *chips(stages), *chips(tags), *people_rows, back))
