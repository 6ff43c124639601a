"""Texts as long as Telegram takes them, in every place: both databases take them, and the bot answers."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Crm, Member

LONG = " ".join(["wordy"] * 660)  # 3,959 characters; Telegram takes 4,096
SOLID = "x" * 3900

LINES = [
    f"deal Acme 5k {LONG}",
    f"deal {SOLID}",
    f"deal Acme 5k roof next tomorrow 9:00 {LONG}",
    f"deal Acme 5k roof #{SOLID}",
    f"deal Acme 5k roof >{SOLID}",
    f"deal Acme 5k roof @{SOLID}",
    f"call Jan 15m ok {LONG}",
    f"call {SOLID} 15m ok",
    f"call Jan 15m ok next tomorrow 9:00 {LONG}",
    f"meet Jan tomorrow 9:00 {LONG}",
    f"task Acme tomorrow 9:00 {LONG}",
    f"note Acme {LONG}",
    f"contact {LONG}",
    f"contact Jan {SOLID}@acme.example",
    f"contact Ola at {LONG}",
    f"company {LONG}",
    f"lead {LONG}",
    f"lead Ivan #{SOLID}",
    f"stage d1 >{SOLID}",
    f"lost d1 {LONG}",
    f"find {LONG}",
    f"/invite rep {LONG}",
    f"/settings zone {SOLID}",
    f"/settings {SOLID}",
    f"/{SOLID}",
    LONG,
]


async def set_aside() -> list[str]:
    return [
        row["error"] for row in await db.fetch("SELECT error FROM inbox WHERE state = 'quarantined' OR attempts > 0")
    ]


async def test_every_line_may_be_as_long_as_telegram_takes_it(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 1k floor")
    await anna.send("call Jan 5m ok")
    for line in LINES:
        seen = anna.card.id
        await anna.send(line)
        assert await set_aside() == [], line[:40]
        assert await set_aside() == [], line[:40]
        assert anna.card.id > seen, line[:40]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("deal Acme 5k roof", f"deal Acme 5k {LONG}"),
        ("call Jan 15m ok fine", f"call Jan 15m ok {LONG}"),
        ("call Jan 15m ok next tomorrow 9:00 send", f"call Jan 15m ok next tomorrow 9:00 {LONG}"),
        ("task Acme tomorrow 9:00 send", f"task Acme tomorrow 9:00 {LONG}"),
        ("note Acme short", f"note Acme {LONG}"),
        ("deal Acme 5k roof #a", f"deal Acme 5k roof #{SOLID}"),
    ],
)
async def test_an_edited_line_may_be_as_long_too(anna: Member, short: str, long: str) -> None:
    await anna.send("deal Acme 1k floor")
    await anna.send("call Jan 5m ok")
    await anna.send(short)
    await anna.edit(anna.mine, long)
    assert await set_aside() == []
    assert "wordy" in anna.last or "xxx" in anna.last


@pytest.mark.parametrize(
    "line",
    [
        f"deal Acme 5k {LONG} THE END",
        f"call Jan 15m ok {LONG} THE END",
        f"task Acme tomorrow 9:00 {LONG} THE END",
        f"call Jan 15m ok next tomorrow 9:00 {LONG} THE END",
        f"lost d1 {LONG} THE END",
        f"lead Ivan {LONG} THE END",
    ],
)
async def test_what_is_longer_than_its_column_is_kept_whole_as_a_note(anna: Member, line: str) -> None:
    await anna.send("deal Acme 1k floor")
    await anna.send("call Jan 5m ok")
    await anna.send(line)
    notes = await db.fetch("SELECT text FROM note WHERE deleted_at IS NULL")
    assert [row["text"][-7:] for row in notes] == ["THE END"]
    await anna.send("undo")
    assert await db.fetch("SELECT text FROM note WHERE deleted_at IS NULL") == []
