"""What was changed about roles and departments goes back only to what can be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, NewerChange
from botcrm.core.models import Role, User
from botcrm.core.services.staff import departments, roles
from botcrm.core.services.undo.undo import undo
from botcrm.core.services.work import Work
from tests.core.services.conftest import Office

T = TypeVar("T")


async def did(office: Office, what: Callable[[Work], Awaitable[T]]) -> tuple[int, T]:
    """Have the administrator do one thing; returns the id of the work, and what it returned."""
    async with office.as_(office.admin) as work:
        return work.id, await what(work)


async def refused(office: Office, work_id: int) -> NewerChange:
    with pytest.raises(NewerChange) as found:
        await did(office, lambda work: undo(work, work_id))
    return found.value


async def test_no_department_comes_to_be_below_itself_by_an_undo(office: Office) -> None:
    _, a = await did(office, lambda work: departments.make_department(work, "A"))
    _, b = await did(office, lambda work: departments.make_department(work, "B"))
    await did(office, lambda work: departments.move_department(work, a.id, b.id))
    moved, _ = await did(office, lambda work: departments.move_department(work, a.id, None))
    back, _ = await did(office, lambda work: departments.move_department(work, b.id, a.id))
    await refused(office, moved)
    _, tree = await did(office, departments.departments)
    assert [(one.name, one.depth) for one in tree] == [("A", 0), ("B", 1)]
    for below in (a.id, b.id):
        with pytest.raises(InvalidValue):
            async with office.as_(office.admin) as work:
                await departments.move_department(work, a.id, below)
    await did(office, lambda work: undo(work, back))
    await did(office, lambda work: undo(work, moved))
    _, tree = await did(office, departments.departments)
    assert [one.path for one in tree] == ["B", "B/A"]


async def test_what_hung_on_something_gone_does_not_come_back(office: Office) -> None:
    _, above = await did(office, lambda work: departments.make_department(work, "P"))
    _, below = await did(office, lambda work: departments.make_department(work, "P/X"))
    gone, _ = await did(office, lambda work: departments.delete_department(work, below.id))
    above_gone, _ = await did(office, lambda work: departments.delete_department(work, above.id))
    assert "Ada" in str((await refused(office, gone)).facts.values())
    await did(office, lambda work: undo(work, above_gone))
    await did(office, lambda work: undo(work, gone))
    _, tree = await did(office, departments.departments)
    assert [one.path for one in tree] == ["P", "P/X"]


async def test_nobody_goes_back_to_a_department_that_is_gone(office: Office) -> None:
    _, y = await did(office, lambda work: departments.make_department(work, "Y"))
    _, z = await did(office, lambda work: departments.make_department(work, "Z"))
    await did(office, lambda work: departments.place_person(work, office.anna.id, y.id))
    placed, _ = await did(office, lambda work: departments.place_person(work, office.anna.id, z.id))
    await did(office, lambda work: departments.delete_department(work, y.id))
    await refused(office, placed)
    assert (await User.get(id=office.anna.id)).department_id == z.id


async def test_nobody_gets_a_role_back_that_is_gone(office: Office) -> None:
    rep = await Role.get(key="rep")
    _, copy = await did(office, lambda work: roles.copy_role(work, rep.id))
    await did(office, lambda work: roles.give_role(work, office.anna.id, copy.id))
    given, _ = await did(office, lambda work: roles.give_role(work, office.anna.id, rep.id))
    await did(office, lambda work: roles.delete_role(work, copy.id))
    await refused(office, given)
    assert (await User.get(id=office.anna.id)).role_id == rep.id


async def test_a_role_whose_word_was_taken_since_does_not_come_back(office: Office) -> None:
    rep = await Role.get(key="rep")
    _, copy = await did(office, lambda work: roles.copy_role(work, rep.id, "Support"))
    gone, _ = await did(office, lambda work: roles.delete_role(work, copy.id))
    await did(office, lambda work: roles.copy_role(work, rep.id, "Support"))
    await refused(office, gone)
    assert await db.column("SELECT count(*) FROM role WHERE key = 'support'") == [1]
