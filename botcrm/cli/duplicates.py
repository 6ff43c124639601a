"""The command that searches a whole base for records that are the same."""

import asyncio
import csv
import io
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence

from botcrm.cli.data import output_file
from botcrm.cli.session import actor_named, opened
from botcrm.core.domain.whole_base import Group
from botcrm.core.services.access import owners
from botcrm.core.services.duplicates.finding import external_ids, find_groups, names
from botcrm.core.services.exporting.formats import guarded

ENTITY_OF = {"contacts": "contact", "companies": "company", "leads": "lead"}
COLUMNS = ("group", "id", "external_id", "score", "reasons")


def duplicates(options: Namespace) -> int:
    """Search and write the groups out."""
    asyncio.run(_duplicates(options))
    return 0


async def _duplicates(options: Namespace) -> None:
    entity = ENTITY_OF[options.kind]
    async with opened() as app:
        people = None
        if options.actor:
            people = owners(await actor_named(app, options.actor), entity)
        groups = (await find_groups(entity, people, _Progress()))[: options.limit]
        ids = [member.record_id for group in groups for member in group.members]
        external = await external_ids(entity, ids)
        called = await names(entity, ids) if options.format == "table" else {}
    pieces = _csv(groups, external) if options.format == "csv" else _table(groups, external, called)
    with output_file(options.output) as target:
        for piece in pieces:
            target.write(piece.encode())


class _Progress:
    """Shows how far a search is, on one line beside the output, where somebody watches."""

    def __init__(self) -> None:
        self._shown = -1
        self._watched = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        step = done if self._watched else done // 10 * 10
        if step == self._shown:
            return
        self._shown = step
        end = "\r" if self._watched and done < total else "\n"
        print(f"searching: {step} %", end=end, file=sys.stderr, flush=True)


def said(member_reasons: Sequence[object]) -> str:
    """Write reasons down: "same phone; name 92 %"."""
    words = []
    for reason in member_reasons:
        what, percent = getattr(reason, "what", ""), getattr(reason, "percent", 0)
        plain = what.removeprefix("near_").replace("_", " ")
        words.append(f"{plain} {percent} %" if percent else f"{'like' if what.startswith('near_') else 'same'} {plain}")
    return "; ".join(words)


def _csv(groups: Sequence[Group], external: dict[int, str]) -> Iterator[str]:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for number, group in enumerate(groups, 1):
        for member in group.members:
            known = guarded(external.get(member.record_id, ""))
            writer.writerow((number, member.record_id, known, f"{member.score:.4f}", said(member.reasons)))
        if out.tell() > 1 << 16:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _table(groups: Sequence[Group], external: dict[int, str], called: dict[int, str]) -> Iterator[str]:
    if not groups:
        yield "No duplicates found.\n"
    for number, group in enumerate(groups, 1):
        yield f"{number}. {group.score:.0%}\n"
        for member in group.members:
            known = external.get(member.record_id)
            about = f"{called.get(member.record_id, '')} ({member.record_id}{f', {known}' if known else ''})"
            yield f"   {about}: {said(member.reasons)}\n"
