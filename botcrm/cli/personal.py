"""The commands about what is kept of a person: take it out, or erase it."""

import asyncio
import contextlib
import re
import sys
from argparse import Namespace
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from botcrm.app import App
from botcrm.cli.failures import Failure
from botcrm.cli.merging import Progress
from botcrm.cli.session import actor_named, opened
from botcrm.core.domain.kinds import ENTITY_OF
from botcrm.core.services.access import ref
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.personal.erasing import confirmation, start_erasing
from botcrm.core.services.personal.export import gather
from botcrm.core.services.personal.namesakes import namesakes
from botcrm.core.services.personal.person import alike, counts_of, name_of, own_companies, person_of
from botcrm.core.services.work import Work
from botcrm.reminders.operations import run_here

if TYPE_CHECKING:
    from botcrm.telegram.api import Transport

# No chat has to carry it: as much as fits on the disk.
_MOST = 10**12


def personal(options: Namespace) -> int:
    """Take out what is kept of a person, or erase it."""
    asyncio.run(_export(options) if options.action == "export" else _erase(options))
    return 0


def _reference(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"([cl])(\d{1,9})", text.strip().casefold())
    if not found:
        raise Failure(f"“{text}” is no person's reference: c12 is a contact, l7 a lead.", code=2)
    return str(ENTITY_OF[found[1]]), int(found[2])


async def _export(options: Namespace) -> None:
    from botcrm.telegram.personal import fetched, zipped

    entity, record_id = _reference(options.reference)
    target = Path(options.target)
    _refuse_taken(target)
    async with opened() as app, _transport(app, options) as transport:
        actor = await actor_named(app, options.actor)
        document = await gather(Work(actor, app.now(), Buffer(hooks=app.hooks)), entity, record_id)
        missing: dict[str, str] = {}
        try:
            if target.suffix.casefold() == ".zip":
                _write(target, await zipped(transport, document, _MOST))
            else:
                async for name, content in fetched(transport, document, missing, _MOST):
                    _write(target / "files" / name, content)
                _write(target / "person.json", document.text(missing).encode())
        except OSError as error:
            raise Failure(f"{target} cannot be written: {error.strerror}") from None
    print(f"{target}: all that is kept of {document.ref}.")
    for name, why in missing.items():
        print(f"not enclosed: {name}: {why}", file=sys.stderr)


def _refuse_taken(target: Path) -> None:
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise Failure(f"{target} exists; name another one")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@contextlib.asynccontextmanager
async def _transport(app: App, options: Namespace) -> AsyncIterator["Transport | None"]:
    """Open what files are fetched through; None where there is no token, or nobody wants them."""
    token = app.settings.token_text()
    if token is None or options.no_files:
        yield None
        return
    from botcrm.telegram.api import HttpTransport

    transport = HttpTransport(app.settings.telegram_api, token)
    try:
        yield transport
    finally:
        await transport.close()


async def _erase(options: Namespace) -> None:
    entity, record_id = _reference(options.reference)
    async with opened() as app:
        actor = await actor_named(app, options.actor)
        async with app.work(actor) as work:
            person = await person_of(work, entity, record_id)
            counts = ", ".join(f"{name} {count}" for name, count in (await counts_of(work, person)).items())
            print(f"{await name_of(person)} ({person.ref}): {counts}.")
            own = await own_companies(work, person)
            along = own if options.with_company else []
            if own and not along:
                print(
                    "With no one else in it: " + ", ".join(f"o{one}" for one in own) + "; --with-company erases it too."
                )
            reached = await alike(work, person)
            if called := [one for one in await namesakes(work, person) if one not in reached]:
                print(f"Perhaps also, of the same name, and not erased: {', '.join(ref(*one) for one in called)}.")
            if others := [one for one in reached if one not in [("company", o) for o in along]]:
                named = ", ".join(ref(*one) for one in others)
                print(f"With the same phone, e-mail or account, and not erased: {named}.")
        if not options.yes:
            print(
                "Erased is who they are and what was said; deals keep amounts and stages. It cannot be taken back.\n"
                "Nothing was erased. Add --yes to erase."
            )
            return
        async with app.work(actor) as work:
            operation = await start_erasing(work, entity, record_id, confirmation(person, along), here=True)
        ended = await run_here(app, operation.id, Progress("erasing"))
        if ended.state != "done":
            raise Failure(f"not erased: {ended.error or ended.state}")
    print(
        f"Erased: {person.ref}. Copies of the database made before still hold it: delete them when their time is over."
    )
