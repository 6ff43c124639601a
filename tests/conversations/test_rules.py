"""Rules in the chat: a manager puts one together by taps, it acts by itself, and everything can be taken back."""

from __future__ import annotations

import pytest

from botcrm.core.models import Rule
from botcrm.testing import Crm, Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture
async def ada(crm: Crm) -> Member:
    """Give an administrator."""
    return await crm.join("admin", "Ada Admin")


async def make_rule(boss: Member) -> Rule:
    """Have a manager make: a deal enters Proposal → plan “Call {contact}” in a business day."""
    await boss.send("/rules")
    await boss.tap("New rule")
    await boss.tap("A deal enters a stage")
    await boss.tap("Stage")
    await boss.tap("Proposal")
    await boss.tap("To the rule")
    await boss.tap("Do…")
    await boss.tap("Plan an activity")
    await boss.tap("Text")
    await boss.send("Call {company} about {title}")
    await boss.tap("To the rule")
    await boss.tap("Switch on")
    made = await Rule.filter(owner_id=boss.user_id).order_by("-id").first()
    assert made
    return made


async def test_a_rule_is_put_together_by_taps_and_acts(boss: Member, anna: Member, crm: Crm) -> None:
    said = await boss.send("/rules")
    assert "🟢 Proposal without an answer" in said
    assert "When a deal lies still in Proposal for 5 business days: tell the owner" in said
    assert "What starts the rule?" in await boss.tap("New rule")
    form = await boss.tap("A deal enters a stage")
    assert "❗ Stage: to be filled in" in form
    assert "A deal that passes it over starts nothing" in await boss.tap("Stage")
    assert "New" in boss.buttons
    assert "Stage: Proposal" in await boss.tap("Proposal")
    card = await boss.tap("To the rule")
    assert "not complete" in card
    assert "When: a deal enters Proposal" in card
    assert "Do: nothing yet" in card
    await boss.tap("Switch on")
    assert "choose what it does" in boss.toast
    assert "What is done?" in await boss.tap("Do…")
    form = await boss.tap("Plan an activity")
    assert "Kind: 📌 Task · default" in form
    assert "Due: 1 day · default" in form
    assert "Type: Text" in await boss.tap("Text")
    assert "There is no {cow}" in await boss.send("Milk {cow}")
    assert "Text: call Acme about it" in await boss.send("call Acme about it")  # a verb is no command here
    await boss.tap("Due")
    assert "not understood" in await boss.send("soon")
    assert "Due: 4 h" in await boss.send("4h")
    await boss.tap("Kind")
    assert "Kind: 📞 Call" in await boss.tap("Call")
    card = await boss.tap("To the rule")
    assert "1. plan “call Acme about it” in 4 h" in card
    assert "For: what Marta Boss may change" in card
    assert "🟢 on" in await boss.tap("Switch on")

    await anna.send("deal Acme 12k roof")
    await crm.advance(minutes=1)
    assert "No next step" in await anna.send("d1") or "call Acme" not in anna.last
    await anna.send("/stage d1 >proposal")
    await crm.advance(minutes=1)
    said = await anna.send("d1")
    assert "call Acme about it" in said
    assert "14:0" in said  # four working hours after ten
    told = await anna.tap("Timeline")
    assert "⚙ rule “A deal enters a stage”: planned “call Acme about it” for Tue 24 Nov 14:0" in told
    card = await boss.send("/rules")
    assert "ran once" in card
    await boss.tap("A deal enters a stage")
    assert "Acme roof · d1" in await boss.tap("Runs")


async def test_a_skipped_stage_and_one_left_at_once_start_nothing(boss: Member, anna: Member, crm: Crm) -> None:
    await make_rule(boss)
    await anna.send("deal Acme 12k roof")
    await anna.send("/stage d1 >negotiation")
    await crm.advance(minutes=1)
    assert "Call Acme" not in await anna.send("d1")
    await anna.send("/stage d1 >proposal")
    await anna.send("/stage d1 >agreed")  # before the rule came to it
    await crm.advance(minutes=1)
    assert "Call Acme" not in await anna.send("d1")


async def test_undoing_the_cause_undoes_what_the_rule_did(boss: Member, anna: Member, crm: Crm) -> None:
    await make_rule(boss)
    await anna.send("deal Acme 12k roof")
    await anna.send("/stage d1 >proposal")
    await crm.advance(minutes=1)
    assert "Call Acme about Acme roof" in await anna.send("d1")
    assert "Undone" in await anna.send("/undo")
    said = await anna.send("d1")
    assert "Call Acme" not in said
    assert "New" in said
    assert "Undone" in await anna.send("/undo")  # the deal itself: nothing of the rule's stands in the way


