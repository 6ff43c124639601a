"""Who reports to whom: everybody under a manager goes over to another one, and back."""

from botcrm.core import db
from botcrm.core.domain.events import UserChanged
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.models import User
from botcrm.core.services.access import owners
from botcrm.core.services.staff.people import grants_in, team_of
from botcrm.core.services.work import Work

_WIDE = (Reach.DEPARTMENT, Reach.ALL)


async def reports_to_move(work: Work, from_id: int, to_id: int) -> list[int]:
    """Return the active people who report to somebody and could report to a colleague instead.

    None where the colleague's role is to see their own work alone, or where the actor does not reach all of them.
    """
    row = await db.fetch_one('SELECT r.grants FROM "user" u JOIN role r ON r.id = u.role_id WHERE u.id = ?', to_id)
    if row is None or Reach(grants_in(row["grants"]).get("deal.read", Reach.NONE)) not in _WIDE:
        return []
    rows = await db.fetch(
        'SELECT id FROM "user" WHERE active AND manager_id = ? AND id <> ? ORDER BY id', from_id, to_id
    )
    found = [int(one["id"]) for one in rows]
    reached = owners(work.actor, "deal", Action.CHANGE)
    return found if reached is None or reached.issuperset(found) else []


async def move_reports(work: Work, from_id: int, to_id: int) -> int:
    """Have everybody who reports to somebody report to a colleague; returns how many they are.

    A colleague who works under that somebody goes up to their manager: nobody is to be above themselves.
    """
    moving = await reports_to_move(work, from_id, to_id)
    if moving and to_id in await team_of(from_id, None):
        former = await User.get(id=from_id)
        await _report_to(work, to_id, former.manager_id)
    for user_id in moving:
        await _report_to(work, user_id, to_id)
    return len(moving)


async def _report_to(work: Work, user_id: int, manager_id: int | None) -> None:
    user = await User.get(id=user_id)
    await User.filter(id=user_id).update(manager_id=manager_id, updated_at=work.now, version=user.version + 1)
    work.remember_plain(UserChanged, "user", user_id, manager_id=manager_id, before=user.manager_id)


async def give_back_reports(work: Work, work_id: int) -> int:
    """Have whoever a work moved to another manager report to the former one; who has another manager by now stays there.

    :returns: how many went back
    """
    count = 0
    rows = await db.fetch(
        "SELECT record_id, after FROM event WHERE work_id = ? AND type = 'UserChanged' ORDER BY id DESC", work_id
    )
    for row in rows:
        after = db.from_json(row["after"])
        user = await User.filter(id=row["record_id"]).first()
        if user is None or "before" not in after or user.manager_id != after["manager_id"]:
            continue
        await _report_to(work, user.id, after["before"])
        count += 1
    return count
