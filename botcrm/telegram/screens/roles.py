"""Roles as administrators see them: the list, one of them, how far it goes, and who has it."""

from collections.abc import Mapping, Sequence

from botcrm.contract.plugin import Permission
from botcrm.core.domain.grants import GRANTED, reaches
from botcrm.core.domain.kinds import Reach
from botcrm.core.models import User
from botcrm.core.services.staff.departments import Branch
from botcrm.core.services.staff.roles import RoleRow
from botcrm.telegram.fields import token
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.words import Words

PAGE = 10
ENTITIES = {
    "deal": "Deals",
    "lead": "Leads",
    "contact": "Contacts",
    "company": "Companies",
    "activity": "Activities",
    "rule": "Rules",
    "filter": "Saved filters",
    "field": "Custom fields",
    "choice": "Dictionaries",
    "user": "Colleagues",
}
ACTIONS = {
    "read": "see",
    "add": "add",
    "change": "change",
    "delete": "delete",
    "import": "import",
    "export": "export",
}
REACHES = {Reach.NONE: "no", Reach.OWN: "own", Reach.DEPARTMENT: "team's", Reach.ALL: "all"}
_PLUGINS = "+"


def _action(words: Words, entity: str, action: str) -> str:
    return words.t("invite") if (entity, action) == ("user", "add") else words.t(ACTIONS[action])


def _people(words: Words, count: int) -> str:
    return words.n("{n} person", "{n} people", count)


def title_of(words: Words, role: RoleRow) -> str:
    """Return what a role is called; a person's own one is named after them."""
    name = bold(clip(role.name, 60))
    return words.t("{name}'s own role", name=name) if role.user_id is not None else name


def roles_screen(words: Words, roles: Sequence[RoleRow], head: str = "") -> Screen:
    """List the roles; a tap opens one."""
    text = lines(
        head,
        "🔑 " + bold(words.t("Roles")),
        *(f"{title_of(words, role)} · {_people(words, role.people)}" for role in roles),
        words.t("A role says what people may see and do. Tap one to change it, or copy it for a new one."),
    )
    opens = [Button(clip(role.name, 28), pack("yr", role.id)) for role in roles[:60]]
    rest = [
        Button("👤 " + words.t("People"), pack("yP", 0)),
        Button("🏢 " + words.t("Departments"), pack("yt")),
    ]
    return Screen(text, (*rows_of(opens, 2), rest))


def role_screen(
    words: Words, role: RoleRow, permissions: Mapping[str, str], *, head: str = "", undo: str = ""
) -> Screen:
    """Show what a role may do, and how far.

    :param permissions: how far it has the plugins' own permissions, by their names
    """
    shown = [line for entity in GRANTED if (line := _entity_line(words, role, entity))]
    plugged = [f"{esc(name)}: {words.t(REACHES[Reach(reach)])}" for name, reach in permissions.items()]
    known = _people(words, role.people)
    if role.user_id is None:
        known = dots(known, f"<code>/invite {esc(role.key)} {words.t('Anna')}</code>")
    text = lines(
        head,
        f"🔑 {title_of(words, role)}",
        known,
        words.t("May do everything, and alone may change roles, departments and settings.") if role.is_admin else "",
        *([] if role.is_admin else shown),
        *([] if role.is_admin else plugged),
        "" if shown else words.t("May see nothing yet."),
    )
    rights: list[Button] = []
    if not role.is_admin:
        rights = [Button(words.t(ENTITIES[entity]), pack("ye", role.id, entity)) for entity in GRANTED]
        rights += [Button("🔌 " + words.t("Plugins"), pack("ye", role.id, _PLUGINS))] if permissions else []
    last: list[Button] = []
    if role.user_id is None:
        last.append(Button("📄 " + words.t("Copy"), pack("yc", role.id)))
        if not role.is_admin:
            last.append(Button("✏️ " + words.t("Rename"), pack("yn", role.id)))
        if not (role.is_shipped or role.people):
            last.append(Button("🗑 " + words.t("Delete"), pack("yd", role.id)))
    else:
        last.append(Button("👤 " + clip(role.name, 20), pack("yp", role.user_id)))
    back = [Button("↩ " + words.t("Undo"), undo)] if undo else []
    people = [Button("👤 " + words.t("People"), pack("yP", 0))] if role.user_id is None else []
    return Screen(text, (*rows_of(rights, 2), last, [*back, *people, Button("← " + words.t("All roles"), pack("ya"))]))


def _entity_line(words: Words, role: RoleRow, entity: str) -> str:
    """Say how far a role goes in one thing: “Deals: own: see, add · team's: export”; nothing where it may do nothing."""
    parts = []
    for reach in Reach:
        actions = [action for action in GRANTED[entity] if role.reach(entity, action) == reach]
        if reach != Reach.NONE and actions:
            named = ", ".join(_action(words, entity, action) for action in actions)
            parts.append(f"<i>{words.t(REACHES[reach])}</i> — {named}")
    return f"{words.t(ENTITIES[entity])}: " + " · ".join(parts) if parts else ""


