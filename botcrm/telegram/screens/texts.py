"""Texts without a record: welcome, help, settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botcrm.core.domain.preferences import PREFERENCES, Preferences
from botcrm.telegram.screens.base import Button, Screen, bold, esc, lines, pack, rows_of
from botcrm.words import Words


@dataclass(frozen=True, slots=True)
class Help:
    """What the menu and the help say of a verb; the texts are gettext ids.

    :ivar by: whose verb it is, where a plugin's
    """

    menu: str
    examples: tuple[str, ...]
    more: str = ""
    by: str = ""


HELP: dict[str, Help] = {
    "deal": Help(
        "Open a deal",
        ("deal Acme 12k roof repair next fri 10:00 site visit", "deal d12 15k >proposal"),
        "Amount, #tag, >stage and @owner go anywhere. What follows “next” is the next step: its time, then what.",
    ),
    "call": Help(
        "Log a call",
        ("call Anna 15m ok wants two variants next tomorrow 15:00 send offer", "call Anna no", "call Anna fri 10:00"),
    ),
    "meet": Help("Log a meeting", ("meet Acme 40m ok signed", "meet Acme thu 14:00 show samples")),
    "task": Help(
        "Plan something to do",
        (
            "task Acme mon 9:00 order scaffold",
            "task Acme every mon 9:00 call in",
            "task every first working day 9:00 report",
        ),
        "After “every” it comes again: when it is done, the next one is planned.",
    ),
    "note": Help("Keep a note", ("note Acme prefers e-mail",), "The text is kept as you type it."),
    "lead": Help("Take a lead down", ("lead Ivan Petrov roof +48 601 234 567 #site",)),
    "contact": Help("Add a person", ("contact Anna Nowak +48 601 234 567 anna@acme.example at Acme",)),
    "company": Help("Add a company", ("company Acme Ltd +48 22 555 01 01",)),
    "find": Help("Search", ("find acme", "find 601 234")),
    "filter": Help(
        "Find by conditions, keep that, and change all of it",
        ("filter amount>10k idle>5d owner:me", "filter contacts city:warsaw no:phone", "/filter"),
        "Fields: /filter ? lists them. Save it under a name; share it; send it as a file; do something with all it finds.",
    ),
    "today": Help("What is due today", ("today",)),
    "deals": Help("Your open deals, narrowed by stage, tag, pipeline or person", ("deals", "deals >proposal #roof")),
    "stage": Help("Move a deal", ("stage d12 >negotiation",)),
    "wait": Help(
        "Let a deal wait until a day",
        ("wait d12 15.12 client's budget", "wait Acme in 2 weeks"),
        "An open deal has a next step or a day to wait for. On that day it asks again.",
    ),
    "won": Help("Win a deal", ("won d12",)),
    "lost": Help("Lose a deal", ("lost d12 price",)),
    "team": Help("Your people at a glance", ("team",)),
    "board": Help(
        "The deals as a picture",
        ("board", "/board days", "/board team"),
        "Stages side by side, or what is due when. The buttons below it change what it shows.",
    ),
    "timeline": Help(
        "What is planned and what happened",
        ("timeline Acme", "timeline Acme calls", "/timeline d12 notes"),
        "A kind behind the name narrows it down: calls, meetings, tasks, notes, files, messages, changes.",
    ),
    "ask": Help(
        "Ask somebody about a deal",
        ("ask anna d12 what about the offer?", "ask d12 is it still alive?"),
        "The answer comes back to you and is kept with the deal. Without a name its owner is asked.",
    ),
    "handover": Help(
        "Hand over all of somebody's work",
        ("handover anna bob",),
        "You see how much it is before anything happens, and one tap takes it back.",
    ),
    "leave": Help(
        "When you are away",
        ("leave 1.12-7.12", "leave 24.12, 27.12-31.12"),
        "Nothing is suggested for days you are away, and no working time is counted. A manager adds @name.",
    ),
    "duplicates": Help(
        "Find records that are the same",
        ("duplicates contacts", "/duplicates companies"),
        "You decide about each group: merge it, or say that they are not the same, which holds for everybody.",
    ),
    "stages": Help("What each stage suggests, how long it may be quiet", ("stages",)),
    "rules": Help("What happens by itself", ("rules",)),
    "report": Help(
        "Figures: funnel, activities and more",
        ("report", "report funnel last month", "report activities this week"),
        "Add a period, a name or a pipeline. The buttons below it change the period and send it as a file.",
    ),
    "calendar": Help("Your calendar's address", ("calendar",)),
    "import": Help(
        "Import contacts, companies, leads or deals from a file",
        ("import",),
        "Send the file here: CSV, XLSX or vCard. You see how it was understood first, and can take it back as a whole.",
    ),
    "export": Help(
        "Get records as a file",
        ("export contacts", "export deals xlsx"),
        "Lists of deals and searches have a button for it.",
    ),
    "undo": Help("Take back the last thing", ("undo",)),
    "merge": Help(
        "Make two records of one person or company one",
        ("merge c12 c15", "merge acme"),
        "You see what would happen first. It can be taken back at any time.",
    ),
    "copy": Help(
        "Make a new record of one",
        ("copy d12", "copy d12 Second roof"),
        "Its fields, links and tags go along; a deal begins at its first stage. What happened around it stays where it was.",
    ),
    "delete": Help(
        "Delete a record",
        ("delete d12", "/delete acme"),
        "You see what hangs on it first, and undo brings it back. Many at once: filter, then [Do with all].",
    ),
    "operations": Help(
        "The journal of imports, bulk changes and merges",
        ("operations",),
        "Each of them can be stopped, and taken back as a whole; what somebody changed since stays and is listed.",
    ),
    "invite": Help("Invite somebody by link", ("invite rep Anna",)),
    "personal": Help(
        "What is kept of a person: take it out, or erase it",
        ("personal c12", "/personal Anna Nowak"),
        "Erased is who they are and what was said; deals keep their amounts and stages. It cannot be taken back.",
    ),
    "erase": Help("Erase a person for good", ("erase c12",), "You see what goes first, and type it once more."),
    "roles": Help(
        "Who may see and do what",
        ("roles", "/roles manager", "/roles anna"),
        "A role says what people may see and do: no, own, the team's, everybody's. A change holds from their next line on.",
    ),
    "departments": Help(
        "The tree of departments",
        ("departments", "/departments Sales/South"),
        "With a path behind it the department is made. Whoever may see the team's sees their department and those below it.",
    ),
    "fields": Help(
        "What your company wants to know beside the usual",
        ("fields", "/fields deals"),
        "Make a field, then set it on a card or in a line: deal Acme 12k roof budget:20k.",
    ),
    "lists": Help(
        "The words that buttons offer: sources, lost reasons and more",
        ("lists", "/lists lost reasons"),
        "Add, rename, order, merge and delete words. What stands on records goes along where you want it to.",
    ),
    "plugins": Help("Switch plugins on and off", ("plugins",)),
    "settings": Help("Settings", ("settings", "settings zone Europe/Warsaw")),
    "help": Help("How to write", ("help", "/help call")),
}
# The order of the commands menu, by role.
_REP = (
    "today",
    "deal",
    "call",
    "meet",
    "task",
    "note",
    "find",
    "filter",
    "timeline",
    "deals",
    "board",
    "contact",
    "company",
    "lead",
    "stage",
    "wait",
    "won",
    "lost",
    "report",
    "leave",
    "calendar",
    "merge",
    "copy",
    "delete",
    "operations",
    "undo",
    "settings",
    "help",
)
MENU = {
    "rep": _REP,
    "manager": (
        "today",
        "team",
        "rules",
        "stages",
        *_REP[1:-2],
        "handover",
        "duplicates",
        "fields",
        "lists",
        "personal",
        "invite",
        *_REP[-2:],
    ),
}
MENU["admin"] = (*MENU["manager"][:-2], "roles", "departments", "plugins", *MENU["manager"][-2:])


def menu_of(role: str, plugged: Iterable[str] = ()) -> list[str]:
    """Return the verbs of a role in their order; those of plugins stand before the ones about the bot itself."""
    verbs = list(MENU.get(role, MENU["rep"]))
    place = next((n for n, verb in enumerate(verbs) if verb in ("invite", "plugins", "settings", "help")), len(verbs))
    return [*verbs[:place], *plugged, *verbs[place:]]


def help_screen(words: Words, role: str, verb: str = "", plugged: Mapping[str, Help] | None = None) -> Screen:
    """Explain one verb, or all of them with an example each; `plugged` are those of plugins, by verb."""
    helps = HELP | dict(plugged or {})
    known = helps.get(verb)
    if known:
        text = lines(
            bold(f"/{verb}") + f" — {esc(words.t(known.menu))}",
            *(f"<code>{esc(example)}</code>" for example in known.examples),
            esc(words.t(known.more)) if known.more else "",
            f"<i>{esc(known.by)}</i>" if known.by else "",
        )
        return Screen(text)
    text = lines(
        bold(words.t("One line does it.")) + " " + words.t("Tap an example to copy it; the slash may be left out."),
        "",
        *(
            f"{esc(words.t(helps[name].menu))}\n   <code>{esc((helps[name].examples or (name,))[0])}</code>"
            for name in menu_of(role, plugged or ())
        ),
        "",
        words.t(
            "Reply to a card and leave the name out: the card is the subject. Edit your line to correct it. "
            "Send a photo, file, voice message or contact to keep it."
        ),
    )
    return Screen(text)


def welcome_screen(words: Words, name: str, role: str) -> Screen:
    """Greet somebody who just joined."""
    text = lines(
        words.t("Welcome, {name}.", name=bold(name)),
        {
            "admin": words.t("You are the administrator. Invite your people with <code>/invite rep Anna</code>."),
            "manager": words.t("You will hear of what is overdue in your team. /team shows everybody at a glance."),
        }.get(role, ""),
        words.t("One line is enough for a deal. Try this one:"),
        "<code>deal Acme 12k roof repair next fri 10:00 site visit</code>",
        words.t("/help shows the rest. Your time zone is {zone}; /settings changes it.", zone=esc(words.prefs.zone)),
    )
    return Screen(text)


def show_value(words: Words, value: Any) -> str:
    """Write a setting's value."""
    if isinstance(value, bool):
        return words.t("on") if value else words.t("off")
    if isinstance(value, float):
        return f"{value:g}"
    return esc(str(value)) if value not in ("", None) else words.t("none")


