"""The commands that merge what is surely the same, and that look after long changes: the journal."""

import asyncio
import sys
from argparse import Namespace

from botcrm.app import App
from botcrm.cli.failures import Failure
from botcrm.cli.session import actor_named, opened
from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.models import Operation
from botcrm.core.services.actor import Actor
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.duplicates.finding import KIND as DUPLICATES
from botcrm.core.services.merging.many import BulkPlan, Rule, rehearse_bulk_merge, start_bulk_merge
from botcrm.core.services.operations import operations
from botcrm.core.services.operations.undoing import kept_changes
from botcrm.core.services.work import Work
from botcrm.reminders.operations import run_here

ENTITY_OF = {"contacts": "contact", "companies": "company", "leads": "lead"}
_LISTED = 20


def merge(options: Namespace) -> int:
    """Search for what is the same, show what merging it would do, and do so unless it is only rehearsed."""
    asyncio.run(_merge(options))
    return 0


def journal(options: Namespace) -> int:
    """List the long changes, or take one back, let one go on or stop it."""
    asyncio.run(_journal(options))
    return 0


async def _merge(options: Namespace) -> None:
    entity = ENTITY_OF[options.kind]
    async with opened() as app:
        actor = await actor_named(app, options.actor)
        search_id = await _search(app, actor, entity, options.kind)
        rule = Rule(search_id, options.least / 100, options.conflicts)
        plan = await rehearse_bulk_merge(Work(actor, app.now(), Buffer(hooks=app.hooks)), rule)
        _tell(plan, options.least)
        if options.rehearse:
            print("Nothing was merged. Leave --rehearse out to merge.")
            return
        if not plan.groups:
            return
        async with app.work(actor) as work:
            title = f"Merge duplicates from {options.least} % on"
            operation = await start_bulk_merge(work, rule, title)
            await operations.run(work, operation, here=True)
        ended = await run_here(app, operation.id, Progress("merging"))
        print(f"Merged: {ended.counts.get('merged', 0):,} records. To take it back: botcrm journal --undo {ended.id}")


async def _search(app: App, actor: Actor, entity: str, kind: str) -> int:
    async with app.work(actor) as work:
        search = await operations.start(work, DUPLICATES, entity, f"Duplicates among {kind}", params={})
        await operations.run(work, search, here=True)
    found = await run_here(app, search.id, Progress("searching"))
    if found.state != "done":
        raise Failure(f"the search did not end: {found.error or found.state}")
    return int(found.id)


def _tell(plan: BulkPlan, least: int) -> None:
    print(f"{plan.groups:,} groups from {least} % on; {plan.records:,} records go into another one.")
    left = (
        (plan.by_name, "only the names are alike: look at them in the chat, /duplicates"),
        (plan.stale, "something of them was changed since the search"),
        (plan.refused, "their records are not all within reach"),
    )
    for count, why in left:
        if count:
            print(f"{count:,} groups are left: {why}.")
    if plan.owners:
        print(f"{plan.owners:,} groups belong to several people: some of them lose sight of theirs.")
    letter = LETTERS[Entity(plan.entity)]
    for group, names in plan.sample:
        refs = [f"{name} ({letter}{one})" for name, one in zip(names, group.ids, strict=True)]
        print(f"  {refs[0]} <- {', '.join(refs[1:])}: {', '.join(group.reasons)}")


class Progress:
    """Shows how far an operation is, on one line beside the output, where somebody watches."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._watched = sys.stderr.isatty()

    def __call__(self, operation: Operation) -> None:
        seen, total = operation.counts.get("seen", 0), operation.counts.get("total", 0)
        if self._watched and total:
            end = "\n" if operation.state != "running" else "\r"
            print(f"{self._what}: {seen:,} of {total:,}", end=end, file=sys.stderr, flush=True)


# --- the journal ---------------------------------------------------------------------------------------------------------


async def _journal(options: Namespace) -> None:
    async with opened() as app:
        actor = await actor_named(app, options.actor)
        asked = [
            (number, do)
            for number, do in ((options.undo, _undo), (options.resume, _resume), (options.stop, _stop))
            if number is not None
        ]
        if len(asked) > 1:
            raise Failure("one of --undo, --resume and --stop at a time", 2)
        for number, do in asked:
            await do(app, actor, number)
        if not asked:
            await _list(app, actor)


async def _list(app: App, actor: Actor) -> None:
    found = await operations.operations(Work(actor, app.now()), limit=_LISTED)
    for one in found:
        print(_line(one))
    if not found:
        print("No imports, bulk changes or merges yet.")


def _line(operation: Operation) -> str:
    counts = ", ".join(
        f"{name} {count:,}" for name, count in operation.counts.items() if count and name not in ("seen", "total")
    )
    verb = "bring back" if operations.is_again(operation) else "take back"
    title = f"{verb}: {operation.title}" if operation.kind == operations.UNDO else operation.title
    at = operation.created_at.strftime("%Y-%m-%d %H:%M")
    error = f" ({operation.error})" if operation.error else ""
    return f"{operation.id:>5}  {at}  {operation.state:<8}  {title}{': ' if counts else ''}{counts}{error}"


async def _undo(app: App, actor: Actor, number: int) -> None:
    async with app.work(actor) as work:
        try:
            taking = await operations.undo(work, number, here=True)
        except operations.BeingTakenBack as exc:
            raise Failure(f"{exc} If that was broken off: botcrm journal --resume {exc.number}") from exc
    ended = await run_here(app, taking.id, Progress("taking back"))
    print(_line(ended))
    after = 0
    while rows := await kept_changes(ended.id, after=after, limit=1000):
        for after, one in rows:  # noqa: B007 - goes on behind the last one
            letter = LETTERS.get(Entity(one.entity), one.entity)
            print(f"  stayed: {letter}{one.record_id}: {one.reason} {', '.join(one.what)}".rstrip())


async def _resume(app: App, actor: Actor, number: int) -> None:
    async with app.work(actor) as work:
        operation = await operations.operation_of(work, number)
        if operation.state in ("done", "undone"):
            raise Failure(f"no. {number} has ended: {operation.state}")
        await operations.run(work, operation, here=True)
    print(_line(await run_here(app, number, Progress(operation.title))))


async def _stop(app: App, actor: Actor, number: int) -> None:
    async with app.work(actor) as work:
        await operations.operation_of(work, number)
        taking = await operations.undo_of(number)
        if taking is not None and taking.state == "running":
            raise Failure(f"no. {number} is being taken back as no. {taking.id}: botcrm journal --stop {taking.id}")
        print(_line(await operations.stop(work, number)))
