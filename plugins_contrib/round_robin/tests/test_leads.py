"""Leads that come in, and who gets them."""

from collections import Counter

import pytest

from botcrm import models, services
from botcrm.testing import Crm, Member


async def come_in(crm: Crm, count: int, source: str = "site") -> list[int | None]:
    """Have so many leads come in by themselves, each in a work of its own; return their owners."""
    owners = []
    for number in range(count):
        async with crm.work() as work:
            lead = await services.add_lead(work, f"Lead {number}", source=source)
            owners.append(lead.owner_id)
    return owners


@pytest.fixture
async def team(crm: Crm, manager: Member) -> list[int]:
    """Give three reps' ids."""
    found = [await crm.join("rep", name, manager=manager) for name in ("Anna", "Bob", "Cleo")]
    return [member.user_id or 0 for member in found]


async def test_reps_get_as_many_each(crm: Crm, team: list[int]) -> None:
    assert await come_in(crm, 7) == [*team, *team, team[0]]


async def test_a_client_who_writes_goes_round_as_well(crm: Crm, team: list[int], admin: Member) -> None:
    for name in ("Zoe", "Yan", "Xenia"):
        await crm.stranger(name).send("Do you do roofs?")
    assert [lead.owner_id for lead in await models.Lead.all().order_by("id")] == team


async def test_leads_of_one_work_go_to_different_people(crm: Crm, team: list[int]) -> None:
    async with crm.work() as work:
        owners = [(await services.add_lead(work, f"Lead {number}", source="site")).owner_id for number in range(4)]
    assert owners == [*team, team[0]]


async def test_a_lead_somebody_types_in_stays_theirs(crm: Crm, team: list[int], rep: Member) -> None:
    await rep.send("/lead Asks for a fence +48601999888")
    assert (await models.Lead.get()).owner_id == rep.user_id


@pytest.mark.parametrize("days", [0, 30])
async def test_a_restart_forgets_nothing(crm: Crm, team: list[int], days: int) -> None:
    await crm.set_up("round_robin", days=days)
    first = await come_in(crm, 2)
    await crm.restart(minutes=5)
    assert first + await come_in(crm, 4) == [*team, *team]


async def test_a_hand_over_makes_nobody_owe_anything(crm: Crm, team: list[int]) -> None:
    await come_in(crm, 1)
    async with crm.work() as work:
        await services.hand_over(work, await models.Lead.get(), team[2])
    assert await come_in(crm, 2) == team[1:]


async def test_what_is_older_than_the_days_counts_no_more(crm: Crm, team: list[int]) -> None:
    await crm.set_up("round_robin", people=team[:2], days=7)
    await come_in(crm, 1)
    await crm.advance(days=8)
    await crm.set_up("round_robin", people=team, days=7)
    assert Counter(await come_in(crm, 3)) == dict.fromkeys(team, 1)


async def test_strictly_is_always_the_first(crm: Crm, team: list[int]) -> None:
    await crm.set_up("round_robin", people=[team[2], team[0]], mode="strictly")
    assert await come_in(crm, 3) == [team[2]] * 3


async def test_whoever_has_left_is_passed_over(crm: Crm, team: list[int]) -> None:
    await crm.set_up("round_robin", people=[*team, 999], mode="strictly")
    await models.User.filter(id=team[0]).update(active=False)
    assert await come_in(crm, 2) == [team[1]] * 2


async def test_only_whoever_is_at_work_by_their_own_clock(crm: Crm, manager: Member) -> None:
    warsaw = await crm.join("rep", "Anna", manager=manager)
    tokyo = await crm.join("rep", "Aiko", manager=manager, zone="Asia/Tokyo")
    # 10:00 in Warsaw is 18:00 in Tokyo, where the working day is just over.
    assert await come_in(crm, 2) == [warsaw.user_id] * 2
    await crm.advance(hours=17)  # 3:00 and 11:00
    assert await come_in(crm, 2) == [tokyo.user_id] * 2
    await crm.set_up("round_robin", only_at_work=False, days=0)
    assert await come_in(crm, 2) == [warsaw.user_id, tokyo.user_id]


async def test_at_night_they_go_round_everybody_or_nobody(crm: Crm, team: list[int]) -> None:
    await crm.advance(hours=12)
    assert await come_in(crm, 3) == team
    await crm.set_up("round_robin", nobody_at_work="nobody")
    assert await come_in(crm, 1) == [None]


async def test_without_any_rep_the_lead_goes_where_it_went_before(crm: Crm, admin: Member, client: Member) -> None:
    await client.send("Do you do roofs?")
    assert (await models.Lead.get()).owner_id == admin.user_id
    assert crm.failures() == 0, crm.last_failure()


async def test_the_administrator_sets_it_up_in_the_chat(crm: Crm, team: list[int], admin: Member) -> None:
    await admin.send("/plugins")
    await admin.tap("Round robin")
    await admin.tap("Settings")
    await admin.tap("People")
    await admin.tap("Cleo")
    await admin.tap("Anna")
    await admin.tap("Back")
    await admin.tap("Mode")
    await admin.tap("strictly")
    assert await come_in(crm, 2) == [team[2]] * 2
