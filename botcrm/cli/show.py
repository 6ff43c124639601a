"""Commands that only show something."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botcrm.cli.failures import complain
from botcrm.settings import Shown, load_settings, unknown_variables

if TYPE_CHECKING:
    from botcrm.core.models import Role


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns that are as wide as they need; the first row is the heading."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def show_settings() -> int:
    """List the settings."""
    for line in unknown_variables():
        complain(f"warning: {line}")
    shown = load_settings().shown()
    rows = [(row.variable, _value(row), row.meaning) for row in shown]
    print_table([("Variable", "Value", "Meaning"), *rows])
    return 0


def _value(row: Shown) -> str:
    if not row.value:
        return "not set"
    return row.value if row.chosen else f"{row.value} (default)"


def show_staff() -> int:
    """List the staff with their numbers."""
    return asyncio.run(_show_staff())


def role_word(role: "Role") -> str:
    """Return what a role is called where the operator writes it: one of your own by its name, somebody's own by what it began as."""
    if role.key.startswith("user:"):
        return f"own, from {role.base}"
    return role.name if role.base else role.key


async def _show_staff() -> int:
    from botcrm.cli.session import opened
    from botcrm.core.models import User

    async with opened():
        people = await User.all().select_related("role", "manager").order_by("id")
        rows = [
            (
                str(user.id),
                user.name,
                role_word(user.role),
                str(user.telegram_id or "-"),
                user.manager.name if user.manager else "-",
                "yes" if user.active else "no",
            )
            for user in people
        ]
    print_table([("No.", "Name", "Role", "Telegram", "Manager", "Active"), *rows])
    return 0
