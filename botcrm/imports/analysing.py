"""Look a file through before anything is written: what its columns are, how rows read, what is wrong, what is there already."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.text import fold
from botcrm.core.services.importing.cells import Frame
from botcrm.core.services.importing.fields import FIELDS, NOTE, SKIP, target
from botcrm.core.services.importing.mappings import recall, remember
from botcrm.core.services.importing.own_fields import own_columns
from botcrm.core.services.importing.piece import Importer, build_frame, demand_import
from botcrm.core.services.importing.rows import Understood
from botcrm.core.services.work import Work
from botcrm.imports import own, sources
from botcrm.imports.earlier import columns_of, system_of
from botcrm.imports.feed import Spec, open_feed
from botcrm.imports.headers import guess
from botcrm.imports.opening import open_table
from botcrm.imports.problems import COLUMN
from botcrm.imports.table import About

# Rows that are looked at before the first one is taken, to tell how dates are written.
SAMPLE = 300
_CHUNK = 1_000
_SHOWN, _MOST_BAD = 3, 1_000
# A file from here on is read by a process of its own, so that whoever waits here goes on, in bytes.
_APART = 1_000_000


class NoSuchColumn(CrmError):
    message = "The file has no column {column}. Its columns: {columns}."


@dataclass(frozen=True, slots=True)
class Layout:
    """A file's columns and what they become.

    :ivar source: the system that it comes from, "botcrm" for our own export, empty where nobody knows
    :ivar sample: the first rows
    """

    entity: str
    header: tuple[str, ...]
    mapping: tuple[str, ...]
    source: str
    about: About
    sample: tuple[list[str], ...]


@dataclass(slots=True)
class Analysis:
    """A file looked through.

    :ivar rows: the first good ones, as understood
    :ivar bad: those with problems, the first thousand
    :ivar partial: those that are taken without a cell, the first thousand
    :ivar counts: total, bad, partial, known (there already), new
    """

    layout: Layout
    rows: list[Understood] = field(default_factory=list)
    bad: list[Understood] = field(default_factory=list)
    partial: list[Understood] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("total", "bad", "partial", "known", "new"), 0)
    )


async def read_layout(
    path: Path,
    entity: str,
    *,
    name: str = "",
    encoding: str = "",
    delimiter: str = "",
    source: str | None = None,
    chosen: Mapping[str, str] | None = None,
) -> Layout:
    """Return a file's columns and what they become: as chosen, else as the last time, else as they are called.

    :param source: the system that it comes from, empty for none; None to tell it by the columns, else as the last time
    :param chosen: column -> field, over what is guessed
    :raises UnreadableFile: it is no table
    :raises NoSuchColumn: a chosen one is not there
    """
    table = await asyncio.to_thread(open_table, path, encoding=encoding, delimiter=delimiter, name=name)
    try:
        sample = tuple(row.cells for row, _ in zip(table.rows(), range(SAMPLE), strict=False))
        header, about = table.header, table.about
    finally:
        table.close()
    known = own.recognise(header, entity) or sources.recognise(header, entity)
    if source is None:
        source = known.name if known else await system_of(entity, header)
    if known is None or known.name != source:
        known = sources.named(source, entity)
    columns = columns_of(header)
    found = iter(await recall(entity, columns) or guess(entity, columns, known, await own_columns(entity)))
    mapping = [SKIP if column == COLUMN else next(found) for column in header]
    places = {fold(column): place for place, column in enumerate(header)}
    for column, field_name in (chosen or {}).items():
        place = places.get(fold(column))
        if place is None:
            raise NoSuchColumn(column=column, columns=", ".join(header))
        mapping[place] = field_of(entity, field_name)
    return Layout(entity, header, tuple(mapping), source, about, sample)


async def remember_columns(work: Work, layout: Layout) -> None:
    """Keep what a file's columns became for the next one, also for its own rows that come back mended."""
    known = {column: field for column, field in zip(layout.header, layout.mapping, strict=True) if column != COLUMN}
    await remember(work, layout.entity, list(known), list(known.values()))


def field_of(entity: str, text: str) -> str:
    """Return the field that somebody names: by its name or label, "skip" or "note:"; else the text, which the frame refuses."""
    if fold(text) in ("", "skip", "-"):
        return SKIP
    if fold(text) == NOTE:
        return NOTE
    if target(entity, text):
        return text
    return next((one.name for one in FIELDS[entity] if fold(one.label) == fold(text)), text)


async def frame_of(work: Work, layout: Layout, *, default_owner: int | None = None) -> Frame:
    """Return what a file's cells are read by."""
    return await build_frame(
        work,
        layout.entity,
        layout.header,
        layout.mapping,
        layout.sample,
        source=layout.source,
        default_owner=default_owner,
    )


async def understood(path: Path, frame: Frame, about: About, name: str) -> AsyncGenerator[list[Understood], None]:
    """Yield all rows of a file, understood, a chunk at a time; reading goes on beside whoever waits."""
    spec = Spec(path, name, about.encoding, about.delimiter, frame, _CHUNK)
    feed = await asyncio.to_thread(open_feed, spec, 0, 0, apart=about.size > _APART)
    try:
        while (chunk := await asyncio.to_thread(feed.take)) is not None:
            yield chunk.rows
    finally:
        feed.close()


async def analyse(
    work: Work, path: Path, layout: Layout, *, name: str = "", default_owner: int | None = None
) -> Analysis:
    """Look a whole file through; nothing is written.

    :param work: outside a transaction, where others are to go on meanwhile
    :raises NotAllowed: the actor may not import
    """
    demand_import(work, layout.entity)
    frame = await frame_of(work, layout, default_owner=default_owner)
    importer = Importer(frame)
    found = Analysis(layout)
    async with contextlib.aclosing(understood(path, frame, layout.about, name or path.name)) as chunks:
        async for rows in chunks:
            known = await importer.look(work, rows)
            _count(found, rows, known)
    return found


def _count(found: Analysis, rows: Sequence[Understood], known: Mapping[int, object]) -> None:
    found.counts["total"] += len(rows)
    found.counts["known"] += len(known)
    for row in rows:
        if row.problems:
            found.counts["bad"] += 1
            if len(found.bad) < _MOST_BAD:
                found.bad.append(row)
        else:
            found.counts["new"] += row.number not in known
            if row.left_out:
                found.counts["partial"] += 1
                if len(found.partial) < _MOST_BAD:
                    found.partial.append(row)
            if len(found.rows) < _SHOWN:
                found.rows.append(row)
