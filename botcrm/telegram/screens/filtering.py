"""Filters: what a query finds, the saved ones, and how queries are written."""

from collections.abc import Sequence

from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.domain.query import KIND_OF, Query
from botcrm.core.domain.query_fields import FIELDS
from botcrm.core.models import CustomField, SavedFilter
from botcrm.core.services.home import DealRow
from botcrm.core.services.queries.queries import Counted, Item
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import SIGNS, Kinds, kind_of
from botcrm.telegram.screens.lists import deal_item
from botcrm.words import Words

PAGE = 8
_MOST_SUMS = 4


def number_text(counted: Counted) -> str:
    """Write how many records a query finds."""
    return f"{counted.count:,}+" if counted.more else f"{counted.count:,}"


def count_text(words: Words, counted: Counted) -> str:
    """Write how many records a query finds, and their amounts by currency."""
    sums = [words.money(amount, currency) for currency, amount in counted.sums[:_MOST_SUMS]]
    return dots(bold(number_text(counted)), *(esc(one) for one in sums))


def query_text(query: Query, saved: SavedFilter | None = None) -> str:
    """Write a query as one would type it, with its name where it has one."""
    written = f"<code>{esc(str(query) or KIND_OF[query.entity])}</code>"
    return f"{bold(clip(saved.name, 60))}: {written}" if saved else written


def item_text(words: Words, kinds: Kinds, item: Item) -> str:
    """Write a contact, company, lead or activity as an item of a list."""
    ref = f"{LETTERS[Entity(item.entity)]}{item.record_id}"
    one, two, three = (esc(clip(text, 40)) for text in item.detail)
    if item.entity == "activity":
        kind = kind_of(kinds, item.detail[0])
        name = clip(item.name, 60) or words.t(kind.label)
        when = words.t("no time yet") if not item.detail[1] else two.replace("T", " ")[:16]
        status = "" if item.detail[2] == "planned" else words.t(item.detail[2])
        return dots(f"{kind.sign} {bold(name)}", when, status, esc(clip(item.owner, 30)), ref)
    return dots(f"{SIGNS[item.entity]} {bold(clip(item.name, 60))}", one, two, three, ref)


def found_screen(
    words: Words,
    kinds: Kinds,
    query: Query,
    counted: Counted,
    rows: Sequence[DealRow] | Sequence[Item],
    ref: str,
    page: int,
    *,
    saved: SavedFilter | None = None,
    notes: Sequence[str] = (),
    may: frozenset[str] = frozenset(),
) -> Screen:
    """Show a page of what a query finds.

    :param ref: how buttons name the query
    :param notes: what is said beside it, as HTML
    :param may: what the reader may do: save, change, delete, export, bulk
    """
    items = [deal_item(words, kinds, row) if isinstance(row, DealRow) else item_text(words, kinds, row) for row in rows]
    text = lines(
        f"🔎 {query_text(query, saved)}",
        f"{words.t(KIND_OF[query.entity]).capitalize()}: {count_text(words, counted)}",
        *notes,
        *items,
        "" if counted.count else words.t("Nothing here."),
    )
    opens = [_open(row) for row in rows]
    turn = [Button("←", pack("Qp", ref, page - 1))] if page else []
    if counted.more or (page + 1) * PAGE < counted.count:
        turn.append(Button("→", pack("Qp", ref, page + 1)))
    return Screen(text, (*rows_of(opens, 2), turn, *_ways(words, counted, ref, saved, may)))


def _open(row: DealRow | Item) -> Button:
    letter = "d" if isinstance(row, DealRow) else LETTERS[Entity(row.entity)]
    number = row.id if isinstance(row, DealRow) else row.record_id
    return Button(f"{letter}{number} {clip(row.name, 18)}", pack("op", f"{letter}{number}"))


def _ways(words: Words, counted: Counted, ref: str, saved: SavedFilter | None, may: frozenset[str]) -> list[Row]:
    first: list[Button] = []
    if counted.count and "bulk" in may:
        first.append(Button("⚙ " + words.t("Do with all…"), pack("Bm", ref)))
    if counted.count and "export" in may:
        first.append(Button("⬇ " + words.t("Export"), pack("Qe", ref, "-")))
    second: list[Button] = []
    if saved is None and "save" in may:
        second.append(Button("💾 " + words.t("Save"), pack("Qs", ref)))
    if saved is not None and "change" in may:
        label = "🔒 " + words.t("Only for me") if saved.shared else "👥 " + words.t("Share")
        second.append(Button(label, pack("Qh", saved.id, 0 if saved.shared else 1)))
    if saved is None or "change" in may:
        second.append(Button("✏ " + words.t("Change"), pack("Qc", ref)))
    if saved is not None and "delete" in may:
        second.append(Button("🗑 " + words.t("Delete"), pack("Qd", saved.id)))
    return [first, second, [Button("🔎 " + words.t("Filters"), pack("Ql", 0))]]


def filters_screen(
    words: Words, rows: Sequence[tuple[SavedFilter, str]], page: int, total: int, user_id: int, shown: int
) -> Screen:
    """List the saved filters with how many records each finds.

    :param rows: the filters of the page, each with its count as text
    :param shown: how many stand on a page
    """
    listed = [
        lines(
            dots(
                ("👥 " if one.shared else "🔎 ") + bold(clip(one.name, 60)),
                words.t(KIND_OF[one.entity]) if one.entity != "deal" else "",
                count,
            ),
            f"   <code>{esc(clip(one.query, 120))}</code>" if one.query else "",
        )
        for one, count in rows
    ]
    opens = [Button(clip(one.name, 24), pack("Qp", f"s{one.id}", 0)) for one, _ in rows]
    turn = [Button("←", pack("Ql", page - 1))] if page else []
    if (page + 1) * shown < total:
        turn.append(Button("→", pack("Ql", page + 1)))
    example = "<code>filter amount&gt;10k idle&gt;5d owner:me</code>"
    text = lines(
        "🔎 " + bold(words.t("Filters")),
        *listed,
        words.t("None yet. Type what you look for, then save it:") if not rows else words.t("A new one, by typing:"),
        example,
    )
    return Screen(text, (*rows_of(opens, 2), turn, [Button("❔ " + words.t("How to write"), pack("Q?", "deal"))]))


def grammar_screen(words: Words, entity: str, own: Sequence[CustomField]) -> Screen:
    """Show the fields of an entity that queries can ask for, with an example each."""
    examples = [field.example for field in FIELDS[entity]]
    mine = [f"{one.key}:…" for one in own[:20]]
    text = lines(
        bold(words.t("What {kind} can be found by", kind=words.t(KIND_OF[entity]))),
        " ".join(f"<code>{esc(one)}</code>" for one in examples),
        words.t("Custom fields: {fields}", fields=" ".join(f"<code>{esc(one)}</code>" for one in mine)) if mine else "",
        "",
        words.t("Several conditions all hold. A comma is “or”: {example}", example="<code>stage:new,proposal</code>"),
        words.t("A minus is “not”: {example}", example="<code>-tag:lost</code>"),
        words.t("Words are looked for in names: {example}", example='<code>roof "big house"</code>'),
        words.t("Only open ones are shown, unless you add {example}", example="<code>status:any</code>")
        if entity in ("deal", "lead", "activity")
        else "",
    )
    others = [Button(words.t(kind), pack("Q?", one)) for one, kind in KIND_OF.items() if one != entity]
    return Screen(text, (*rows_of(others, 2), [Button("🔎 " + words.t("Filters"), pack("Ql", 0))]))
