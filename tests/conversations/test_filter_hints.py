"""A filter that finds nothing says what of it may have been meant otherwise, and tells nobody of what is not theirs."""

from __future__ import annotations

import pytest

from botcrm.testing import Member

pytestmark = pytest.mark.usefixtures("roof")


@pytest.fixture
async def roof(anna: Member, bob: Member) -> None:
    await anna.send("deal Acme 12k roof #roof")
    await anna.send("contact Jan Nowak +48600100200 at Acme")
    await bob.send("deal Zeta 9k barn #secret")
    await bob.send("contact Zoe Zoo at Zeta")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("owner:zzz", "owner: nobody called “zzz” whose records you see. There are: Anna Rep"),
        ("owner:anne", "owner: nobody called “anne” whose records you see. Did you mean: Anna Rep?"),
        ("owner:nobody", "owner: “nobody” means: without an owner."),
        ("tag:rof", "tag: there is no “rof”. Did you mean: roof?"),
        ("#rof", "tag: there is no “rof”. Did you mean: roof?"),
        ("tag:x,roof amount>1m", "tag: there is no “x”. There are: roof"),
        ("source:referal", "source: there is no “referal”. Did you mean: Referral?"),
        ("source:zzz", "source: there is no “zzz”. There are: Website, Referral,"),
        ("lost:prise", "reason: there is no “prise”. Did you mean: Price?"),
        ("company:acmee", "company: there is no “acmee”. Did you mean: Acme?"),
        ("company:qqq", "company: there is no “qqq” among what you see."),
        ("contacts city:warsw", "city: there is no “warsw” among what you see."),
        ("amount", "“amount” was looked for as a word. Like this: amount>10k"),
        ("amount 10k", "“amount 10k” was looked for as a word. Like this: amount>10k"),
        ("stage new", "“stage new” was looked for as a word. Like this: stage:new"),
        ("won", "“won” was looked for as a word. Like this: status:won"),
        ("mine", "“mine” was looked for as a word. Like this: owner:me"),
        ("overdue", "“overdue” was looked for as a word. Like this: next:overdue"),
        ("owner:anna rep", '“anna rep” was read as two things. Together: owner:"anna rep"'),
        ("contcts", "“contcts”: did you mean contacts? Like this: filter contacts"),
        ("contcts jan", "“contcts”: did you mean contacts? Like this: filter contacts jan"),
    ],
)
async def test_what_may_have_been_meant(anna: Member, typed: str, hint: str) -> None:
    said = await anna.send(f"filter {typed}")
    assert f"ℹ {hint}" in said
    assert "Nothing here." in said


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("contcts phone:no", "✋ “contcts”: did you mean contacts? Like this: filter contacts phone:no"),
        ("lost", "status:lost"),
        ("city:warsaw", "✋ There is no “city” in deals. Like this: filter contacts city:warsaw"),
        ("kind:call", "✋ There is no “kind” in deals. Like this: filter activities kind:call"),
        (">10k", "✋ stage: “10k” is not understood. Like this: amount>10k"),
        ("tag:", "✋ What is to stand after “tag:”? Like this: tag:roof"),
        ("amount>", "✋ What is to stand after “amount>”? Like this: amount>10k"),
        ("contacts city:", "✋ What is to stand after “city:”? Like this: city:warsaw"),
        ("budget:", "✋ What is to stand after “budget:”? Like this: has:budget"),
    ],
)
async def test_what_cannot_be_read_shows_how_that_very_field_is_written(anna: Member, typed: str, hint: str) -> None:
    assert hint in await anna.send(f"filter {typed}")


@pytest.mark.parametrize(
    "typed", ["tag:roof amount>1m", "company:acme amount>1m", "acme amount>1m", "-tag:rof tag:roof", "stage:new zzz"]
)
async def test_what_there_is_needs_no_hint(anna: Member, typed: str) -> None:
    assert "ℹ" not in await anna.send(f"filter {typed}")


@pytest.mark.parametrize("typed", ["stage : new", "amount>=10 000 pln", "amount>10 000 PLN", "AMOUNT>11K", "Stage:New"])
async def test_spaces_and_big_letters_make_no_difference(anna: Member, typed: str) -> None:
    assert "Deals: 1 · PLN 12,000" in await anna.send(f"filter {typed}")


async def test_no_hint_names_what_is_not_the_readers(anna: Member, bob: Member) -> None:
    for typed in ("tag:secret", "tag:secre", "company:zeta", "company:zet", "contact:zoe", "owner:bob", "owner:bobb"):
        said = await anna.send(f"filter {typed}")
        assert "ℹ" in said
        assert not {"secret?", "Zeta", "Zoe", "Bob"} & set(said.replace(",", " ").split()), typed
    assert "tag: there is no “roof”. There are: secret" in await bob.send("filter tag:roof")
