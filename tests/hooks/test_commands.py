"""Commands of plugins: read by the grammar, shown in menu and help, held to the person's rights."""

from __future__ import annotations

from typing import Any

import pytest

from botcrm import services
from botcrm.testing import Crm, Member
from tests.hooks.visits import Visits, menus

# What is written here is the same on both databases; tests/conversations/test_plugins.py runs on each.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture
def plugins() -> dict[str, Any]:
    return {"visits": Visits()}


async def test_register_commands_two_words_and_a_subject(anna: Member) -> None:
    await anna.send("company Acme")
    assert await anna.send("/meet in Acme") == "At Acme, note 1"
    assert await anna.send("meeting in acme by the back door") == "At Acme, note 2"
    await anna.send("/note o1 x")
    await anna.send("/meet Acme 40m ok signed")
    assert "Meeting with Acme" in anna.last, "the verb that it begins with goes on"


async def test_register_commands_the_subject_is_the_card_replied_to(anna: Member) -> None:
    await anna.send("company Acme")
    card = anna.card
    assert await anna.send("/meet in the back door", reply_to=card) == "At Acme, note 1"
    assert await anna.send("/meet_in o1 again") == "At Acme, note 2"


async def test_register_commands_picks_where_the_subject_is_unclear(anna: Member) -> None:
    await anna.send("company Acme North")
    await anna.send("company Acme South")
    assert await anna.send("/meet in Acme at ten") == "Which one is meant by “Acme”?"
    assert set(anna.buttons) == {"🏢 Acme South", "🏢 Acme North"}
    assert (await anna.tap("Acme North")).startswith("At Acme North")
    await anna.send("o1")
    await anna.tap("Timeline")
    assert "📝 arrived: at ten" in anna.last


async def test_register_commands_an_unknown_subject_is_the_plugins_to_answer(anna: Member) -> None:
    assert await anna.send("/meet in Nobody") == "Who is 'Nobody'?"


async def test_register_commands_undo_and_edit(anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("company Beta")
    await anna.send("/meet in Acme one")
    assert await anna.edit(anna.mine, "/meet in Beta two") == "At Beta, note 2"
    await anna.send("o1")
    await anna.tap("Timeline")
    assert "note removed" in anna.last, "what the first line did was taken back"
    await anna.send("/undo")
    await anna.send("o2")
    assert "arrived" not in anna.last


async def test_register_commands_in_help_and_menu(crm: Crm, anna: Member, boss: Member) -> None:
    assert "Arrive at a client's\n   meet in Acme" in await anna.send("/help")
    assert await anna.send("/help meet in") == (
        "/meet in — Arrive at a client's\nmeet in Acme\nThen share your place.\nby Visits"
    )
    assert await anna.send("/help poll") == "/survey — Ask a question\nsurvey\nby Visits"
    shown = await menus(crm, anna)
    assert "meet_in" in shown
    assert "survey" in shown
    assert shown.index("meet_in") < shown.index("settings")


async def test_register_permissions_others_are_told_so_and_find_it_nowhere(
    crm: Crm, anna: Member, boss: Member
) -> None:
    assert await boss.send("/audit") == "all visits"
    for typed in ("/audit", "audit", "/audit everybody", "AUDIT"):
        assert await anna.send(typed) == "✋ Your role does not allow that.", typed
        assert anna.buttons == []
    assert "Kept. What is it?" in await anna.send("/audt"), "what is not theirs is not offered"
    assert "/audit" not in anna.buttons
    await boss.send("/audt")
    assert "/audit" in boss.buttons
    assert "Check the visits" not in await anna.send("/help")
    assert "Check the visits" in await boss.send("/help")
    assert "audit" not in await menus(crm, anna)
    assert "audit" in await menus(crm, boss)


async def test_register_permissions_are_demanded_with_their_reach(crm: Crm, anna: Member, boss: Member) -> None:
    from botcrm import CrmError
    from botcrm.core.services.staff.people import actor_by_id

    async with crm.app.work() as work:
        for member, reach in ((boss, "department"), (anna, "")):
            actor = await actor_by_id(work.prefs, member.user_id or 0)
            assert actor
            mine = work.acting_as(actor)
            if reach:
                assert services.demand_permission(mine, "visits.audit") == reach
            else:
                assert services.demand_permission(mine, "visits.count") == "own"
                with pytest.raises(CrmError):
                    services.demand_permission(mine, "visits.audit")
        assert services.demand_permission(work, "visits.audit") == "all"


async def test_a_failing_command_leaves_nothing(crm: Crm, anna: Member) -> None:
    assert await anna.send("/broken") == "✋ The plugin Visits failed; nothing was changed. The administrator was told."
    assert "half an answer" not in anna.seen
    assert "Nothing found" in await anna.send("/find never")
    assert await anna.send("/refuse") == "✋ The office is closed on Sunday."
    assert "Nothing found" in await anna.send("/find never")
    assert crm.listed("visits").errors == 1, "a refusal is no failure"


async def test_several_replies_and_bad_markup(anna: Member) -> None:
    await anna.send("/twice")
    assert anna.seen.endswith("one\n2 < 3 & more")


async def test_a_file_is_sent_with_the_commit(crm: Crm, anna: Member) -> None:
    await anna.send("/sheet")
    await crm.settle()
    assert anna.card.data["document"]["file_name"] == "visits.csv"
    assert anna.card.data["caption"] == "<b>open & 1 < 2"


async def test_a_mistyped_command_is_offered(anna: Member) -> None:
    await anna.send("/survy 12k")
    assert "/survey" in anna.buttons
    assert await anna.tap("/survey") == "What does it cost? 12000 []"


async def test_lines_of_plugins_among_others(anna: Member) -> None:
    await anna.send("company Acme\n/meet in Acme one\n/twice")
    assert "At Acme, note 1" in anna.seen
    assert "Added" in anna.seen
