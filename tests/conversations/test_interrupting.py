"""A command typed while a question waits: done where it can be no answer, asked about where it may be one."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Crm, Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def deals() -> list[str]:
    return [row["title"] for row in await db.fetch("SELECT title FROM deal WHERE deleted_at IS NULL ORDER BY id")]


async def notes() -> list[str]:
    return [row["text"] for row in await db.fetch("SELECT text FROM note WHERE deleted_at IS NULL ORDER BY id")]


async def test_a_deal_typed_where_a_note_is_awaited_is_asked_about(anna: Member) -> None:
    """`deal Beta 5k door` behind [Note] used to become the note."""
    await anna.send("deal Acme 12k roof")
    await anna.tap("Note")
    assert "Is this the answer to my question?" in await anna.send("deal Beta 5k door")
    assert (await deals(), await notes()) == (["roof"], [])
    assert "Deal opened" in await anna.tap("It is a command")
    assert (await deals(), await notes()) == (["roof", "door"], [])


async def test_a_note_that_begins_like_a_command_is_one_tap_away(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.tap("Note")
    await anna.send("call Acme 15m before the visit")
    assert "Noted on" in await anna.tap("It is the answer")
    assert await notes() == ["call Acme 15m before the visit"]
    await anna.tap("Undo")
    assert await notes() == []


@pytest.mark.parametrize("text", ["call back after lunch", "meet them at the gate", "find out what the crane costs"])
async def test_a_note_that_fits_no_command_is_kept_without_asking(anna: Member, text: str) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.tap("Note")
    assert "Noted on" in await anna.send(text)
    assert await notes() == [text]


async def test_a_next_step_is_not_won_by_mistake(anna: Member) -> None:
    """`won d1` behind [Other text] used to become a task of that name."""
    await anna.send("deal Acme 12k roof")
    await anna.tap("Other text")
    assert "won d1" in await anna.send("won d1")
    assert await db.fetch("SELECT 1 AS y FROM activity") == []
    assert "Won!" in await anna.tap("It is a command")


@pytest.mark.parametrize(
    ("line", "said"), [("deals tag:hot", "roof"), ("find acme", "Acme"), ("deal Beta 5k door", "Beta door")]
)
async def test_a_command_where_a_name_is_awaited_is_done_and_the_question_waits_on(
    anna: Member, line: str, said: str
) -> None:
    await anna.send("deal Acme 12k roof #hot")
    await anna.send("filter tag:hot")
    await anna.tap("Save")
    answer = await anna.send(line)
    assert said in answer
    assert "My question before this still waits" in answer
    assert await db.fetch("SELECT name FROM saved_filter") == []
    await anna.send("hot ones")
    assert [row["name"] for row in await db.fetch("SELECT name FROM saved_filter")] == ["hot ones"]


async def test_a_command_of_one_word_where_a_name_is_awaited_is_asked_about(anna: Member) -> None:
    """`deals` behind [Save] used to become a filter of that name."""
    await anna.send("deal Acme 12k roof #hot")
    await anna.send("filter tag:hot")
    await anna.tap("Save")
    await anna.send("deals")
    assert "Acme roof" in await anna.tap("It is a command")
    assert await db.fetch("SELECT name FROM saved_filter") == []


@pytest.mark.parametrize("name", ["Start", "Lost deals", "Team North", "won", "Call again soon"])
async def test_a_name_may_begin_with_a_commands_name(anna: Member, name: str) -> None:
    await anna.send("deal Acme 12k roof #hot")
    await anna.send("filter tag:hot")
    await anna.tap("Save")
    await anna.send(name)
    assert [row["name"] for row in await db.fetch("SELECT name FROM saved_filter")] == [name]


async def test_a_question_behind_a_slash_line_says_that_it_waits_on(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.tap("Note")
    assert "still waits" in await anna.send("/deals")
    await anna.tap("Never mind")
    assert "still waits" not in await anna.send("/deals")


async def test_a_department_is_not_called_like_a_search(crm: Crm, anna: Member) -> None:
    """`find x` used to become a department."""
    admin = await crm.join("admin", "Ada Admin")
    await admin.send("/departments")
    await admin.tap("New department")
    assert "still waits" in await admin.send("find x")
    assert await db.fetch("SELECT 1 AS y FROM department") == []
