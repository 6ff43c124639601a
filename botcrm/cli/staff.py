"""Commands about people of the staff."""

import asyncio
from argparse import Namespace

from botcrm.cli.failures import Failure, complain
from botcrm.cli.session import colleague, opened
from botcrm.cli.show import role_word, show_staff
from botcrm.core.models import Deal, Role
from botcrm.core.services.staff import invites, people


def user(options: Namespace) -> int:
    """Add, list or deactivate."""
    match options.action:
        case "add":
            return asyncio.run(
                _add(options.name, options.role, options.telegram_id, options.manager, options.department)
            )
        case "list":
            return show_staff()
        case _:
            return asyncio.run(_deactivate(options.name))


async def _add(name: str, role: str, telegram_id: int, manager: str | None, department: str | None) -> int:
    async with opened() as app, app.work() as work:
        boss = await colleague(work, manager) if manager else None
        try:
            person = await people.add_user(
                work,
                name=name,
                role=role,
                telegram_id=telegram_id,
                manager_id=boss.id if boss else None,
                department_id=await people.department(department) if department else None,
            )
        except people.LastAdministrator as error:
            raise Failure(f"Telegram {telegram_id}: {error}", code=2) from None
        word = role_word(await Role.get(id=person.role_id))
    below = (f", manager {boss.name}" if boss else "") + (f", {department}" if department else "")
    print(f"{person.name} (no. {person.id}): {word}, Telegram {telegram_id}{below}.")
    return 0


async def _deactivate(name: str) -> int:
    async with opened() as app:
        async with app.work() as work:
            person = await people.deactivate_user(work, (await colleague(work, name)).id)
        left = await Deal.filter(owner_id=person.id, status="open", deleted_at=None).count()
        unled = await people.needs_first_administrator()
    print(f"{person.name} (no. {person.id}) is shut out." + (f" Open deals still theirs: {left}." if left else ""))
    if unled:
        complain("warning: nobody administers botcrm now; `botcrm invite --role admin` lets somebody in.")
    return 0


def invite(options: Namespace) -> int:
    """Print a one-time link."""
    return asyncio.run(_invite(options.role, options.name or "", options.manager))


async def _invite(role: str, name: str, manager: str | None) -> int:
    from botcrm.cli.bot_api import BotApiError, get_me

    async with opened() as app, app.work() as work:
        boss = await colleague(work, manager) if manager else None
        token = await invites.invite(work, role, name, boss.id if boss else None)
        word = role_word(await people.role_called(role))
    if app.settings.token:
        try:
            print(f"https://t.me/{(await get_me(app.settings)).username}?start={token}")
        except BotApiError as error:
            complain(f"warning: no link, because {error}")
    print(f"Sent to the bot, this lets one person in as {word}, once: /start {token}")
    return 0
