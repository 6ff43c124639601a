"""The tree of departments as administrators see it."""

from collections.abc import Sequence

from botcrm.core.models import User
from botcrm.core.services.staff.departments import Branch
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.words import Words

PAGE = 10
_SHOWN = 60


def tree_screen(words: Words, tree: Sequence[Branch], head: str = "") -> Screen:
    """Show the whole tree; a tap opens a department."""
    shown = tree[:_SHOWN]
    text = lines(
        head,
        "🏢 " + bold(words.t("Departments")),
        *("   " * branch.depth + _line(words, branch) for branch in shown),
        words.t("… and {n} more", n=len(tree) - len(shown)) if len(tree) > len(shown) else "",
        ""
        if tree
        else words.t("None yet. Make one like this: {example}", example="<code>/departments Sales/South</code>"),
        words.t("Whoever may see the team's sees what their department and those below it have."),
    )
    opens = [Button(clip(branch.name, 28), pack("yb", branch.id)) for branch in shown]
    last = [
        Button("➕ " + words.t("New department"), pack("yB", 0)),
        Button("← " + words.t("Roles"), pack("ya")),
    ]
    return Screen(text, (*rows_of(opens, 2), last))


def _line(words: Words, branch: Branch) -> str:
    people = words.n("{n} person", "{n} people", branch.people) if branch.people else None
    return dots(esc(clip(branch.name, 60)), people, _head(words, branch))


def _head(words: Words, branch: Branch) -> str | None:
    return words.t("head: {name}", name=esc(clip(branch.head, 40))) if branch.head else None


def department_screen(
    words: Words, branch: Branch, people: Sequence[User], below: Sequence[Branch], *, head: str = "", undo: str = ""
) -> Screen:
    """Show one department: who is at its head, who works in it, what is below it."""
    names = [esc(clip(user.name, 40)) for user in people[:20]]
    text = lines(
        head,
        f"🏢 {bold(clip(branch.path, 150))}",
        _head(words, branch) or words.t("No head"),
        words.t("People: {names}", names=", ".join(names)) if names else words.t("Nobody works here itself."),
        words.t("… and {n} more", n=len(people) - 20) if len(people) > 20 else "",
        words.t("Below: {names}", names=", ".join(esc(clip(one.name, 40)) for one in below)) if below else "",
    )
    rows: list[Row] = [
        [
            Button("👤 " + words.t("Head…"), pack("yh", branch.id, 0)),
            Button("➕ " + words.t("Person…"), pack("yk", branch.id, 0)),
        ],
        [
            Button("➕ " + words.t("Department below"), pack("yB", branch.id)),
            Button("↕ " + words.t("Move…"), pack("ym", branch.id, 0)),
        ],
        [Button("✏️ " + words.t("Rename"), pack("yw", branch.id))],
    ]
    if not (people or below):
        rows[-1] = [*rows[-1], Button("🗑 " + words.t("Delete"), pack("yx", branch.id))]
    last = [Button("↩ " + words.t("Undo"), undo)] if undo else []
    return Screen(text, (*rows, [*last, Button("← " + words.t("Departments"), pack("yt"))]))


def pick_screen(
    words: Words, question: str, choices: Sequence[tuple[str, str]], page: int, turning: tuple[object, ...], back: str
) -> Screen:
    """Offer labels with what a tap does, a page at a time.

    :param turning: the action that turns the page, and its arguments before the page's number
    """
    action, *args = turning
    page = min(max(page, 0), max(0, -(-len(choices) // PAGE) - 1))
    picks = [Button(clip(label, 30), data) for label, data in choices[page * PAGE : (page + 1) * PAGE]]
    turn = [Button("←", pack(str(action), *args, page - 1))] if page else []
    if len(choices) > (page + 1) * PAGE:
        turn.append(Button("→", pack(str(action), *args, page + 1)))
    return Screen(question, (*rows_of(picks, 2), turn, [Button("← " + words.t("Back"), back)]))
