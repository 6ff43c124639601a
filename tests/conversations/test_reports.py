"""Reports in the chat: asked by taps or words, shown at a phone's width, sent as files, within everybody's rights."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from botcrm.core import db
from botcrm.reports.files import Files
from botcrm.reports.layout import MOST_WIDTH
from botcrm.reports.values import width
from botcrm.testing import Crm, Member

GOLDEN_FUNNEL = """\
📊 Funnel
this month (1–30 Nov 2026)
Stage    Deals Next     PLN Days
────────────────────────────────
New          6  67% 222,000    2
Clarifi…     4  25% 108,000    0
Proposal     1 100%  12,000    0
Negotia…     0    –       0    –
Agreed       0    –       0    –
Delivery     0    –       0    –
Papers       0    –       0    –
Won          1    –  12,000    –
Won 1, lost 1 (PLN 22,000): 50 % won.
Bottleneck: Clarified, 25 % went further."""
GOLDEN_ACTIVITIES = """\
📊 Activities by person
20–26 Nov 2026
Anna Rep
   Calls 1 · Done 1 · Time spent 15 min · Went well 1
Bob Rep
   Calls 1 · Done 1 · Time spent 5 min · No answer 1
Marta Boss
   —
Total
   Calls 2 · Done 2 · Time spent 20 min · Went well 1 · No answer 1"""


@pytest.fixture
async def sales(crm: Crm, anna: Member, bob: Member) -> Crm:
    """Give Anna six deals on their way, and Bob one."""
    for number in range(1, 7):
        await anna.send(f"deal Acme{number} {number}2k roof")
    await bob.send("deal Hushco 5k whisper")
    await crm.advance(days=2)
    for number in range(1, 5):
        await anna.send(f"/stage d{number} >clarified")
    await anna.send("/stage d1 >proposal")
    await anna.send("/won d1")
    await anna.send("/lost d2 price")
    await anna.send("/call d3 15m ok")
    await bob.send("/call d7 5m no")
    return crm


async def test_a_report_is_asked_by_taps(sales: Crm, anna: Member) -> None:
    said = await anna.send("/report")
    assert said.startswith("Reports\n📊 Activities by person")
    assert "📊 Funnel" in anna.buttons
    said = await anna.tap("📊 Funnel")
    assert said.startswith("📊 Funnel\nthis month (1–30 Nov 2026)")
    assert "• This month" in anna.buttons
    assert (await anna.tap("Last month")).startswith("📊 Funnel\nlast month (1–31 Oct 2026)")
    assert (await anna.tap("Reports")).startswith("Reports")


async def test_the_funnel_in_words(sales: Crm, anna: Member) -> None:
    said = await anna.send("/report funnel this month")
    assert said == GOLDEN_FUNNEL
    assert max(map(width, said.split("\n")[2:12])) == MOST_WIDTH
    assert len([m for m in anna.person.messages() if m.from_bot and "📊 Funnel" in str(m.text)]) == 1


async def test_activities_by_person(sales: Crm, boss: Member) -> None:
    assert await boss.send("/report activities last 7 days") == GOLDEN_ACTIVITIES


async def test_what_is_not_understood_is_named(sales: Crm, anna: Member) -> None:
    said = await anna.send("/report funnel lats week @anna")
    assert said.startswith("✋ “lats” is not understood. Understood: Funnel, week, @anna.")
    assert (await anna.send("/report fnnel")).startswith("📊 Funnel"), "nearly right will do"
    assert (await anna.send("/report zzz")).startswith("✋ There is no report “zzz”. Reports: activities, funnel.")


async def test_an_edited_line_changes_its_card(sales: Crm, anna: Member) -> None:
    await anna.send("/report funnel last week")
    line, before = anna.mine, len(anna.person.messages())
    await anna.edit(line, "/report funnel last month")
    assert "last month" in anna.last
    assert len(anna.person.messages()) == before


async def test_each_sees_the_figures_within_reach(sales: Crm, anna: Member, bob: Member, boss: Member) -> None:
    assert re.search(r"New +6 ", await anna.send("/report funnel"))
    assert re.search(r"New +1 ", await bob.send("/report funnel"))
    assert re.search(r"New +7 ", await boss.send("/report funnel"))
    assert "My people ▾" in boss.buttons
    assert "My people ▾" not in anna.buttons
    await boss.tap("My people")
    assert {"Anna Rep", "Bob Rep", "Marta Boss", "• Everybody"} <= set(boss.buttons)
    said = await boss.tap("Bob Rep")
    assert said.split("\n")[1].endswith(" · Bob Rep")
    assert re.search(r"New +1 ", said)
    assert (await anna.send("/report funnel @bob")).startswith("🤷")


async def test_rights_are_asked_again_at_each_press(sales: Crm, crm: Crm, anna: Member, boss: Member) -> None:
    await boss.send("/report funnel @anna")
    assert re.search(r"New +6 ", boss.last)
    await db.execute('UPDATE "user" SET manager_id = NULL')
    await boss.tap("Last month")
    assert boss.toast.startswith("🤷")
    assert re.search(r"New +6 ", boss.last), "the card stays as it was"
    await db.execute("UPDATE role SET grants = '{}' WHERE key = 'rep'")
    assert (await anna.send("/report funnel")).startswith("✋")
    assert (await anna.send("/report")) == "There are no reports for you."


async def test_nobody_presses_anothers_report(sales: Crm, anna: Member, bob: Member) -> None:
    await anna.send("/report funnel")
    await bob.send("/today")
    data = [button["callback_data"] for row in anna.card.data["reply_markup"]["inline_keyboard"] for button in row]
    for one in data:
        if one != "rl":
            assert (await bob.forge(one, bob.card)).startswith("🤷"), one
    assert "Acme1" not in bob.seen
    assert "222,000" not in bob.seen


def document(crm: Crm, member: Member) -> tuple[str, bytes]:
    """Return the name and content of the file that came last."""
    data = member.card.data
    found = data.get("document") or data["photo"][-1]
    return found.get("file_name", ""), crm.telegram.files.get(found["file_id"]).data


async def test_overdue_is_red_in_the_picture(sales: Crm, boss: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    drawn = Files.drawn

    async def noted(self: Files, module: str, task: Any) -> bytes:
        told.append(task)
        return await drawn(self, module, task)

    monkeypatch.setattr(Files, "drawn", noted)
    await boss.send("/report activities last 7 days")
    await boss.tap("Picture")
    (task,) = told
    assert {one["title"]: one["bad"] for one in task["series"]} == {"Done": False, "Planned": False, "Overdue": True}


async def test_files(sales: Crm, boss: Member) -> None:
    await boss.send("/report activities last 7 days")
    await boss.tap("CSV")
    assert boss.toast == "It comes in a moment."
    name, content = document(sales, boss)
    assert name == "activities-2026-11-20-2026-11-26.csv"
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [(row["person"], row["call"], row["minutes"], row["ok"]) for row in rows] == [
        ("Anna Rep", "1", "15", "1"),
        ("Bob Rep", "1", "5", "0"),
        ("Marta Boss", "0", "0", "0"),
    ]
    await boss.tap("XLSX")
    name, content = document(sales, boss)
    assert name.endswith(".xlsx")
    sheet: Any = load_workbook(io.BytesIO(content)).active
    assert [cell.value for cell in sheet[1]][:3] == ["Person", "Calls", "Meetings"]
    assert sheet["A1"].font.bold
    assert sheet["B2"].value == 1
    await boss.tap("Picture")
    _, content = document(sales, boss)
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20], "big") == 1080
    assert boss.card.data["caption"].startswith("Activities by person\n")
    assert await db.fetch("SELECT id FROM outgoing_file") == []


async def test_a_report_of_nothing_has_nothing_to_draw(sales: Crm, anna: Member) -> None:
    said = await anna.send("/report activities 2020")
    assert "Picture" in " ".join(anna.buttons), said
    await anna.send("/report funnel 2020")
    assert re.search(r"New +0 ", anna.last)


async def test_a_card_lives_on_after_a_restart(sales: Crm, anna: Member) -> None:
    await anna.send("/report funnel")
    await sales.restart(hours=3)
    assert (await anna.tap("This week")).startswith("📊 Funnel\nthis week (23–29 Nov 2026)")


async def test_last_month_is_the_month_before_the_press(sales: Crm, anna: Member) -> None:
    await anna.send("/report funnel")
    sales.clock.moment += timedelta(days=10)
    assert (await anna.tap("Last month")).startswith("📊 Funnel\nlast month (1–30 Nov 2026)")
