"""Without a slash `roles` is a command and `roles swapped today` a note: what behind a command's name makes it the command."""

import re
from collections.abc import Awaitable, Callable, Mapping

from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.grammar import Line, parse_lines
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.query import KINDS
from botcrm.core.domain.shapes import VERB
from botcrm.core.domain.text import fold
from botcrm.core.models import User
from botcrm.core.services.access import may
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.filters import NoSuchFilter, filter_named
from botcrm.core.services.queries.saved import find_saved
from botcrm.core.services.search.subjects import by_name
from botcrm.core.services.staff import departments as tree
from botcrm.core.services.staff import roles as core
from botcrm.core.services.staff.people import find_person
from botcrm.telegram.commands.custom_fields import entity_called, field_called, list_called
from botcrm.telegram.commands.duplicates import ENTITIES
from botcrm.telegram.context import Context

# What one says of a deal behind its reference.
_OF_DEAL = frozenset({"won", "lost", "wait", "stage", "call", "meet", "task", "note", "timeline", "copy", "delete"})
_REFERENCE = re.compile(r"(d[1-9]\d{0,8})[:,]?\s+(?=\S)", re.IGNORECASE)
_CONDITION = re.compile(r"-?[^\W\d]\w*(?::|[<>]=?)\S|[#@]\w")
_PATH = re.compile(r"[^\s/>›]+(?:\s?[/>›]\s?[^\s/>›]+)+")


async def _kind(ctx: Context, text: str) -> bool:
    return bool(entity_called(ctx, text) or await field_called(text))


async def _list(ctx: Context, text: str) -> bool:
    return bool(await list_called(ctx, text))


async def _twice(ctx: Context, text: str) -> bool:
    return fold(text) in ENTITIES


async def _client(ctx: Context, text: str) -> bool:
    return len(await by_name(ctx.work, [text], ["contact", "lead"])) == 1


async def _record(ctx: Context, text: str) -> bool:
    return len(await by_name(ctx.work, [text], ["deal", "contact", "company", "lead"])) == 1


async def _colleague(ctx: Context, text: str) -> bool:
    """Tell whether a text is somebody's whole name, or a whole word of it: `team anna`, not `team an`."""
    try:
        found: User = await find_person(ctx.work, text)
    except CrmError:
        return False
    return fold(text.lstrip("@")) in (fold(found.name), fold(found.username or "-"), *fold(found.name).split())


async def _role(ctx: Context, text: str) -> bool:
    if not may(ctx.work.actor, "role", Action.READ):
        return False
    named = {fold(name) for role in await core.roles(ctx.work) for name in (role.name, role.key)}
    return fold(text) in named or await _colleague(ctx, text)


async def _department(ctx: Context, text: str) -> bool:
    if not may(ctx.work.actor, "department", Action.ADD):
        return False
    return bool(_PATH.fullmatch(text)) or fold(text) in {fold(one.path) for one in await tree.departments(ctx.work)}


async def _deals(ctx: Context, text: str) -> bool:
    if await find_saved(ctx.work, text, "deal") or await by_name(ctx.work, [text], ["company", "contact"]):
        return True
    words = " ".join(word for word in text.split() if word[0] not in "#@>")
    try:
        await filter_named(words, [], ctx.user_id)
    except NoSuchFilter:
        return False
    return True


async def _verb(ctx: Context, text: str) -> bool:
    words = text.replace("/", " ").split()
    return len(words) <= 2 and ctx.plugged.verbs().find(*words) is not None


_FITS: Mapping[str, Callable[[Context, str], Awaitable[bool]]] = {
    "fields": _kind,
    "lists": _list,
    "duplicates": _twice,
    "personal": _client,
    "erase": _client,
    "delete": _record,
    "today": _colleague,
    "team": _colleague,
    "roles": _role,
    "departments": _department,
    "deals": _deals,
    "help": _verb,
}


async def meant(ctx: Context, line: Line) -> str:
    """Return the command, with its slash, that a line is which was read as a note; "" where it is one.

    It is a command's name and nothing but what that can be about, a kind of records with conditions, or a deal with what
    becomes of it: `roles anna`, `contacts no:phone`, `d1 15k`, `d1 won`.
    """
    raw = line.raw.strip()
    reference = _REFERENCE.match(raw)
    if reference:
        return await _of_deal(ctx, reference[1], raw[reference.end() :])
    match = VERB.match(raw)
    if match is None:
        return ""
    rest = raw[match.end() :].strip()
    if fold(match[2]) in KINDS and all(map(_CONDITION.match, rest.split())):
        return f"/filter {match[2]} {rest}"
    verb = ctx.plugged.verbs().find(match[2])
    fits = _FITS.get(verb.name) if verb and not match[1] else None
    return f"/{raw}" if fits and await fits(ctx, rest) else ""


async def _of_deal(ctx: Context, reference: str, rest: str) -> str:
    """Return what is done with a deal; words are what a note or a task is of, and a known reason why it is lost."""
    first, _, after = rest.partition(" ")
    verb = ctx.plugged.verbs().find(first.strip(",:"))
    of_deal = verb is not None and verb.name in _OF_DEAL
    command = f"/{verb.name} {reference} {after}" if verb and of_deal else f"/deal {reference} {rest}"
    (line,) = parse_lines(
        command,
        verbs=ctx.plugged.verbs(),
        now_wall=ctx.said_wall,
        language=ctx.work.prefs.language,
        currency=ctx.work.prefs.currency,
    )
    said = fold(" ".join(token.text for token in line.args.head if token.shape == "word"))
    if not said or line.verb in ("note", "task"):
        return command
    reasons = await dictionaries.choices("lost_reason") if line.verb == "lost" else ()
    return command if said in {fold(reason.name) for reason in reasons} else ""
