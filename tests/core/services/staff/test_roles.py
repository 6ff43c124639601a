"""Roles: what an administrator changes about them holds at once, is written down, and can be taken back."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, NewerChange, NotAllowed
from botcrm.core.domain.grants import GRANTED, reaches
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.models import EventRow, Role, User
from botcrm.core.services.access import demand, may, owners
from botcrm.core.services.deals import add_deal
from botcrm.core.services.staff import departments, roles
from botcrm.core.services.staff.invites import invite
from botcrm.core.services.staff.people import LastAdministrator, add_user
from botcrm.core.services.staff.roles import AdministratorsRole, RoleInUse, RoleShipped
from botcrm.core.services.staff.superiors import superiors
from botcrm.core.services.undo.undo import last_work, undo
from tests.core.services.conftest import Office


async def _id(key: str) -> int:
    return (await Role.get(key=key)).id


@pytest.mark.parametrize(("entity", "action"), [(e, a) for e, actions in GRANTED.items() for a in actions])
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_every_grant_holds_from_the_next_line_on(office: Office, entity: str, action: str) -> None:
    for reach in reaches(entity, action):
        async with office.as_(office.admin) as work:
            await roles.set_grant(work, await _id("rep"), entity, action, reach)
        async with office.as_(office.anna) as work:
            assert may(work.actor, entity, Action(action)) == (reach != Reach.NONE)


async def test_every_change_of_a_role_is_an_event_and_goes_back(office: Office) -> None:
    before = (await Role.get(key="rep")).grants
    async with office.as_(office.admin) as work:
        await roles.set_grant(work, await _id("rep"), "deal", "export", Reach.ALL)
    event = await EventRow.filter(type="RoleChanged").order_by("-id").first()
    assert event is not None
    assert (event.entity, event.before["grants"]["deal.export"], event.after["grants"]["deal.export"]) == (
        "role",
        "none",
        "all",
    )
    async with office.as_(office.admin) as work:
        await undo(work, await last_work(work))
    assert (await Role.get(key="rep")).grants == before


async def test_what_was_changed_since_is_not_taken_back(office: Office) -> None:
    async with office.as_(office.admin) as work:
        first = work.id
        await roles.set_grant(work, await _id("rep"), "deal", "export", Reach.ALL)
    async with office.as_(office.admin) as work:
        await roles.set_grant(work, await _id("rep"), "deal", "import", Reach.ALL)
    async with office.as_(office.admin) as work:
        with pytest.raises(NewerChange):
            await undo(work, first)


async def test_only_administrators_and_not_the_administrators_role(office: Office) -> None:
    for who in (office.anna, office.boss):
        async with office.as_(who) as work:
            for refused in (
                roles.roles(work),
                roles.set_grant(work, 1, "deal", "read", Reach.ALL),
                roles.copy_role(work, 1),
                roles.rename_role(work, 1, "X"),
                roles.delete_role(work, 1),
                roles.give_role(work, office.anna.id, 1),
                roles.give_own_role(work, office.anna.id),
                departments.departments(work),
                departments.make_department(work, "Sales"),
            ):
                with pytest.raises(NotAllowed):
                    await refused
    async with office.as_(office.admin) as work:
        with pytest.raises(AdministratorsRole):
            await roles.set_grant(work, await _id("admin"), "deal", "read", Reach.NONE)
        with pytest.raises(AdministratorsRole):
            await roles.give_own_role(work, office.admin.id)
        with pytest.raises(LastAdministrator):
            await roles.give_role(work, office.admin.id, await _id("rep"))
        for entity, action in (("role", "change"), ("setting", "change"), ("deal", "x"), ("x", "read")):
            with pytest.raises(InvalidValue):
                await roles.set_grant(work, await _id("rep"), entity, action, Reach.ALL)


async def test_the_last_administrator_stays_one_when_things_are_taken_back(office: Office) -> None:
    async with office.as_(office.admin) as work:
        given = work.id
        await roles.give_role(work, office.boss.id, await _id("admin"))
    async with office.as_(office.boss) as work:
        await roles.give_role(work, office.admin.id, await _id("rep"))
    async with office.as_(office.boss) as work:
        with pytest.raises(LastAdministrator):
            await undo(work, given)


async def test_a_copy_of_the_administrators_role_administers_nothing(office: Office) -> None:
    async with office.as_(office.admin) as work:
        copy = await roles.copy_role(work, await _id("admin"), "Back office")
        await roles.give_role(work, office.anna.id, copy.id)
    async with office.as_(office.anna) as work:
        assert owners(work.actor, "deal") is None
        for entity in ("role", "department", "setting"):
            assert not may(work.actor, entity, Action.CHANGE)
        assert work.actor.role == "manager"


async def test_copied_renamed_given_and_deleted(office: Office) -> None:
    async with office.as_(office.admin) as work:
        copy = await roles.copy_role(work, await _id("rep"))
        assert (copy.name, copy.key, copy.base) == ("Sales rep 2", "sales_rep_2", "rep")
        copy = await roles.rename_role(work, copy.id, "Call center")
        assert copy.key == "call_center"
        with pytest.raises(InvalidValue):
            await roles.rename_role(work, copy.id, "sales REP")
        assert await invite(work, "call_center", "Eva")
        eva = await add_user(work, name="Eva", role="call_center")
        with pytest.raises(RoleInUse):
            await roles.delete_role(work, copy.id)
        await roles.give_role(work, eva.id, await _id("rep"))
    async with office.as_(office.admin) as work:
        await roles.delete_role(work, copy.id)
        with pytest.raises(RoleShipped):
            await roles.delete_role(work, await _id("rep"))
    assert not await Role.filter(key="call_center").exists()
    async with office.as_(office.admin) as work:
        await undo(work, await last_work(work))
    assert (await Role.get(key="call_center")).id == copy.id


async def test_a_role_of_ones_own(office: Office) -> None:
    async with office.as_(office.admin) as work:
        own = await roles.give_own_role(work, office.anna.id)
        await roles.set_grant(work, own.id, "contact", "read", Reach.ALL)
        assert (await roles.give_own_role(work, office.anna.id)).id == own.id
        with pytest.raises(InvalidValue):
            await invite(work, own.key)
    async with office.as_(office.anna) as work:
        assert owners(work.actor, "contact") is None
        assert work.actor.role == "rep"
    async with office.as_(office.zofia) as work:
        assert owners(work.actor, "contact") == frozenset({office.zofia.id})
    async with office.as_(office.admin) as work:
        await roles.give_role(work, office.anna.id, await _id("rep"))
    assert not await Role.filter(key=own.key).exists()
    async with office.as_(office.admin) as work:
        await undo(work, await last_work(work))
    async with office.as_(office.anna) as work:
        assert owners(work.actor, "contact") is None


async def test_departments_reach_downwards(office: Office) -> None:
    async with office.as_(office.admin) as work:
        south = await departments.make_department(work, "Sales/South")
        north = await departments.make_department(work, "sales/North")
        assert (south.parent_id, north.path) == (north.parent_id, "Sales/North")
        await departments.place_person(work, office.zofia.id, south.id)
        await departments.place_person(work, office.boss.id, south.parent_id)
    async with office.as_(office.zofia) as work:
        await add_deal(work, title="roof")
    async with office.as_(office.boss) as work:
        assert office.zofia.id in work.actor.team
    async with office.as_(office.admin) as work:
        await departments.place_person(work, office.boss.id, None)
        await departments.set_head(work, south.id, office.boss.id)
        assert [one.id for one in await superiors(work, office.zofia.id, 1)] == [office.boss.id]
    async with office.as_(office.boss) as work:
        assert office.zofia.id in work.actor.team
        demand(work, "deal", Action.READ)
    async with office.as_(office.admin) as work:
        with pytest.raises(departments.DepartmentInUse):
            await departments.delete_department(work, south.id)
        assert south.parent_id is not None
        with pytest.raises(InvalidValue):
            await departments.move_department(work, south.parent_id, south.id)
        await departments.move_department(work, south.id, None)
    assert [branch.path for branch in await _tree(office)] == ["Sales", "Sales/North", "South"]
    async with office.as_(office.admin) as work:
        await undo(work, await last_work(work))
    # Moved, refused and read in one work: it goes back as one.
    assert [branch.path for branch in await _tree(office)] == ["Sales", "Sales/North", "Sales/South"]
    async with office.as_(office.admin) as work:
        await departments.delete_department(work, north.id)
    async with office.as_(office.admin) as work:
        await undo(work, await last_work(work))
    assert len(await _tree(office)) == 3


async def _tree(office: Office) -> list[departments.Branch]:
    async with office.as_(office.admin) as work:
        return await departments.departments(work)


async def test_a_department_where_somebody_works_by_now_does_not_vanish(office: Office) -> None:
    async with office.as_(office.admin) as work:
        made = work.id
        branch = await departments.make_department(work, "Sales")
    async with office.as_(office.admin) as work:
        await departments.place_person(work, office.anna.id, branch.id)
    async with office.as_(office.admin) as work:
        with pytest.raises(NewerChange):
            await undo(work, made)
    assert (await User.get(id=office.anna.id)).department_id == branch.id
    assert await db.fetch_one("SELECT 1 AS y FROM department WHERE id = ?", branch.id)