async def test_a_cause_taken_back_before_the_rule_ran_starts_nothing(boss: Member, anna: Member, crm: Crm) -> None:
    await make_rule(boss)
    await anna.send("deal Acme 12k roof")
    await anna.send("/stage d1 >proposal\n/undo")
    await crm.advance(minutes=1)
    assert "Call Acme" not in await anna.send("d1")


async def test_a_delay_asks_again(boss: Member, anna: Member, crm: Crm) -> None:
    rule = await make_rule(boss)
    await boss.tap("Name, after…")
    await boss.tap("After")
    assert "After: 1 day" in await boss.send("1 day")
    assert "After: 1 day, if it still holds" in await boss.tap("To the rule")
    await anna.send("deal Acme 12k roof\ndeal Beta 5k b")
    await anna.send("/stage d1 >proposal\n/stage d2 >proposal")
    await anna.send("/stage d2 >agreed")
    await crm.advance(hours=23)
    assert "Call Acme" not in await anna.send("d1")
    await crm.advance(hours=2)
    assert "Call Acme about Acme roof" in await anna.send("d1")
    assert "Call Beta" not in await anna.send("d2")
    assert rule.id


async def test_conditions_are_asked(boss: Member, anna: Member, crm: Crm) -> None:
    await make_rule(boss)
    await boss.tap("Only if…")
    await boss.tap("The amount is at least")
    await boss.tap("Amount")
    assert "Amount: PLN 10,000" in await boss.send("10k")
    assert "Only if: its amount is at least PLN 10,000" in await boss.tap("To the rule")
    await boss.tap("Switch on")
    await anna.send("deal Acme 12k roof\ndeal Beta 5k b")
    await anna.send("/stage d1 >proposal\n/stage d2 >proposal")
    await crm.advance(minutes=1)
    assert "Call Acme about Acme roof" in await anna.send("d1")
    assert "Call Beta" not in await anna.send("d2")


async def test_trying_it_writes_nothing(boss: Member, anna: Member, crm: Crm) -> None:
    await make_rule(boss)
    await anna.send("deal Acme 12k roof")
    await boss.tap("Try…")
    said = await boss.tap("d1 Acme roof")
    assert "1. planned “Call Acme about Acme roof” for" in said
    assert "Nothing was changed." in said
    await crm.advance(minutes=1)
    assert "Call Acme" not in await anna.send("d1")
    assert "It has not run yet" in await boss.tap("Back")


async def test_a_rule_is_switched_off_deleted_and_brought_back(boss: Member, anna: Member, crm: Crm) -> None:
    await make_rule(boss)
    assert "⚪ off" in await boss.tap("Switch off")
    await anna.send("deal Acme 12k roof")
    await anna.send("/stage d1 >proposal")
    await crm.advance(minutes=1)
    assert "Call Acme" not in await anna.send("d1")
    assert "Undone" in await boss.tap("Undo")
    await boss.send("/rules")
    assert "🟢 on" in await boss.tap("A deal enters a stage")
    assert "is gone" in await boss.tap("Delete")
    assert "A deal enters a stage" not in await boss.send("/rules")
    assert "Back: rule A deal enters a stage" in await boss.tap("Undo")
    assert "A deal enters a stage" in await boss.send("/rules")


async def test_forms_survive_a_restart_and_bad_input_is_answered(boss: Member, crm: Crm) -> None:
    await boss.send("/rules")
    await boss.tap("New rule")
    await boss.tap("A deal lies still")
    await boss.tap("Days")
    await crm.restart(minutes=5)
    assert "Days: “often” is not understood. Write it like: 5" in await boss.send("often")
    assert "At most 365." in await boss.send("900")
    assert "Days: 7" in await boss.send("7")
    assert "Business days: off" in await boss.tap("Business days")
    await boss.tap("Stage")
    assert "Stage: Delivery" in await boss.tap("Delivery")
    await boss.tap("Stage")
    assert "Stage: none" in await boss.tap("None")
    assert "When: a deal lies still for 7 days" in await boss.tap("To the rule")


