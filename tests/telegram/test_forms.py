"""Forms made of pydantic models: every kind of field, shown, tapped, typed, refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from botcrm import Choice, KindName, Money, PersonId, StageId
from botcrm.core.domain.errors import NotAllowed
from botcrm.core.domain.preferences import Preferences
from botcrm.telegram.context import Context
from botcrm.telegram.fields import Sort, fields_of, read, token
from botcrm.telegram.forms import SOURCES, Form
from botcrm.telegram.screens.base import Button, pack
from botcrm.testing import Crm, Member
from botcrm.testing.chat import START
from botcrm.words import Words

WORDS = Words(Preferences(currency="PLN", zone="Europe/Warsaw"), START)


class Colour(Enum):
    RED = "red"
    DARK_BLUE = "dark_blue"


class Everything(BaseModel):
    """One of each."""

    loud: bool = Field(False, description="Whether it shouts")
    size: Literal["small", "very_large"] = "small"
    colour: Colour = Colour.RED
    stage: StageId | None = None
    people: list[PersonId] = []
    kind: KindName = "task"
    tag: Annotated[str, Choice("tag")] = ""
    count: int = Field(3, ge=1, le=10, description="How many")
    rate: Decimal = Decimal("1.5")
    budget: Money | None = None
    wait: timedelta = timedelta(hours=2)
    opens: time = time(9, 30)
    day: date | None = None
    word: str = Field(min_length=2, title="Word", description="A word of yours")
    several: list[str] = Field([], max_length=3)
    secret: SecretStr = SecretStr("")
    odd: dict[str, int] = {}

    @field_validator("word")
    @classmethod
    def _no_cow(cls, word: str) -> str:
        if "cow" in word:
            raise ValueError("No cows here.")
        return word

    @model_validator(mode="after")
    def _fits(self) -> Everything:
        if self.count > 5 and self.size == "small":
            raise ValueError("More than five do not fit into small.")
        return self


class Shelf:
    """Keeps one form in memory, for managers."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    async def load(self, ctx: Context, rest: str) -> Form:
        if ctx.work.actor.role == "rep":
            raise NotAllowed(entity="setting", action="change")
        return Form("<b>Everything</b>", Everything, self.values, ([Button("Leave", "hm:0:-:0")],))

    async def save(self, ctx: Context, rest: str, values: dict[str, Any]) -> None:
        self.values = values


@pytest.fixture
async def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf()
    monkeypatch.setitem(SOURCES, "shelf", made)
    return made


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    running = await Crm.start(database_url)
    yield running
    await running.stop()


@pytest.fixture
async def boss(crm: Crm) -> Member:
    member = await crm.join("manager", "Marta Boss")
    await crm.join("rep", "Anna Rep", manager=member)
    await crm.join("rep", "Olga Other")
    await member.send("hello")
    return member


pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def opened(boss: Member) -> str:
    """Open the form on the newest card."""
    await boss.forge("fm:shelf.x", boss.card)
    return boss.last


def test_what_a_model_asks_for(migrated_url: str) -> None:
    sorts = {field.name: (field.sort, field.many, field.optional) for field in fields_of(Everything)}
    assert sorts["loud"] == (Sort.SWITCH, False, False)
    assert sorts["stage"] == (Sort.NUMBER, False, True)
    assert sorts["people"] == (Sort.NUMBER, True, False)
    assert sorts["secret"] == (Sort.SECRET, False, False)
    assert sorts["odd"][0] is Sort.OTHER
    assert [field.name for field in fields_of(Everything) if field.needed] == ["word"]


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("count", " 7 ", 7),
        ("rate", "2,5", Decimal("2.5")),
        ("budget", "12k", Money(Decimal(12000), "PLN")),
        ("budget", "€5", Money(Decimal(5), "EUR")),
        ("wait", "3 days", timedelta(days=3)),
        ("opens", "9", time(9)),
        ("opens", "18:45", time(18, 45)),
        ("day", "24 dec", date(2026, 12, 24)),
        ("several", "one, two\nthree", ["one", "two", "three"]),
    ],
)
def test_what_is_typed_is_read(migrated_url: str, name: str, typed: str, value: Any) -> None:
    field = next(field for field in fields_of(Everything) if field.name == name)
    assert read(WORDS, field, typed) == value


def test_every_buttons_data_fits(migrated_url: str) -> None:
    key = "plugin." + "x" * 20
    for field in fields_of(Everything):
        data = pack("fa", key, field.token, token("a" * 60), 9999)
        assert len(data.encode()) <= 64


