"""The board: a picture of stages or days, changed in place by its buttons, within everybody's rights."""

from __future__ import annotations

from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.models import Pipeline, Stage
from botcrm.reports.board import board_picture
from botcrm.telegram import boards
from botcrm.testing import Crm, Member


@pytest.fixture
async def sales(crm: Crm, anna: Member, bob: Member) -> Crm:
    """Give Anna three deals and Bob one."""
    await anna.send("deal Acme 12k roof next today 10:30 site visit")
    await anna.send("deal Baltic 7k doors next today 18:00 send offer")
    await anna.send("deal Cosmo 1k gutters >proposal")
    await bob.send("deal Hushco 98765 whisper next mon 10:00 hush")
    await crm.advance(hours=1)
    return crm


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Give what the drawing process is told, each time; it still draws."""
    seen: list[Any] = []

    async def noted(files: Any, words: Any, kinds: Any, board: Any) -> bytes:
        seen.append(board)
        return await drawn(files, words, kinds, board)

    drawn = board_picture
    monkeypatch.setattr(boards, "board_picture", noted)
    return seen


def picture(crm: Crm, member: Member) -> bytes:
    """Return the picture that came last."""
    return crm.telegram.files.get(member.card.data["photo"][-1]["file_id"]).data


def shown(board: Any) -> dict[str, list[str]]:
    """Return the names of the deals on a board, by column."""
    return {column.name or column.key: [row.name for row in column.rows] for column in board.columns if column.count}


async def test_the_board_comes_as_a_picture(sales: Crm, anna: Member, told: list[Any]) -> None:
    await anna.send("/board")
    content = picture(sales, anna)
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20], "big") == 1080
    assert anna.card.data["caption"] == "Deals by stage · Anna Rep\nNew 2 · Proposal 1"
    assert anna.buttons == ["• Stages", "Days"], "a rep has no team"
    assert shown(told[-1]) == {"New": ["Acme roof", "Baltic doors"], "Proposal": ["Cosmo gutters"]}
    assert (told[-1].columns[0].amount, told[-1].columns[0].currency) == (19_000, "PLN")


async def test_its_buttons_change_it_in_place(sales: Crm, boss: Member, told: list[Any]) -> None:
    await boss.send("/board")
    assert boss.card.data["caption"] == "Deals by stage · Team\nNew 3 · Proposal 1", "she has no deals of her own"
    before = len(boss.person.messages())
    await boss.tap("Mine")
    assert boss.card.data["caption"] == "Deals by stage · Marta Boss\nNo open deals."
    await boss.tap("Team")
    await boss.tap("Days")
    assert boss.card.data["caption"].startswith("Deals by next step · Team\nOverdue 1 · Today 1 · ")
    assert boss.buttons == ["Stages", "• Days", "Mine", "• Team"]
    assert len(boss.person.messages()) == before
    assert shown(told[-1]) == {
        "overdue": ["Acme roof"],
        "today": ["Baltic doors"],
        "next_week": ["Hushco whisper"],
        "none": ["Cosmo gutters"],
    }
    await boss.tap("Mine")
    assert shown(told[-1]) == {}
    await sales.restart(hours=1)
    await boss.tap("Team")
    assert "Team" in boss.card.data["caption"]


async def test_words_choose_what_it_shows(sales: Crm, boss: Member, told: list[Any]) -> None:
    await boss.send("/board days @bob")
    assert boss.card.data["caption"] == "Deals by next step · Bob Rep\nNext week 1"
    await boss.tap("Stages")
    assert boss.card.data["caption"] == "Deals by stage · Bob Rep\nNew 1"
    await boss.send("/board team days")
    assert "Team" in boss.card.data["caption"]
    assert (await boss.send("/board sideways")).startswith("✋ “sideways” is no board. Like this: /board, /board days")


async def test_an_edited_line_changes_its_picture(sales: Crm, anna: Member) -> None:
    await anna.send("/board")
    before = len(anna.person.messages())
    await anna.edit(anna.mine, "/board days")
    assert len(anna.person.messages()) == before
    assert anna.card.data["caption"].startswith("Deals by next step")


async def test_another_pipeline_has_its_own_stages(sales: Crm, anna: Member, told: list[Any]) -> None:
    second = await Pipeline.create(name="Service", position=5)
    await Stage.create(pipeline=second, name="Asked", position=1)
    await anna.send("/board")
    first = (await Pipeline.exclude(id=second.id).first() or second).name
    assert anna.card.data["caption"].startswith(f"{first} · Anna Rep")
    await anna.tap("Service")
    assert anna.card.data["caption"] == "Service · Anna Rep\nNo open deals."
    assert [column.name for column in told[-1].columns] == ["Asked"]
    await anna.send("/board service")
    assert anna.card.data["caption"].startswith("Service")


async def test_each_sees_the_deals_within_reach(sales: Crm, anna: Member, bob: Member, told: list[Any]) -> None:
    await bob.send("/board team")
    assert shown(told[-1]) == {"New": ["Hushco whisper"]}
    card = bob.card
    assert (await bob.forge(f"bd:s:{anna.user_id}:1", card)).startswith("🤷")
    await bob.forge("bd:d:t:1", card)
    assert shown(told[-1]) == {"next_week": ["Hushco whisper"]}
    assert (await bob.send("/board @anna")).startswith("🤷")


async def test_rights_are_those_of_the_moment_it_is_drawn(sales: Crm, boss: Member, told: list[Any]) -> None:
    await boss.send("/board @anna")
    assert shown(told[-1])
    await db.execute('UPDATE "user" SET manager_id = NULL')
    drawn = len(told)
    await boss.tap("Days")
    assert boss.toast.startswith("🤷")
    assert len(told) == drawn
    await db.execute("UPDATE role SET grants = '{}'")
    assert (await boss.send("/board")).startswith("✋")


async def test_nobodys_deals_are_on_the_administrators_board(sales: Crm, told: list[Any]) -> None:
    admin = await sales.join("admin", "Ada Min")
    await db.execute("UPDATE deal SET owner_id = NULL WHERE id = 4")
    await admin.send("/board team")
    assert shown(told[-1])["New"] == ["Acme roof", "Baltic doors", "Hushco whisper"]


async def test_what_cannot_be_drawn_is_said(sales: Crm, anna: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*args: Any) -> bytes:
        raise RuntimeError("no paint")

    monkeypatch.setattr(boards, "board_picture", broken)
    assert (await anna.send("/board")).startswith("✋ The board could not be drawn.")


async def test_a_button_of_no_known_view_shows_the_stages(anna: Member) -> None:
    """It raised three times and went to quarantine."""
    await anna.send("/deal Acme 1k")
    await anna.send("/board days")
    await anna.forge("bd:z:m:0", anna.card)
    assert "• Stages" in anna.buttons
