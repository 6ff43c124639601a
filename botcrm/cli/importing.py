"""The command that takes a file's records in: it goes on where it was broken off, whatever broke it off."""

import asyncio
import gc
import sys
import time
from argparse import Namespace
from pathlib import Path

from botcrm.app import App
from botcrm.cli.failures import Failure, complain
from botcrm.cli.session import actor_named, colleague, opened
from botcrm.core.models import Operation
from botcrm.core.much_written import much_written
from botcrm.core.services.actor import Actor
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.exporting.export import ENTITY_OF
from botcrm.core.services.importing.fields import FIELDS, NOTE, SKIP
from botcrm.core.services.importing.owed import pay
from botcrm.core.services.importing.piece import demand_import
from botcrm.core.services.operations import operations
from botcrm.core.services.work import Work
from botcrm.imports.analysing import Analysis, Layout, analyse, frame_of, read_layout, remember_columns
from botcrm.imports.earlier import system_name
from botcrm.imports.headers import looks_like_data
from botcrm.imports.problems import reason
from botcrm.imports.sources import TITLES
from botcrm.imports.step import fingerprint
from botcrm.reminders.filling import fill_here
from botcrm.reminders.operations import run_here
from botcrm.words import Words

_TOLD_EVERY = 2.0  # seconds
_SHOWN_PROBLEMS = 50


def import_file(options: Namespace) -> int:
    """Import a file, or look it through where nothing is to be written."""
    asyncio.run(_import(options))
    return 0


async def _import(options: Namespace) -> None:
    path = Path(options.file)
    if not await asyncio.to_thread(path.is_file):
        raise Failure(f"there is no file {path}")
    path = await asyncio.to_thread(path.resolve)
    entity = ENTITY_OF[options.kind]
    async with opened() as app:
        actor = await actor_named(app, options.actor)
        work = Work(actor, app.now(), Buffer(company=actor.prefs, hooks=app.hooks))
        demand_import(work, entity)
        owner_id = (await colleague(work, options.owner)).id if options.owner else None
        # Rows are known by keys that a base of an older version may not have yet.
        await fill_here(app.work)
        layout = await read_layout(
            path,
            entity,
            encoding=options.encoding,
            delimiter=_delimiter(options.delimiter),
            source=system_name(options.source) if options.source else None,
            chosen=_chosen(options.map),
        )
        _describe(path, layout)
        await frame_of(work, layout)  # a field that there is not is refused before anything begins
        if options.dry_run:
            _tell(Words(actor.prefs, app.now()), await analyse(work, path, layout, default_owner=owner_id))
            return
        if "name" not in layout.mapping and not {"first_name", "last_name", "title", "email", "phone"} & set(
            layout.mapping
        ):
            if looks_like_data(layout.header):
                raise Failure("the first row looks like data: put the names of the columns above it (Name, Phone, …)")
            raise Failure(
                f'no column holds the names: say which with --map "COLUMN={"title" if entity == "deal" else "name"}"'
            )
        await _run(app, actor, await _begun(app, actor, path, layout, options, owner_id))


def _delimiter(text: str) -> str:
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(text.lower(), text)
    if len(named) > 1:
        raise Failure(f"a delimiter is one character, or tab; {text!r} is none", 2)
    return named


