"""What commands share: the settings, and an open App."""

import contextlib
import re
from collections.abc import AsyncIterator

from botcrm.app import App
from botcrm.cli.failures import Failure, complain
from botcrm.core.domain.errors import NotFound
from botcrm.core.models import User
from botcrm.core.services.actor import Actor
from botcrm.core.services.staff.people import actor_by_id, find_person, preferences, system
from botcrm.core.services.work import Work
from botcrm.logs import setup_logging
from botcrm.settings import Settings, load_settings, unknown_variables


def read_settings() -> Settings:
    """Read the settings, saying which variables are misspelt.

    :raises SettingsError: something cannot be used
    """
    for line in unknown_variables():
        complain(f"warning: {line}")
    return load_settings()


@contextlib.asynccontextmanager
async def opened(settings: Settings | None = None) -> AsyncIterator[App]:
    """Open the App of a short command: the database is brought up to date, and only warnings are logged."""
    settings = settings or read_settings()
    level = "DEBUG" if settings.log_level == "DEBUG" else "WARNING"
    setup_logging(level, settings.log_format, settings.secrets())
    app = App(settings)
    try:
        await app.start()
        yield app
    finally:
        await app.stop()


async def colleague(work: Work, text: str) -> User:
    """Return the active person of this name, or of this number in `botcrm user list`.

    :raises Failure: nobody, or several
    """
    if re.fullmatch(r"\d{1,9}", text.strip()):
        user = await User.filter(id=int(text), active=True).first()
        if user:
            return user
    with contextlib.suppress(NotFound):
        return await find_person(work, text)
    names = [f"{user.name} ({user.id})" for user in await User.filter(active=True).order_by("name").limit(20)]
    raise Failure(f"nobody, or more than one, is called “{text}”. The staff: {', '.join(names) or 'nobody yet'}.")


async def actor_named(app: App, name: str | None) -> Actor:
    """Return the colleague a command acts as, the system where none is named.

    :raises Failure: nobody, or several are called so
    """
    company = system(await preferences(app.defaults))
    if not name:
        return company
    actor = await actor_by_id(app.defaults, (await colleague(Work(company, app.now()), name)).id)
    assert actor
    return actor
