"""Lists of words in the chat: lost reasons, sources and a company's own, kept in order by whoever may."""

from __future__ import annotations

from botcrm.core.models import Activity, Choice, Deal, FieldValue, Operation
from botcrm.testing import Crm, Member
from tests.conversations.test_custom_fields import make_field
from tests.conversations.test_importing import settled


async def test_lost_reasons_are_those_of_the_list(boss: Member, anna: Member) -> None:
    assert "Lost reasons · 5" in " ".join((await boss.send("/lists"), *boss.buttons))
    await boss.tap("Lost reasons")
    await boss.tap("Add words")
    assert "2 words added" in await boss.send("Too late, Bad weather, price")
    await anna.send("deal Acme 12k roof")
    await anna.tap("Lost")
    assert "Bad weather" in anna.buttons
    assert "Reason: Bad weather" in await anna.tap("Bad weather")
    await anna.send("deal Beta 12k roof")
    assert "Reason: Too late" in await anna.send("lost d2 too late"), "written as the list has it"
    await anna.send("deal Gamma 12k roof")
    assert "Reason: they vanished" in await anna.send("lost d3 they vanished"), "any other reason is kept"
    assert not any("Add “" in one for one in anna.buttons)


async def test_a_new_word_is_proposed_to_whoever_may_add_it(boss: Member, anna: Member) -> None:
    await boss.send("deal Acme 12k roof")
    await boss.send("lost d1 they vanished")
    assert "➕ Add “they vanished” to the list" in boss.buttons
    await boss.tap("➕ Add")
    assert boss.toast == "“they vanished” is in the list now."
    await anna.send("deal Beta 5k roof")
    await anna.tap("Lost")
    assert "they vanished" in anna.buttons
    await boss.send("deal Gamma 12k roof")
    await boss.send("lost d3 They Vanished")
    assert not any("Add “" in one for one in boss.buttons)


async def test_a_word_is_renamed_wherever_it_stands_and_that_is_taken_back(
    boss: Member, anna: Member, crm: Crm
) -> None:
    await anna.send("deal Acme 12k roof\ndeal Beta 5k roof")
    await anna.send("lost d1 price\nlost d2 price")
    await boss.send("/lists lost reasons")
    assert "It stands in 2 records." in await boss.tap("Price")
    assert "It changes in 2 records too." in await boss.tap("Rename everywhere")
    said = await boss.send("Too expensive")
    assert "2 records are being changed" in said
    assert "It stands in 2 records." in said
    await settled(crm)
    assert [deal.lost_reason for deal in await Deal.all()] == ["Too expensive"] * 2
    operation = await Operation.get(kind="words")
    assert (operation.state, operation.counts["changed"]) == ("done", 2)
    assert "✅ Price → Too expensive\nchanged: 2" in boss.last
    await boss.tap("Undo", boss.card)
    await settled(crm)
    assert [deal.lost_reason for deal in await Deal.all()] == ["Price"] * 2


async def test_a_word_is_renamed_from_now_on(boss: Member, anna: Member) -> None:
    await make_field(boss, "Kind", "List", words="roof, wall")
    await anna.send("deal Acme 12k x kind:roof")
    await boss.send("/lists kind")
    await boss.tap("roof")
    assert "What has “roof” now keeps it." in await boss.tap("From now on")
    assert "From now on it is “pitched roof”" in await boss.send("pitched roof")
    assert "Kind: roof" in await anna.send("d1")
    assert "Kind: pitched roof" in await anna.send("deal Beta 5k x kind:pit")
    assert "There is: pitched roof, wall." in await anna.send("deal Gamma 5k x kind:door")


async def test_a_list_fields_word_is_renamed_and_merged_where_it_stands(boss: Member, anna: Member, crm: Crm) -> None:
    await make_field(boss, "Kind", "List, several", words="roof, wall, walls")
    await anna.send("deal Acme 12k x kind:wall,walls")
    await boss.send("/lists kind")
    await boss.tap("roof")
    await boss.tap("Rename everywhere")
    await boss.send("Roofs")
    await boss.send("/lists kind")
    await boss.tap("walls")
    await boss.tap("Merge into")
    assert "“walls” is “wall” now." in await boss.tap("wall")
    assert "Kind: wall\n" in await anna.send("d1") + "\n"
    walls = await Choice.get(dictionary="deal.kind", name="wall")
    assert {(value.text, value.measure) for value in await FieldValue.all()} == {("wall", walls.id)}
    assert "It stands in 1 record." in await boss.send("/lists kind") or "It stands in 1 record." in await boss.tap(
        "wall"
    )
    assert "Kind: Roofs" in await anna.send("deal Beta 5k x kind:roo")
    await boss.tap("Undo")
    assert await FieldValue.filter(record_id=1, measure=walls.id).count() == 1
    assert "Kind: wall, walls" in await anna.send("d1")
    assert {value.text for value in await FieldValue.filter(record_id=1)} == {"wall", "walls"}


async def test_words_are_ordered_and_deleted(boss: Member, anna: Member) -> None:
    await boss.send("/lists lost reasons")
    await boss.tap("Competitor")
    assert (await boss.tap("↑")).startswith("Competitor, Price")
    await anna.send("deal Acme 12k roof")
    await anna.tap("Lost")
    assert anna.buttons[:2] == ["Competitor", "Price"]
    assert "“Competitor” is gone. What has it keeps it." in await boss.tap("Delete")
    await anna.send("deal Beta 12k roof")
    await anna.tap("Lost")
    assert "Competitor" not in anna.buttons
    assert "Back: word Competitor" in await boss.tap("Undo")


async def test_a_list_of_ones_own_serves_several_fields(boss: Member, anna: Member, crm: Crm) -> None:
    await boss.send("/lists")
    await boss.tap("New list")
    assert "Type the words" in await boss.send("Towns")
    await boss.send("Gdynia, Sopot")
    for of in ("deals", "companies"):
        await boss.send(f"/fields {of}")
        await boss.tap("New field")
        await boss.send("Town")
        await boss.tap("📋 List")
        await boss.tap("Towns · 2")
    assert "Town: Sopot" in await anna.send("deal Acme 12k x town:sop")
    assert "Town: Gdynia" in await anna.send("company Acme town:gdynia")
    assert await Choice.filter(dictionary="Towns").count() == 2
    await boss.send("/lists")
    await boss.tap("New list")
    assert "is in the list already" in await boss.send("towns")


async def test_a_rep_changes_no_words(anna: Member, boss: Member) -> None:
    await anna.send("/lists lost reasons")
    await anna.tap("Price")
    assert anna.buttons == ["← Back"]
    word = await Choice.get(dictionary="lost_reason", name="Price")
    for data in (f"kx:{word.id}:1", f"kr:{word.id}:e", f"km:{word.id}:u", "kn"):
        assert "Your role does not allow that" in await anna.forge(data, anna.card)
    assert (await Choice.get(id=word.id)).version == 1


async def test_a_calls_result_is_one_of_the_lists_words(boss: Member, anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next today 15:00 call them")
    await crm.advance(hours=8)
    await anna.tap("Log call")
    asked = anna.with_button("Wants an offer")
    assert asked.buttons[0] == ["👍 ok", "🔇 no answer"]
    await anna.tap("Wants an offer")
    await anna.tap("10 min")
    call = await Activity.get(kind="call", status="done")
    assert (call.result, call.duration_minutes) == ("Wants an offer", 10)
    assert "Wants an offer" in await anna.send("d1")