async def test_a_form_shows_each_field_on_pages(boss: Member, shelf: Shelf) -> None:
    shelf.values = {"secret": "hush-hush", "word": "hi"}
    first = await opened(boss)
    assert first.startswith("Everything\nLoud: off · default\n   Whether it shouts")
    assert "Colour: red · default" in first
    assert "Budget: none · default" in first
    assert "Page 1 of 2" in first
    second = await boss.tap("→")
    assert "Wait: 2 h · default" in second
    assert "Opens: 9:30 · default" in second
    assert "Word: hi\n   A word of yours" in second
    assert "hush" not in second
    assert "Secret: set" in second
    assert "never in a chat" in second
    assert not [label for label in boss.buttons if "Secret" in label or "Odd" in label]


async def test_taps_switch_choose_and_clear(boss: Member, shelf: Shelf, crm: Crm) -> None:
    await opened(boss)
    assert "Loud: on\n" in await boss.tap("☐ Loud")
    await boss.tap("Size")
    assert "Size: very large\n" in await boss.tap("very large")
    await boss.tap("Colour")
    assert "Colour: dark blue\n" in await boss.tap("dark blue")
    await boss.tap("Colour")
    assert "Colour: red · default" in await boss.tap("Default")
    await boss.tap("Stage")
    assert "Stage: Proposal" in await boss.tap("Proposal")
    await boss.tap("Stage")
    assert "✓ Proposal" in boss.buttons
    assert "Stage: none\n" in await boss.tap("None")
    await boss.tap("Kind")
    assert "Kind: 📞 Call" in await boss.tap("Call")
    await boss.tap("People")
    assert "Olga Other" not in boss.buttons  # not of the team
    await boss.tap("Anna Rep")
    await boss.tap("Marta Boss")
    assert "✓ Anna Rep" in boss.buttons
    await boss.tap("✓ Marta Boss")
    assert "People: Anna Rep\n" in await boss.tap("Back")
    await boss.tap("Tag")
    await boss.tap("Other…")
    assert "Tag: roof" in await boss.send("roof")
    assert len(shelf.values["people"]) == 1
    assert shelf.values["loud"] is True


async def test_what_is_typed_is_checked(boss: Member, shelf: Shelf, crm: Crm) -> None:
    shelf.values = {"word": "hi"}  # without what has to be filled in, fields are looked at one by one only
    await opened(boss)
    assert "Type: Count" in await boss.tap("Count")
    assert await boss.send("many") == "✋ Count: “many” is not understood. Write it like: 3"
    assert await boss.send("70") == "✋ Count: “70” is not understood. At most 10. Write it like: 3"
    assert "More than five do not fit into small." in await boss.send("7")
    assert "Count: 4" in await boss.send("4")
    await boss.tap("→")
    await boss.tap("Word")
    await crm.restart(minutes=1)
    assert "At least 2 characters." in await boss.send("a")
    assert "No cows here." in await boss.send("a cow")
    assert "Word: call Anna" in await boss.send("call Anna")  # a text may begin with a verb
    await boss.tap("Several")
    assert "Several: one, two & a half" in await boss.send("one, two & a half")
    assert shelf.values == {"word": "call Anna", "count": 4, "several": ["one", "two & a half"]}


async def test_leaving_a_question_gives_typed_lines_back(boss: Member, shelf: Shelf) -> None:
    await opened(boss)
    await boss.tap("→")
    await boss.tap("Word")
    await boss.tap("Back")
    assert "Nothing" in await boss.send("find nobody")
    assert "word" not in shelf.values


async def test_a_forged_choice_and_a_foreign_form_are_refused(boss: Member, shelf: Shelf, crm: Crm) -> None:
    await opened(boss)
    fields = {field.name: field.token for field in fields_of(Everything)}
    for data in (
        f"fs:shelf.x:{fields['stage']}:{token(999)}",
        f"fs:shelf.x:{fields['secret']}:{token('x')}",
        f"fe:shelf.x:{fields['secret']}",
        f"fe:shelf.x:{fields['stage']}",
        f"fa:shelf.x:{fields['count']}:{token(4)}",
        "fs:shelf.x:nothing:1",
        "fm:nowhere.x",
    ):
        assert await boss.forge(data, boss.card), data
    assert shelf.values == {}
    rep = await crm.join("rep", "Rita Rep")
    await rep.send("hello")
    assert await rep.forge("fm:shelf.x", rep.card) == "✋ Only an administrator can do that."
