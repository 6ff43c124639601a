"""Dictionaries on the screen: all of them, the words of one, one word."""

from collections.abc import Sequence

from botcrm.core.models import Choice
from botcrm.core.services.custom.dictionaries import SHIPPED, TEXTS
from botcrm.telegram.fields import token
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack, rows_of
from botcrm.words import Words

PAGE = 20


def title_of(words: Words, dictionary: str, titles: dict[str, str]) -> str:
    """Return what a dictionary is called: the shipped ones are translated, a field's own one is called as the field is."""
    if dictionary in SHIPPED:
        return words.t(SHIPPED[dictionary][0])
    return titles.get(dictionary, dictionary)


def dictionaries_screen(words: Words, known: dict[str, int], titles: dict[str, str], *, may_add: bool) -> Screen:
    """List the dictionaries."""
    buttons = [
        Button(f"{clip(title_of(words, one, titles), 26)} · {count}", pack("kd", token(one), 0))
        for one, count in list(known.items())[:60]
    ]
    text = lines(
        bold(words.t("Lists")),
        words.t("The words that buttons offer: sources, lost reasons, and those of custom fields."),
    )
    last = [Button("➕ " + words.t("New list"), pack("kn"))] if may_add else []
    return Screen(text, (*rows_of(buttons, 2), last))


def words_screen(
    words: Words,
    dictionary: str,
    titles: dict[str, str],
    choices: Sequence[Choice],
    page: int,
    *,
    may_add: bool,
    head: str = "",
    undo: str = "",
) -> Screen:
    """List a dictionary's words, a button for each."""
    pages = max(1, -(-len(choices) // PAGE))
    page = min(max(page, 0), pages - 1)
    mark = token(dictionary)
    opens = [Button(clip(one.name, 30), pack("kw", one.id)) for one in choices[page * PAGE : (page + 1) * PAGE]]
    turn = [Button("←", pack("kd", mark, page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("kd", mark, page + 1)))
    text = lines(
        head,
        f"🗂 {bold(clip(title_of(words, dictionary, titles), 80))}",
        words.n("{n} word", "{n} words", len(choices)) if choices else words.t("No words yet."),
    )
    last = [Button("➕ " + words.t("Add words"), pack("ka", mark))] if may_add else []
    last.append(Button("← " + words.t("All lists"), pack("kl")))
    rows = [*rows_of(opens, 2), turn, last]
    if undo:
        rows.append([Button("↩ " + words.t("Undo"), undo)])
    return Screen(text, tuple(rows))


def word_screen(
    words: Words,
    choice: Choice,
    titles: dict[str, str],
    used: int,
    *,
    may_change: bool,
    may_delete: bool,
    head: str = "",
    undo: str = "",
) -> Screen:
    """Show a word with what can be done about it."""
    text = lines(
        head,
        f"🗂 {esc(clip(title_of(words, choice.dictionary, titles), 60))} › {bold(choice.name)}",
        words.n("It stands in {n} record.", "It stands in {n} records.", used)
        if used
        else words.t("It stands nowhere yet."),
    )
    rows: list[list[Button]] = []
    if may_change:
        rows.append(
            [
                Button("✏️ " + words.t("Rename everywhere"), pack("kr", choice.id, "e")),
                Button("✏️ " + words.t("From now on"), pack("kr", choice.id, "n")),
            ]
        )
        rows.append(
            [
                Button("↑", pack("km", choice.id, "u")),
                Button("↓", pack("km", choice.id, "d")),
                Button("⤵ " + words.t("Merge into…"), pack("kM", choice.id, 0)),
            ]
        )
    last = [Button("← " + words.t("Back"), pack("kd", token(choice.dictionary), 0))]
    if may_delete:
        last.append(Button("🗑 " + words.t("Delete"), pack("kx", choice.id, choice.version)))
    rows.append(last)
    if undo:
        rows.append([Button("↩ " + words.t("Undo"), undo)])
    return Screen(text, tuple(rows))


def rename_screen(words: Words, choice: Choice, draft_id: int, *, everywhere: bool, used: int) -> Screen:
    """Ask for a word's new name."""
    if everywhere and used and choice.dictionary in TEXTS:
        what = words.n("It changes in {n} record too.", "It changes in {n} records too.", used)
    elif everywhere:
        what = words.t("It changes wherever it stands.")
    else:
        what = words.t("What has “{word}” now keeps it.", word=esc(choice.name))
    text = lines(f"🗂 {bold(choice.name)}", "✏️ " + words.t("Type the new word."), what)
    return Screen(text, ([Button(words.t("Never mind"), pack("dx", draft_id))],))


def merge_screen(words: Words, choice: Choice, others: Sequence[Choice], page: int) -> Screen:
    """Offer the words that another one can go into."""
    pages = max(1, -(-len(others) // PAGE))
    page = min(max(page, 0), pages - 1)
    picks = [
        Button(clip(one.name, 30), pack("kX", choice.id, choice.version, one.id))
        for one in others[page * PAGE : (page + 1) * PAGE]
    ]
    turn = [Button("←", pack("kM", choice.id, page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("kM", choice.id, page + 1)))
    text = words.t("“{word}” becomes which word, wherever it stands?", word=bold(choice.name))
    return Screen(text, (*rows_of(picks, 2), turn, [Button("← " + words.t("Back"), pack("kw", choice.id))]))
