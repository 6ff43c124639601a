"""The fields that queries ask for, by entity, and what is open where a query says nothing of it.

Kinds of fields: stage, pipeline, person, tag, status, activity (its kind), amount, moment (in UTC), day, idle, flag, name (of what it
hangs on), phone, word (few values in many records), text (a part of it), there (`has:` and `no:`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.text import fold


class UnknownField(CrmError):
    """`near` names the fields most like it."""

    message = "There is no field “{what}” in {kind}. Did you mean: {near}?"


class StrangeField(UnknownField):
    """Nothing is like it: `near` names the first of the fields there are."""

    message = "There is no field “{what}” in {kind}. There are: {near} …"


@dataclass(frozen=True, slots=True)
class QueryField:
    """A field of a query.

    :ivar column: what it asks for in the table; "" where there is no one column
    :ivar ahead: its times lie ahead: `close<30d` is within the next 30 days, while `created<30d` is within the last 30
    :ivar example: how one writes it
    """

    name: str
    kind: str
    column: str = ""
    aliases: tuple[str, ...] = ()
    ahead: bool = False
    example: str = ""


_OWNER = QueryField("owner", "person", "owner_id", ("who", "responsible"), example="owner:me")
_TAG = QueryField("tag", "tag", "", ("tags",), example="tag:roof")
_MADE = (
    QueryField("created", "moment", "created_at", ("added", "new"), example="created<30d"),
    QueryField("changed", "moment", "updated_at", ("updated",), example="changed:today"),
)
_PLACE = (
    QueryField("city", "word", "city", ("town",), example="city:warsaw"),
    QueryField("region", "text", "region", ("state",), example="region:bavaria"),
    QueryField("country", "text", "country", (), example="country:poland"),
    QueryField("postcode", "text", "postcode", ("zip",), example="postcode:00-950"),
)
_REACHED = (
    QueryField("phone", "phone", "phone", ("tel",), example="phone:+48601234567"),
    QueryField("email", "text", "email", ("mail", "e-mail"), example="email:@acme.com"),
)
_THERE = (
    QueryField("no", "there", "", ("without",), example="no:phone"),
    QueryField("has", "there", "", ("with",), example="has:email"),
)
_SOURCE = QueryField("source", "word", "source", (), example="source:web")
_AMOUNT = QueryField("amount", "amount", "amount", ("sum", "value", "price"), example="amount>10k")
_REASON = QueryField("reason", "text", "lost_reason", ("lost_reason", "lost"), example="reason:price")
_COMPANY = QueryField("company", "name", "company_id", ("client", "org"), example="company:acme")
_CONTACT = QueryField("contact", "name", "contact_id", ("person",), example="contact:anna")

FIELDS: Mapping[str, tuple[QueryField, ...]] = {
    "deal": (
        QueryField("stage", "stage", "stage_id", (), example="stage:proposal"),
        QueryField("pipeline", "pipeline", "pipeline_id", (), example="pipeline:sales"),
        QueryField("status", "status", "status", ("is", "state"), example="status:won"),
        _AMOUNT,
        _OWNER,
        _TAG,
        QueryField("idle", "idle", "last_contact_at", ("quiet", "silent"), example="idle>5d"),
        QueryField("instage", "idle", "stage_entered_at", ("in-stage", "stuck"), example="instage>10d"),
        QueryField("next", "moment", "next_deadline_at", ("activity", "due"), ahead=True, example="next:none"),
        QueryField("waiting", "flag", "waiting_until", ("waits",), example="waiting:yes"),
        QueryField("close", "day", "expected_close", ("closes", "expected"), ahead=True, example="close<30d"),
        QueryField("closed", "moment", "closed_at", (), example="closed:last-month"),
        _SOURCE,
        _REASON,
        _COMPANY,
        _CONTACT,
        *_MADE,
        *_THERE,
    ),
    "contact": (
        *_PLACE,
        *_REACHED,
        _COMPANY,
        QueryField("job", "text", "job_title", ("position", "title"), example="job:director"),
        _OWNER,
        _TAG,
        *_MADE,
        *_THERE,
    ),
    "company": (
        *_PLACE,
        *_REACHED,
        QueryField("website", "text", "website", ("site",), example="website:acme"),
        _OWNER,
        _TAG,
        *_MADE,
        *_THERE,
    ),
    "lead": (
        QueryField("status", "status", "status", ("is", "state"), example="status:new"),
        _SOURCE,
        _AMOUNT,
        *_PLACE,
        *_REACHED,
        _REASON,
        _OWNER,
        _TAG,
        *_MADE,
        *_THERE,
    ),
    "activity": (
        QueryField("kind", "activity", "kind", ("type",), example="kind:call"),
        QueryField("status", "status", "status", ("is", "state"), example="status:done"),
        QueryField("due", "moment", "deadline_at", ("when", "next"), ahead=True, example="due:overdue"),
        QueryField("done", "moment", "done_at", (), example="done:this-week"),
        QueryField("result", "text", "result", ("outcome",), example="result:ok"),
        _OWNER,
        _COMPANY,
        _CONTACT,
        *_MADE,
        *_THERE,
    ),
}

# What `has:` and `no:` ask for: the column that is there or not. Tags and own fields are asked for otherwise.
THERE: Mapping[str, Mapping[str, str]] = {
    "deal": {
        "amount": "amount",
        "company": "company_id",
        "contact": "contact_id",
        "owner": "owner_id",
        "next": "next_activity_id",
        "source": "source",
        "close": "expected_close",
        "reason": "lost_reason",
    },
    "contact": {
        "phone": "phone",
        "email": "email",
        "company": "company_id",
        "owner": "owner_id",
        "city": "city",
        "country": "country",
        "job": "job_title",
        "telegram": "telegram_id",
        "birthday": "birth_date",
    },
    "company": {
        "phone": "phone",
        "email": "email",
        "owner": "owner_id",
        "city": "city",
        "country": "country",
        "website": "website",
    },
    "lead": {
        "phone": "phone",
        "email": "email",
        "owner": "owner_id",
        "amount": "amount",
        "source": "source",
        "city": "city",
        "telegram": "telegram_id",
    },
    "activity": {
        "due": "deadline_at",
        "owner": "owner_id",
        "deal": "deal_id",
        "contact": "contact_id",
        "company": "company_id",
        "lead": "lead_id",
        "result": "result",
    },
}

# The words for a status, and which of them a query means that says nothing of it.
STATUSES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "deal": {"open": ("open",), "won": ("won",), "lost": ("lost",), "closed": ("won", "lost")},
    "lead": {
        "open": ("new", "working"),
        "new": ("new",),
        "working": ("working",),
        "converted": ("converted",),
        "lost": ("lost",),
        "closed": ("converted", "lost"),
    },
    "activity": {
        "open": ("planned",),
        "planned": ("planned",),
        "done": ("done",),
        "cancelled": ("cancelled",),
        "closed": ("done", "cancelled"),
    },
}
ANY = ("any", "all")
NONE = ("none", "no", "nobody", "-", "empty")
# Whoever asks for one of these means closed ones as well; so does a stage that closes.
_OF_CLOSED = frozenset({"status", "closed", "reason", "done", "result"})


def says_status(names: Iterable[str]) -> bool:
    """Tell whether these fields of a query say which status is meant, so that open ones are not the only ones."""
    return bool(_OF_CLOSED.intersection(names))


def find_field(entity: str, typed: str) -> QueryField | None:
    """Return the field of an entity that goes by a name; a hyphen or an underscore makes no difference."""
    wanted = _key(typed)
    return next(
        (one for one in FIELDS[entity] if wanted in (_key(one.name), *map(_key, one.aliases))),
        None,
    )


def _key(name: str) -> str:
    return fold(name).replace("-", "").replace("_", "")


def nearest(typed: str, known: Iterable[str], *, most: int = 3, least: float = 65.0) -> list[str]:
    """List the words most like a mistyped one, the best first; none that is too far off."""
    words = {fold(word): word for word in known if word}
    found = process.extract(fold(typed), list(words), scorer=fuzz.ratio, limit=most, score_cutoff=least)
    return [words[match] for match, _, _ in found]


def unknown_field(entity: str, kind: str, typed: str, own: Iterable[str]) -> UnknownField:
    """Make the error that offers the nearest fields.

    :param kind: what the records are called
    :param own: the company's own fields
    """
    names = [*(field.name for field in FIELDS[entity]), *own]
    aliases = {alias: field.name for field in FIELDS[entity] for alias in field.aliases}
    near = [aliases.get(word, word) for word in nearest(typed, [*names, *aliases])]
    error = UnknownField if near else StrangeField
    return error(what=typed[:40], kind=kind, near=", ".join(dict.fromkeys(near or [*own, *names][:10])))