def rights_screen(words: Words, role: RoleRow, entity: str, *, head: str = "", undo: str = "") -> Screen:
    """Offer how far a role may go in each thing that can be done; the present reach carries a mark."""
    text = lines(
        head,
        f"🔑 {title_of(words, role)} · {bold(words.t(ENTITIES[entity]))}",
        words.t("For each: no · own · the team's · everybody's."),
    )
    rows: list[Row] = []
    for action in GRANTED[entity]:
        present = role.reach(entity, action)
        label = _action(words, entity, action)
        row = []
        for n, reach in enumerate(reaches(entity, action)):
            mark = "✓ " if reach == present else ""
            said = words.t(REACHES[reach])
            shown = f"{mark}{label}: {said}" if n == 0 else f"{mark}{said}"
            row.append(Button(shown, pack("yg", role.id, entity, action, reach)))
        rows.append(row)
    back = [Button("↩ " + words.t("Undo"), undo)] if undo else []
    return Screen(text, (*rows, [*back, Button("← " + words.t("Back"), pack("yr", role.id))]))


def permissions_screen(
    words: Words, role: RoleRow, permissions: Sequence[tuple[Permission, str]], *, head: str = "", undo: str = ""
) -> Screen:
    """Offer how far a role has the plugins' own permissions, the present reach among them."""
    shown = permissions[:8]
    text = lines(
        head,
        f"🔑 {title_of(words, role)} · {bold(words.t('Plugins'))}",
        *(f"{n}. {bold(one.name)} — {esc(clip(words.t(one.meaning), 200))}" for n, (one, _) in enumerate(shown, 1)),
    )
    rows: list[Row] = []
    for n, (one, present) in enumerate(shown, 1):
        rows.append(
            [
                Button(
                    f"{f'{n}. ' if place == 0 else ''}{'✓ ' if reach == present else ''}{words.t(REACHES[reach])}",
                    pack("yG", role.id, token(one.name), reach),
                )
                for place, reach in enumerate(Reach)
            ]
        )
    back = [Button("↩ " + words.t("Undo"), undo)] if undo else []
    return Screen(text, (*rows, [*back, Button("← " + words.t("Back"), pack("yr", role.id))]))


# --- people --------------------------------------------------------------------------------------------------------------


def people_screen(words: Words, people: Sequence[tuple[User, str]], page: int, *, more: bool) -> Screen:
    """List the staff with their roles, a page at a time; a tap opens one."""
    text = lines(
        "👤 " + bold(words.t("People")),
        *(f"{esc(clip(user.name, 40))} · {esc(clip(role, 40))}" for user, role in people),
    )
    opens = [Button(clip(user.name, 24), pack("yp", user.id)) for user, _ in people]
    return Screen(text, (*rows_of(opens, 2), _turn("yP", (), page, more=more), [_all(words)]))


def person_screen(
    words: Words, user: User, role: RoleRow, place: Branch | None, manager: str, *, head: str = "", undo: str = ""
) -> Screen:
    """Show what role somebody has and where they work."""
    named = words.t("a role of their own") if role.user_id == user.id else role.name
    text = lines(
        head,
        f"👤 {bold(clip(user.name, 60))}",
        words.t("Role: {role}", role=esc(clip(named, 60))),
        words.t("Department: {name}", name=esc(clip(place.path, 100)) if place else words.t("none")),
        words.t("Reports to: {name}", name=esc(clip(manager, 60))) if manager else "",
    )
    if role.user_id == user.id:
        own = Button("🔑 " + words.t("Their rights"), pack("yr", role.id))
    else:
        own = Button("🔑 " + words.t("A role of their own"), pack("yO", user.id))
    rows: list[Row] = [
        [Button(words.t("Other role…"), pack("yR", user.id, 0)), *([] if role.is_admin else [own])],
        [Button("🏢 " + words.t("Department…"), pack("yq", user.id, 0))],
        [*([Button("↩ " + words.t("Undo"), undo)] if undo else []), Button("← " + words.t("People"), pack("yP", 0))],
    ]
    return Screen(text, tuple(rows))


def choose_role_screen(words: Words, user: User, present: int, roles: Sequence[RoleRow], page: int) -> Screen:
    """Offer the roles that somebody can have."""
    shown = roles[page * PAGE : (page + 1) * PAGE]
    picks = [
        Button(("✓ " if role.id == present else "") + clip(role.name, 28), pack("yS", user.id, role.id))
        for role in shown
    ]
    turn = _turn("yR", (user.id,), page, more=len(roles) > (page + 1) * PAGE)
    back = [Button("← " + words.t("Back"), pack("yp", user.id))]
    question = words.t("Which role for {name}?", name=bold(clip(user.name, 60)))
    return Screen(question, (*rows_of(picks, 2), turn, back))


def _turn(action: str, args: tuple[object, ...], page: int, *, more: bool) -> list[Button]:
    turn = [Button("←", pack(action, *args, page - 1))] if page else []
    if more:
        turn.append(Button("→", pack(action, *args, page + 1)))
    return turn


def _all(words: Words) -> Button:
    return Button("← " + words.t("All roles"), pack("ya"))
