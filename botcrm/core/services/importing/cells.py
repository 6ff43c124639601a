"""Read what stands in a cell: dates, amounts, people, stages as other systems and people write them. Pure."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from botcrm.core.domain.currencies import currency_of
from botcrm.core.domain.custom_errors import BadValue
from botcrm.core.domain.emails import normal_email
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.money import Money, read_amount
from botcrm.core.domain.phones import normal_phone, valid_abroad
from botcrm.core.domain.text import fold
from botcrm.core.services.deals import storable
from botcrm.core.services.importing.dates import born, read_day, read_moment
from botcrm.core.services.importing.own_fields import OwnTarget

# What is wrong with a cell: gettext ids, `value` is the cell.
PROBLEMS = {
    "phone": "“{value}” is no phone number.",
    "email": "“{value}” is no e-mail address.",
    "date": "“{value}” is no date.",
    "amount": "“{value}” is no amount.",
    "currency": "“{value}” is no currency.",
    "number": "“{value}” is no whole number.",
    "owner": "Nobody here is called “{value}”.",
    "owner_unclear": "Several people are called “{value}”.",
    "owner_reach": "{value} is not within your reach.",
    "pipeline": "There is no pipeline “{value}”.",
    "stage": "There is no stage “{value}” in {pipeline}.",
    "status": "“{value}” is no status: open, won or lost.",
    "nameless": "There is nothing to call it by.",
    "company": "There is no company “{value}”, and your role may not add one.",
    "contact": "There is no contact “{value}”, and your role may not add one.",
    "change": "{value} is there already, and not yours to change.",
    "asked": "{value} is there already.",
    "twice": "Row {value} has the same ID.",
    "decimal": "“{value}” is no number.",
    "time": "“{value}” is no time of day.",
    "choice": "“{value}” is not in the list.",
    "yes_no": "“{value}” is neither yes nor no.",
    "link": "“{value}” is no link.",
    "unfit": "“{value}” does not fit.",
}


class Bad(Exception):
    """A cell that is not understood; `code` is one of `PROBLEMS`."""

    def __init__(self, code: str, value: str, **facts: str) -> None:
        super().__init__(code)
        self.code = code
        self.facts = {"value": value[:80], **facts}


@dataclass(frozen=True, slots=True)
class StageFact:
    """A stage as cells name it."""

    id: int
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class PipelineFact:
    """A pipeline with its stages in order."""

    id: int
    name: str
    stages: tuple[StageFact, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """All that a file's cells are read by.

    :ivar mapping: what each column becomes, in the order of the columns
    :ivar people: what somebody is called, folded -> their id, 0 where that is several people
    :ivar owners: whom the actor may give records to; None for anybody
    :ivar own: the company's own fields that columns become
    :ivar day_first: of the columns that hold dates, whether 3/4/2026 is in April
    :ivar default_owner: whose the records are that name nobody
    :ivar today: nobody was born after it
    """

    entity: str
    header: tuple[str, ...]
    mapping: tuple[str, ...]
    source: str = ""
    region: str = ""
    currency: str = "EUR"
    zone: str = "UTC"
    people: dict[str, int] = field(default_factory=dict)
    owners: frozenset[int] | None = None
    default_owner: int | None = None
    pipelines: tuple[PipelineFact, ...] = ()
    day_first: dict[int, bool] = field(default_factory=dict)
    own: dict[str, OwnTarget] = field(default_factory=dict)
    today: date = date.max


_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# What a spreadsheet writes where a formula could not be calculated, in English, German, Polish, French, Spanish and Russian.
_UNCALCULATED = frozenset(
    """
    #N/A #REF! #VALUE! #NAME? #DIV/0! #NULL! #NUM! #SPILL! #CALC! #NV #BEZUG! #WERT! #ZAHL! #N/D! #N/D #ADR! #ARG! #NAZWA?
    #DZIEL/0! #LICZBA! #ZERO! #VALEUR! #NOM? #NOMBRE! #¡REF! #¡VALOR! #¿NOMBRE? #¡DIV/0! #Н/Д #ССЫЛКА! #ЗНАЧ! #ИМЯ? #ДЕЛ/0!
    #ЧИСЛО!
    """.split()  # noqa: SIM905
)
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def plain(cell: str) -> str:
    """Return a cell's text: without control characters, and without the apostrophe that keeps spreadsheets from running it."""
    if not cell:
        return ""
    if cell[0] == "'" and _GUARDED.match(cell):
        cell = cell[1:]
    elif cell[0] == "#" and cell.strip() in _UNCALCULATED:
        return ""
    if not cell.isprintable():
        cell = _CONTROLS.sub("", cell)
    return cell.strip()