def settings_screen(words: Words, prefs: Preferences, *, administrator: bool) -> Screen:
    """List the settings with their meaning and present value; switches are buttons."""
    shown = []
    for key, preference in PREFERENCES.items():
        whose = "" if preference.personal else " · " + words.t("company")
        shown.append(
            f"<b>{key}</b> = {show_value(words, getattr(prefs, key))}{whose}\n   {words.t(preference.meaning)}"
        )
    text = lines(
        bold(words.t("Settings")),
        *shown,
        "",
        words.t("Change one like this: {example}", example="<code>/settings zone Europe/Warsaw</code>"),
        words.t("For the whole company: {example}", example="<code>/settings company zone Europe/Warsaw</code>")
        if administrator
        else "",
    )
    switches = [
        Button(
            words.t("Switch {setting} off", setting=key.replace("_", " "))
            if getattr(prefs, key)
            else words.t("Switch {setting} on", setting=key.replace("_", " ")),
            pack("se", key, "off" if getattr(prefs, key) else "on"),
        )
        for key in ("digest", "evening", "smart_activity", "pinned")
    ]
    return Screen(text, tuple(rows_of(switches, 2)))


def client_greeting(words: Words) -> str:
    """Return what a client is told on their first message."""
    return words.t("Thank you for your message. We will answer here soon.")
