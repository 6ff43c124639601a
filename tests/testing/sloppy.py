"""A plugin that does everything a little wrong; the contracts have to find it."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any, ClassVar

from pydantic import Field

from botcrm import (
    Channel,
    Chat,
    Column,
    Command,
    Condition,
    Event,
    Incoming,
    Line,
    Manifest,
    Occasion,
    Plugin,
    Report,
    ReportFilters,
    ReportTable,
    RuleAction,
    Trigger,
    Verb,
    Work,
    events,
    hookimpl,
    models,
    services,
)

manifest = Manifest(title="Sloppy")


class Sloppy(Channel):
    """Forgets the provider's ids, and never stops what it began."""

    name = "sloppy"
    title = "Sloppy"

    async def start(self) -> None:
        """Begin something."""
        self.looking = asyncio.create_task(asyncio.Event().wait())

    async def take_in(self, incoming: Incoming) -> None:
        """Keep a message without its id, and without its spaces."""
        await self.receive(Incoming(incoming.address, incoming.text.replace(" ", ""), name=incoming.name))


async def shout(chat: Chat, line: Line) -> str | None:
    """Fail on any markup, and on emoji."""
    text = line.text_after()
    if "<" in text:
        raise KeyError(text)
    return f"<b>{text.encode('ascii').decode()}</b>"


class Raised(Trigger):
    """Says neither when nor what."""

    name = "Raised!"
    title = "raised"
    entity = "deal"
    events = (events.DealWon,)

    by: int = 10

    async def matches(self, work: Work, event: Event) -> bool:
        """Return something that is no answer."""
        return event.after.get("amount")  # type: ignore[return-value]


class Finds(Trigger):
    """Finds everything on every page."""

    name = "sloppy_finds"
    title = "found"
    entity = "deal"
    every = timedelta(hours=1)

    async def find(self, work: Work, after_id: int, limit: int) -> list[Occasion]:
        """Ignore the page."""
        return [Occasion(deal.id, "x") for deal in await models.Deal.all()]


class Looks(Condition):
    """Changes what it looks at."""

    name = "sloppy_looks"
    title = "looks"
    entities = ("deal",)

    async def holds(self, work: Work, record: models.Record) -> bool:
        """Leave a note."""
        await services.add_note(work, "looked", deal_id=record.id)
        return True


class Counts(RuleAction):
    """Keeps what it did where nothing takes it back, and says nothing."""

    name = "sloppy_counts"
    title = "count"
    entities = ("deal",)
    done: ClassVar[Any] = count()

    text: str = Field("", description="Two\nlines")

    async def run(self, work: Work, record: models.Record) -> str:
        """Write past the services."""
        await models.Note.create(
            text="past", deal_id=record.id, created_at=work.now, updated_at=work.now, version=1, owner_id=None
        )
        return ""

    async def say(self, work: Work) -> str:
        """Say it in two lines."""
        return "one\ntwo"


async def everything(work: Work, filters: ReportFilters) -> ReportTable:
    """Count everybody's deals, as texts."""
    number = await models.Deal.all().count()
    columns = [Column("deals", "Deals", "number")] + ([Column("more", "More")] if number else [])
    return ReportTable(tuple(columns), [[Decimal(number), "x"][: len(columns)] if number < 10 else ["three", "x"]])


@hookimpl
def register_channels(plugin: Plugin) -> list[Channel]:
    """Name the channel."""
    return [Sloppy(plugin)]


@hookimpl
def register_commands() -> list[Command]:
    """Name the command, with an example that is none."""
    return [Command(Verb("shout"), shout, menu="shout", examples=("whisper hello",))]


@hookimpl
def register_reports() -> list[Report]:
    """Name the report."""
    return [Report("sloppy", "Sloppy", "", everything)]