def one_line(cell: str) -> str:
    """Return a text with single spaces."""
    return " ".join(cell.split())


# --- the others --------------------------------------------------------------------------------------------------------

_STATUS = {
    "open": "open", "new": "open", "in progress": "open", "w toku": "open", "otwarta": "open", "в работе": "open", "открыта": "open",
    "won": "won", "closed won": "won", "wygrana": "won", "успешна": "won", "выиграна": "won",
    "lost": "lost", "closed lost": "lost", "przegrana": "lost", "провалена": "lost", "проиграна": "lost",
}  # fmt: skip
# Stages that close a deal, as other systems call them, where ours are called otherwise.
_CLOSING = {
    **dict.fromkeys(("closed won", "closedwon", "won", "успешно реализовано", "сделка успешна", "wygrana", "zamkniete wygrane"), "won"),
    **dict.fromkeys(("closed lost", "closedlost", "lost", "закрыто и не реализовано", "сделка провалена", "przegrana"), "lost"),
}  # fmt: skip
_TAG_BREAKS = re.compile(r"[,;|\n]+")
_BREAKING = frozenset(",;|\n/:")
_LEAST_ABROAD = 11  # digits
_LIST_BREAKS = re.compile(r"[,;|\n]+|\s+/\s+| ::: ")


@functools.lru_cache(maxsize=4096)
def _phone(text: str, region: str) -> str | None:
    return normal_phone(text, region or None)


def read_phones(text: str, frame: Frame) -> list[str]:
    """Return the numbers in a cell: one, or several with commas between."""
    # Taken as one, what stands behind a comma would be the first one's extension.
    pieces = [] if _BREAKING.isdisjoint(text) else [one.strip() for one in _LIST_BREAKS.split(text) if one.strip()]
    if len(pieces) > 1:
        found = [number for piece in pieces if (number := _number(piece, frame.region))]
        if len(found) == len(pieces):
            return found
    one = _number(text, frame.region)
    if one is None:
        raise Bad("phone", text)
    return [one]


def _number(text: str, region: str) -> str | None:
    return _phone(text, region) or (_abroad(text) if text[:1].isdecimal() else None)


@functools.lru_cache(maxsize=4096)
def _abroad(text: str) -> str | None:
    """Return the number that lost its plus sign: a whole one with its country, not one of here with a digit too many."""
    whole = sum(map(str.isdecimal, text)) >= _LEAST_ABROAD and not any(map(str.isalpha, text))
    return valid_abroad(text) if whole else None


def read_emails(text: str, frame: Frame) -> list[str]:
    """Return the addresses in a cell."""
    one = normal_email(text)
    if one:
        return [one[:254]]
    pieces = [piece.strip() for piece in _LIST_BREAKS.split(text) if piece.strip()]
    found = [normal_email(piece) for piece in pieces] if len(pieces) > 1 else []
    if not found or None in found:
        raise Bad("email", text)
    return [address for address in found if address]


def read_money(text: str, currency: str) -> tuple[Decimal, str]:
    """Return an amount and its currency; a minus sign may stand in front."""
    negative = text.startswith(("-", "−"))
    money = read_amount(text.lstrip("-−"), currency) if text else None
    if money is None:
        raise Bad("amount", text)
    try:
        amount = storable(Money(-money.amount if negative else money.amount, money.currency))
    except InvalidValue:
        raise Bad("amount", text) from None
    assert amount is not None
    return amount, money.currency


def read_currency(text: str, default: str) -> str:
    """Return the code of a currency that is written as one, or as a sign or word."""
    found = currency_of(text.strip(" ."), default) if text else None
    if found is None:
        match = re.search(r"\b([A-Z]{3})\b", text)
        found = currency_of(match[1], default) if match else None
    if found is None:
        raise Bad("currency", text)
    return found