async def test_a_rep_has_no_rules_and_a_manager_only_their_own(
    anna: Member, boss: Member, ada: Member, crm: Crm
) -> None:
    assert "Your role does not allow that." in await anna.send("/rules")
    await boss.send("/rules")
    card = await boss.tap("Proposal without an answer")
    assert "only an administrator changes it" in card
    assert "Switch off" not in boss.buttons
    rule = await Rule.filter(key="proposal_quiet").get()
    for data in (f"Ro:{rule.id}:0", f"Rd:{rule.id}:1", f"fm:rule.{rule.id}.t", f"RP:{rule.id}:1:a:x", f"Ry:{rule.id}"):
        await boss.forge(data, boss.card)
    for data in (f"Ru:{rule.id}", "Rl:0", f"Ro:{rule.id}:0", "Rn:0", f"fm:rule.{rule.id}.t", "Rt:0:0:x"):
        await anna.forge(data, anna.card)
        assert anna.toast
    fresh = await Rule.filter(key="proposal_quiet").get()
    assert fresh.active
    assert fresh.version == rule.version
    await ada.send("/rules")
    await ada.tap("Proposal without an answer")
    assert "⚪ off" in await ada.tap("Switch off")


async def test_a_managers_rule_reaches_only_the_team(boss: Member, anna: Member, crm: Crm) -> None:
    other = await crm.join("rep", "Olga Other")
    await make_rule(boss)
    await other.send("deal Beta 5k b")
    await other.send("/stage d1 >proposal")
    await crm.advance(minutes=1)
    assert "Call Beta" not in await other.send("d1")


async def test_what_lies_still_is_told_once_and_again_after_a_change(anna: Member, boss: Member, crm: Crm) -> None:
    await Rule.exclude(key="proposal_quiet").update(active=False)
    async with crm.work() as work:
        await crm.app.rules.plan_looks(work)
    await anna.send("deal Acme 12k roof")
    await anna.send("/stage d1 >proposal")
    await crm.advance(days=6)  # Tuesday to Monday: four business days
    assert "without an answer" not in anna.seen
    await crm.advance(days=4)
    assert "⚙ Acme roof: 5 days without an answer to the proposal. Time to call? · d1" in anna.seen
    await crm.advance(days=7)
    assert anna.seen.count("without an answer") == 1
    await anna.send("/note d1 they think about it")
    await crm.advance(days=8)
    assert anna.seen.count("without an answer") == 2


async def test_an_old_card_changes_nothing_and_shows_how_it_stands(boss: Member) -> None:
    rule = await make_rule(boss)
    await boss.tap("Do…")
    await boss.tap("Add")
    await boss.forge(f"Rd:{rule.id}:1", boss.card)
    assert "It was changed meanwhile" in boss.toast
    assert "When: a deal enters Proposal" in boss.last


async def test_the_undo_card_of_a_rule_is_no_subject(boss: Member) -> None:
    await make_rule(boss)
    await boss.tap("Switch off")
    await boss.tap("Undo")
    assert "a deal enters" not in await boss.send("note hello", reply_to=boss.card)


async def test_a_deal_that_changes_hands_sets_a_rule_off_and_what_it_did_is_named_where_it_is_given_back(
    boss: Member, anna: Member, bob: Member, crm: Crm
) -> None:
    await boss.send("/rules")
    await boss.tap("New rule")
    await boss.tap("A deal changes hands")
    await boss.tap("Do…")
    await boss.tap("Plan an activity")
    await boss.tap("Text")
    await boss.send("Introduce yourself")
    card = await boss.tap("To the rule")
    assert "When: a deal changes hands" in card
    await boss.tap("Switch on")
    await anna.send("deal Acme 1k roof next fri visit\ndeal Beta 2k b next fri visit\ndeal Gamma 3k c")
    await crm.advance(minutes=1)
    assert "Introduce" not in await anna.send("d1")
    await boss.send("d3")
    await boss.tap("Hand over")
    await boss.tap("Bob")
    await crm.advance(minutes=1)
    assert "Introduce yourself" in await bob.send("d3")
    await boss.send("/handover anna bob")
    await boss.tap("Hand over")
    await crm.advance(minutes=2)
    assert (await bob.send("/timeline d1")).count("planned “Introduce yourself”") == 1
    said = await boss.send("/undo")
    assert "Given back to Anna" in said
    assert "Kept, rules did it:\n⚙ Acme roof: planned “Introduce yourself”" in said
    assert said.count("⚙") == 2
    assert "Introduce yourself" in await anna.send("/timeline d1")
