"""Texts without a record: welcome, help, settings."""

from dataclasses import dataclass
from typing import Any

from botcrm.core.domain.preferences import PREFERENCES, Preferences
from botcrm.telegram.screens.base import Button, Screen, bold, esc, lines, pack, rows_of
from botcrm.words import Words


@dataclass(frozen=True, slots=True)
class Help:
    """What the menu and the help say of a verb; the texts are gettext ids."""

    menu: str
    examples: tuple[str, ...]
    more: str = ""


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
    "task": Help("Plan something to do", ("task Acme mon 9:00 order scaffold",)),
    "note": Help("Keep a note", ("note Acme prefers e-mail",), "The text is kept as you type it."),
    "lead": Help("Take a lead down", ("lead Ivan Petrov roof +48 601 234 567 #site",)),
    "contact": Help("Add a person", ("contact Anna Nowak +48 601 234 567 anna@acme.example at Acme",)),
    "company": Help("Add a company", ("company Acme Ltd +48 22 555 01 01",)),
    "find": Help("Search", ("find acme", "find 601 234")),
    "today": Help("What is due today", ("today",)),
    "deals": Help("All your open deals", ("deals",)),
    "stage": Help("Move a deal", ("stage d12 >negotiation",)),
    "won": Help("Win a deal", ("won d12",)),
    "lost": Help("Lose a deal", ("lost d12 price",)),
    "team": Help("Your people at a glance", ("team",)),
    "undo": Help("Take back the last thing", ("undo",)),
    "invite": Help("Invite somebody by link", ("invite rep Anna",)),
    "settings": Help("Settings", ("settings", "settings zone Europe/Warsaw")),
    "help": Help("How to write", ("help", "/help call")),
}
# The order of the commands menu, by role.
MENU = {
    "rep": (
        "today",
        "deal",
        "call",
        "meet",
        "task",
        "note",
        "find",
        "deals",
        "contact",
        "company",
        "lead",
        "stage",
        "won",
        "lost",
        "undo",
        "settings",
        "help",
    ),
    "manager": (
        "today",
        "team",
        "deal",
        "call",
        "meet",
        "task",
        "note",
        "find",
        "deals",
        "contact",
        "company",
        "lead",
        "stage",
        "won",
        "lost",
        "undo",
        "invite",
        "settings",
        "help",
    ),
}
MENU["admin"] = MENU["manager"]


def help_screen(words: Words, role: str, verb: str = "") -> Screen:
    """Explain one verb, or all of them with an example each."""
    known = HELP.get(verb)
    if known:
        text = lines(
            bold(f"/{verb}") + f" — {words.t(known.menu)}",
            *(f"<code>{esc(example)}</code>" for example in known.examples),
            words.t(known.more) if known.more else "",
        )
        return Screen(text)
    text = lines(
        bold(words.t("One line does it.")) + " " + words.t("Tap an example to copy it; the slash may be left out."),
        "",
        *(
            f"{words.t(HELP[name].menu)}\n   <code>{esc(HELP[name].examples[0])}</code>"
            for name in MENU.get(role, MENU["rep"])
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
        for key in ("digest", "smart_activity")
    ]
    return Screen(text, tuple(rows_of(switches, 2)))


def client_greeting(words: Words) -> str:
    """Return what a client is told on their first message."""
    return words.t("Thank you for your message. We will answer here soon.")