def read_owner(text: str, frame: Frame) -> int:
    """Return whose a record is to be: somebody by name, user name or number."""
    key = fold(text.lstrip("@"))
    # HubSpot and Odoo put the address behind the name.
    known = frame.people.get(key)
    if known is None and "(" in key:
        known = frame.people.get(key.split("(", 1)[0].strip())
    if known is None and "@" in key:
        known = frame.people.get(key.partition("@")[0].replace(".", " "))
    if known is None:
        raise Bad("owner", text)
    if known == 0:
        raise Bad("owner_unclear", text)
    if frame.owners is not None and known not in frame.owners:
        raise Bad("owner_reach", text)
    return known


def read_pipeline(text: str, frame: Frame) -> PipelineFact:
    """Return a pipeline by name."""
    wanted = fold(text)
    for pipeline in frame.pipelines:
        if fold(pipeline.name) == wanted:
            return pipeline
    raise Bad("pipeline", text)


def read_stage(text: str, pipeline: PipelineFact) -> StageFact:
    """Return a stage of a pipeline by name, or the one that closes a deal in the same way."""
    wanted = fold(text)
    starts = []
    for stage in pipeline.stages:
        name = fold(stage.name)
        if name == wanted:
            return stage
        if name.startswith(wanted):
            starts.append(stage)
    kind = _CLOSING.get(wanted)
    if kind:
        starts = [stage for stage in pipeline.stages if stage.kind == kind][:1] or starts
    if len(starts) != 1:
        raise Bad("stage", text, pipeline=pipeline.name)
    return starts[0]


def read_status(text: str) -> str:
    """Return open, won or lost."""
    found = _STATUS.get(fold(text))
    if found is None:
        raise Bad("status", text)
    return found


def read_tags(text: str) -> list[str]:
    """Return the tags in a cell."""
    found = [one_line(piece).strip("#").strip().casefold()[:64] for piece in _TAG_BREAKS.split(text)]
    return [tag for tag in dict.fromkeys(found) if tag]


def read_number(text: str) -> int:
    """Return a whole number that a column of 63 bits holds."""
    digits = text.replace(" ", "")
    if not digits.isascii() or not digits.isdecimal() or int(digits) >= 2**62:
        raise Bad("number", text)
    return int(digits)


Reader = Callable[[str, Frame, int], Any]


def _moment(text: str, frame: Frame, column: int) -> datetime:
    found = read_moment(text, frame.day_first.get(column, True), frame.zone)
    if found is None or found.year < 1900:
        raise Bad("date", text)
    return found


def _day(text: str, frame: Frame, column: int) -> date:
    found = read_day(text, frame.day_first.get(column, True))
    if found is not None and frame.mapping[column] == "birth_date":
        found = born(found, text, frame.today)
    if found is None:
        raise Bad("date", text)
    return found


def _own(text: str, frame: Frame, column: int) -> Any:
    known = frame.own[frame.mapping[column]]
    day = read_day(text, frame.day_first.get(column, True)) if known.type == "date" else None
    if day is not None:
        return day.isoformat()
    try:
        return known.read(text)
    except BadValue as error:
        raise Bad(error.cell, text) from None


READERS: dict[str, Reader] = {
    "text": lambda text, frame, column: one_line(text),
    "note": lambda text, frame, column: text,
    "phone": lambda text, frame, column: read_phones(text, frame),
    "email": lambda text, frame, column: read_emails(text, frame),
    "tags": lambda text, frame, column: read_tags(text),
    "owner": lambda text, frame, column: read_owner(text, frame),
    "number": lambda text, frame, column: read_number(text),
    "date": _day,
    "moment": _moment,
    # Read with the others of their row: an amount by its currency, a stage by its pipeline.
    "amount": lambda text, frame, column: text,
    "currency": lambda text, frame, column: text,
    "pipeline": lambda text, frame, column: read_pipeline(text, frame),
    "stage": lambda text, frame, column: text,
    "status": lambda text, frame, column: read_status(text),
    "own": _own,
}