def _chosen(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not equals or not column.strip():
            raise Failure(f'--map is written "Phone 2=phone"; {pair!r} is not', 2)
        found[column.strip()] = field.strip()
    return found


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _describe(path: Path, layout: Layout) -> None:
    about = layout.about
    facts = [about.kind.upper(), about.encoding, repr(about.delimiter) if about.delimiter else "", about.sheet]
    facts += [
        f"about {_rows(about.rows)}" if about.rows else "",
        f"from {TITLES.get(layout.source, layout.source)}" if layout.source else "",
    ]
    complain(f"{path.name}: {', '.join(filter(None, facts))}")
    for column, field in zip(layout.header, layout.mapping, strict=True):
        complain(f"  {column} -> {'a line of the note' if field == NOTE else field or 'skipped'}")
    if NOTE in layout.mapping or SKIP in layout.mapping:
        fields = ", ".join(one.name for one in FIELDS[layout.entity])
        complain(f'  Change it with --map "COLUMN=FIELD"; fields: {fields}, note:, skip.')


def _tell(words: Words, found: Analysis) -> None:
    counts = found.counts
    print(
        f"{_rows(counts['total'])}: {counts['new']:,} new, {counts['known']:,} there already, {counts['bad']:,} with problems. "
        "Nothing was written."
    )
    for row in found.rows:
        said = {**row.values, "phones": row.phones, "emails": row.emails, "company": row.company, "tags": row.tags}
        kept = {name: value for name, value in said.items() if value and name != "owner_id"}
        print(f"  row {row.number}: " + "; ".join(f"{name} {value}" for name, value in kept.items()))
    for row in found.bad[:_SHOWN_PROBLEMS]:
        print(f"row {row.number}: " + " ".join(reason(words, problem) for problem in row.problems))
    if counts["bad"] > _SHOWN_PROBLEMS:
        print(f"and {counts['bad'] - _SHOWN_PROBLEMS:,} more")
    if counts["partial"]:
        print(f"{_rows(counts['partial'])} would come in without a value that makes no sense; it goes into their note:")
    for row in found.partial[:_SHOWN_PROBLEMS]:
        print(f"row {row.number}: " + " ".join(reason(words, problem) for problem in row.left_out))
    if counts["partial"] > _SHOWN_PROBLEMS:
        print(f"and {counts['partial'] - _SHOWN_PROBLEMS:,} more")


async def _begun(
    app: App, actor: Actor, path: Path, layout: Layout, options: Namespace, owner_id: int | None
) -> Operation:
    """Return the import to be done: one of this very file that was broken off, else a new one."""
    mark = await asyncio.to_thread(fingerprint, path)
    problems = options.problems or str(path.with_name(f"{path.stem}.problems.csv"))
    params = {
        "name": path.name,
        "path": str(path),
        "fingerprint": mark,
        "header": list(layout.header),
        "mapping": list(layout.mapping),
        "source": layout.source,
        "encoding": layout.about.encoding,
        "delimiter": layout.about.delimiter,
        "rule": "overwrite" if options.overwrite else options.rule,
        "owner_id": owner_id,
        "heard": options.run_rules,
        "problems": str(await asyncio.to_thread(Path(problems).resolve)),
        "here": True,
    }
    async with app.work(actor) as work:
        await remember_columns(work, layout)
        for operation in await Operation.filter(
            kind="import", entity=layout.entity, actor_id=actor.id, state__in=("running", "stopped", "failed")
        ).order_by("-id"):
            if operation.params.get("fingerprint") == mark and operation.params.get("path") == str(path):
                seen = operation.counts.get("seen", 0)
                complain(f"Going on behind row {seen:,}, where it was broken off, as it was begun.")
                break
        else:
            operation = await operations.start(work, "import", layout.entity, path.name, params=params)
            operation.counts = {"total": layout.about.rows or 0}
            await operation.save(update_fields=["counts"])
        await operations.run(work, operation, here=True)
    return operation


async def _run(app: App, actor: Actor, operation: Operation) -> None:
    began, told = time.monotonic(), time.monotonic()
    before = operation.counts.get("seen", 0)

    def progress(now: Operation) -> None:
        nonlocal told
        if time.monotonic() - told >= _TOLD_EVERY:
            told = time.monotonic()
            seen, total = now.counts.get("seen", 0), now.counts.get("total", 0)
            rate = (seen - before) / (told - began)
            complain(f"{seen:,} of {'about ' if total != seen else ''}{max(total, seen):,} rows, {rate:,.0f} a second")

    # Rows by the thousand live for a moment and hold no cycles: looking for some each time costs a tenth.
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        async with much_written():
            operation = await run_here(app, operation.id, progress)
    except BaseException:
        complain("Broken off. The same command goes on where it was.")
        raise
    finally:
        gc.set_threshold(*usual)
        await _pay(app, actor, operation.id)
    _end(operation, time.monotonic() - began, before)


async def _pay(app: App, actor: Actor, operation_id: int) -> None:
    """Let what is in be found, also where the import did not come to its end."""
    operation = await Operation.get(id=operation_id)
    while operation.progress.get("owed"):
        async with app.work(actor) as work:
            progress = dict(operation.progress)
            await pay(work, progress)
            await operations.advance(work, operation, progress=progress, counts=operation.counts)


def _end(operation: Operation, seconds: float, before: int) -> None:
    counts = operation.counts
    seen = counts.get("seen", 0)
    said = [f"{counts.get(name, 0):,} {word}" for name, word in _SAID if counts.get(name)]
    print(
        f"{_rows(seen)}: {', '.join(said) or 'nothing new'}. {(seen - before) / max(seconds, 0.001):,.0f} rows a second."
    )
    if counts.get("bad"):
        print(f"The rows with problems are in {operation.params['problems']}: mend them there and import that file.")
    if operation.state != "done":
        raise Failure(operation.error or f"the import is {operation.state}; the same command goes on where it was")
    print(f"To take it back: botcrm journal --undo {operation.id}.", file=sys.stderr)


_SAID = (
    ("created", "new"),
    ("changed", "changed"),
    ("same", "unchanged"),
    ("skipped", "there already"),
    ("companies", "companies made"),
    ("contacts", "contacts made"),
    ("partial", "without a value that made no sense (it is in their note)"),
    ("bad", "with problems"),
)
