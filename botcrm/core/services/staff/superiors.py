"""Who answers for somebody else's work: the managers above them, else the administrators."""

from botcrm.core import db
from botcrm.core.domain.days_off import read_spans
from botcrm.core.domain.zones import to_wall
from botcrm.core.services.staff.people import Person, administrators, person_by_id
from botcrm.core.services.work import Work


async def superiors(work: Work, user_id: int, most: int) -> list[Person]:
    """Return the managers above somebody who can be told, the nearest first; who has left, is away or has no chat is passed over.

    Behind them come the heads of the department that the person works in, and of those above it.

    :param user_id: they may have left themselves
    """
    found: list[Person] = []
    for above in await _above(user_id):
        if len(found) == most:
            break
        person = await person_by_id(work.prefs, above)
        if person is not None and person.telegram_id is not None and not is_away(work, person):
            found.append(person)
    return found


async def _above(user_id: int) -> list[int]:
    """Return who is above somebody: manager after manager, then the heads of their department and of those above it."""
    found: dict[int, None] = {}
    row = await db.fetch_one('SELECT manager_id, department_id FROM "user" WHERE id = ?', user_id)
    department_id = row["department_id"] if row else None
    while row and row["manager_id"] and row["manager_id"] not in (user_id, *found):
        found[row["manager_id"]] = None
        row = await db.fetch_one('SELECT manager_id FROM "user" WHERE id = ?', row["manager_id"])
    heads = await db.fetch(
        "WITH RECURSIVE above(id, parent_id, head_id, n) AS (SELECT id, parent_id, head_id, 0 FROM department WHERE id = ? "
        "UNION ALL SELECT d.id, d.parent_id, d.head_id, a.n + 1 FROM department d JOIN above a ON d.id = a.parent_id "
        "WHERE a.n < 20) SELECT head_id FROM above WHERE head_id IS NOT NULL ORDER BY n",
        department_id or 0,
    )
    return [*found, *(head["head_id"] for head in heads if head["head_id"] not in (user_id, *found))]


async def in_charge(work: Work, user_id: int) -> list[Person]:
    """Return who is to hear of what somebody else leaves undone: the nearest manager, else every administrator with a chat."""
    above = await superiors(work, user_id, 1)
    if above:
        return above
    people = [await person_by_id(work.prefs, admin_id) for admin_id, _ in await administrators() if admin_id != user_id]
    return [person for person in people if person is not None]


async def stand_in(work: Work, user_id: int) -> Person | None:
    """Return who hears of the work of somebody who has left; None where nobody can be told."""
    return next(iter(await in_charge(work, user_id)), None)


def is_away(work: Work, person: Person) -> bool:
    """Tell whether it is a day of somebody's leave, by their own zone."""
    today = to_wall(work.now, person.prefs.zone).date()
    return any(first <= today <= last for first, last in read_spans(person.prefs.leave))
