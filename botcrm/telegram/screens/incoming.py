"""What came in and waits for somebody: clients' messages, forms, missed calls."""

from collections.abc import Callable, Sequence

from botcrm.core.services.clients.incoming import Waiting
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack
from botcrm.words import Words

# So many stand on a page of the list.
ON_PAGE = 6


def waiting_item(words: Words, one: Waiting, title_of: Callable[[str], str]) -> str:
    """Write one item: who, over what, when, and what they wrote.

    :param title_of: what a channel is called
    """
    if one.kind == "call":
        head = dots("📵 " + bold(clip(one.name or words.t("A client"), 60)), words.t("missed call"))
    else:
        more = words.n("{n} message", "{n} messages", one.count) if one.count > 1 else ""
        head = dots("✉️ " + bold(clip(one.name or words.t("A client"), 60)), esc(title_of(one.channel)), more)
    said = " ".join(one.text.split())
    return lines(dots(head, words.soon(one.at)), f"   {esc(clip(said, 120))}" if said else "")


def incoming_button(words: Words, owner_id: int, count: int) -> Button:
    """Return the button that opens the list."""
    return Button("📥 " + words.t("Incoming {n}", n=count), pack("in", owner_id, 0))


def incoming_screen(
    words: Words, rows: Sequence[Waiting], owner_id: int, name: str, page: int, title_of: Callable[[str], str]
) -> Screen:
    """List what waits for a person, a page at a time; a tap opens it or says that it is dealt with.

    :param owner_id: 0 for the reader's own
    :param rows: one more than a page where there is more
    """
    shown = rows[:ON_PAGE]
    head = words.t("Incoming of {name}", name=clip(name, 60)) if name else words.t("Incoming")
    text = lines(
        "📥 " + bold(head),
        *(f"{number}. {waiting_item(words, one, title_of)}" for number, one in enumerate(shown, 1)),
        "" if shown else words.t("Nothing waits: everything is answered or dealt with."),
        words.t("It counts until you answer, call back, or tap ✅.") if shown else "",
    )
    items = [
        [
            Button(
                f"{number} {'📵' if one.kind == 'call' else '✉️'} {clip(one.name or words.t('A client'), 24)}",
                pack("io", one.kind[0], one.id),
            ),
            Button(f"{number} ✅", pack("id", one.kind[0], one.id, owner_id, page)),
        ]
        for number, one in enumerate(shown, 1)
    ]
    turn = [Button("←", pack("in", owner_id, page - 1))] if page else []
    if len(rows) > ON_PAGE:
        turn.append(Button("→", pack("in", owner_id, page + 1)))
    back = [Button("📋 " + words.t("Today"), pack("hm", owner_id, "-", 0))]
    return Screen(text, (*items, turn, back))
