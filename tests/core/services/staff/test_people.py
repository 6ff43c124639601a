"""The staff: teams, invitations, settings."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, InviteUnusable, NotAllowed, NotFound
from botcrm.core.models import Department, Role, User
from botcrm.core.services.staff.invites import accept_invite, invite
from botcrm.core.services.staff.people import (
    actor_by_id,
    actor_by_telegram,
    change_setting,
    deactivate_user,
    find_person,
    needs_first_administrator,
    preferences,
    team_of,
)
from botcrm.core.services.staff.shipped_roles import ROLES, seed_roles
from tests.core.services.conftest import Office


async def test_a_team_is_everybody_below_and_the_departments_branch(office: Office) -> None:
    low = await office.person("Low", manager_id=office.anna.id)
    sales = await Department.create(name="Sales")
    north = await Department.create(name="North", parent=sales)
    seller = await office.person("Seller")
    his = await office.person("His", manager_id=seller.id)
    await User.filter(id=office.boss.id).update(department_id=sales.id)
    await User.filter(id=seller.id).update(department_id=north.id)
    wanted = {office.boss.id, office.anna.id, low.id, seller.id, his.id}
    assert await team_of(office.boss.id, sales.id) == wanted
    actor = await actor_by_id(office.app.defaults, office.boss.id)
    assert actor
    assert actor.team == wanted
    assert await team_of(office.anna.id, None) == {office.anna.id, low.id}


async def test_managers_and_departments_in_a_circle_end(office: Office) -> None:
    await User.filter(id=office.boss.id).update(manager_id=office.anna.id)
    assert await team_of(office.anna.id, None) == {office.anna.id, office.boss.id}
    await User.filter(id=office.zofia.id).update(manager_id=office.zofia.id)
    assert await team_of(office.zofia.id, None) == {office.zofia.id}
    one = await Department.create(name="One")
    two = await Department.create(name="Two", parent=one)
    await Department.filter(id=one.id).update(parent_id=two.id)
    await User.filter(id=office.zofia.id).update(department_id=two.id)
    assert await team_of(office.admin.id, one.id) == {office.admin.id, office.zofia.id}


async def test_who_is_shut_out_is_nobody(office: Office) -> None:
    async with office.as_(None) as work:
        await deactivate_user(work, office.anna.id)
        with pytest.raises(NotFound):
            await deactivate_user(work, office.anna.id)
    assert await actor_by_telegram(office.app.defaults, 3) is None
    assert await actor_by_id(office.app.defaults, office.anna.id) is None


async def test_a_link_lets_one_person_in_once(office: Office) -> None:
    async with office.as_(office.boss) as work:
        token = await invite(work, "rep", "Ola")
    row = await db.fetch_one("SELECT token_hash FROM invite")
    assert row
    assert token not in row["token_hash"]
    async with office.as_(None) as work:
        ola = await accept_invite(work, token, 50, "Aleksandra", "ola")
    assert (ola.name, ola.manager_id, ola.username) == ("Ola", office.boss.id, "ola")
    for telegram_id, used in ((51, token), (52, "never made"), (53, "")):
        async with office.as_(None) as work:
            with pytest.raises(InviteUnusable):
                await accept_invite(work, used, telegram_id, "X", None)


async def test_a_link_grows_old(office: Office) -> None:
    async with office.as_(office.admin) as work:
        token = await invite(work, "rep")
    office.move(days=7, seconds=1)
    async with office.as_(None) as work:
        with pytest.raises(InviteUnusable):
            await accept_invite(work, token, 50, "Ola", None)


async def test_who_is_in_already_stays_what_they_are(office: Office) -> None:
    """An administrator who tried the link made for a rep became a rep."""
    async with office.as_(office.admin) as work:
        token = await invite(work, "rep")
    async with office.as_(None) as work:
        assert (await accept_invite(work, token, 1, "Ada", None)).id == office.admin.id
    actor = await actor_by_telegram(office.app.defaults, 1)
    assert actor
    assert actor.role == "admin"
    async with office.as_(None) as work:
        assert (await accept_invite(work, token, 60, "Ola", None)).telegram_id == 60


async def test_who_may_invite_whom(office: Office) -> None:
    async with office.as_(office.anna) as work:
        with pytest.raises(NotAllowed):
            await invite(work, "rep")
    async with office.as_(office.boss) as work:
        for role in ("manager", "admin"):
            with pytest.raises(NotAllowed):
                await invite(work, role)
    async with office.as_(office.admin) as work:
        assert await invite(work, "admin")
        with pytest.raises(InvalidValue):
            await invite(work, "king")


async def test_only_the_last_printed_link_makes_the_first_administrator(office: Office) -> None:
    await User.filter(id=office.admin.id).update(active=False)
    assert await needs_first_administrator()
    tokens = []
    for _ in range(3):
        async with office.as_(None) as work:
            tokens.append(await invite(work, "admin"))
    async with office.as_(None) as work:
        await accept_invite(work, tokens[-1], 70, "First", None)
    assert not await needs_first_administrator()
    for token in tokens[:-1]:
        async with office.as_(None) as work:
            with pytest.raises(InviteUnusable):
                await accept_invite(work, token, 71, "Second", None)


async def test_a_persons_choice_goes_before_the_companys(office: Office) -> None:
    async def minutes(user: User | None) -> int:
        return (await preferences(office.app.defaults, user.id if user else 0)).reminder_minutes

    assert await minutes(office.anna) == 15
    async with office.as_(office.admin) as work:
        await change_setting(work, "reminder_minutes", "30", for_company=True)
    assert (await minutes(office.anna), await minutes(None)) == (30, 30)
    async with office.as_(office.anna) as work:
        await change_setting(work, "reminder_minutes", "5", for_company=False)
        with pytest.raises(NotAllowed):
            await change_setting(work, "reminder_minutes", "5", for_company=True)
        with pytest.raises(NotAllowed):
            await change_setting(work, "currency", "EUR", for_company=False)
        with pytest.raises(InvalidValue):
            await change_setting(work, "colour", "red", for_company=False)
    assert [await minutes(user) for user in (office.anna, office.zofia, None)] == [5, 30, 30]


async def test_a_name_means_one_colleague_within_reach(office: Office) -> None:
    async with office.as_(office.boss) as work:
        assert (await find_person(work, "@anna")).id == office.anna.id
        for name in ("zofia", "nobody", ""):
            with pytest.raises(NotFound):
                await find_person(work, name)
    async with office.as_(office.anna) as work:
        with pytest.raises(NotFound):
            await find_person(work, "Marek")
    async with office.as_(office.admin) as work:
        assert (await find_person(work, "Zof")).id == office.zofia.id


async def test_grants_that_somebody_changed_stay(office: Office) -> None:
    decided = {"deal.read": "all", "filter.read": "none", "field.read": "none", "choice.read": "none"}
    await Role.filter(key="rep").update(grants=decided)
    async with db.transaction():
        await seed_roles()
    assert {role.key for role in await Role.all()} == set(ROLES)
    actor = await actor_by_id(office.app.defaults, office.anna.id)
    assert actor
    assert actor.grants == decided
