"""Rows that are like a record which is there, asked about one by one: the answer is a part of the import, and taken back with it."""

from dataclasses import replace
from typing import Any

from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.models import Operation
from botcrm.core.services.importing.piece import COUNTS, Importer, build_frame, derive
from botcrm.core.services.importing.rows import Understanding, Understood
from botcrm.core.services.operations.operations import advance, claimed, undo_of
from botcrm.core.services.work import Work
from botcrm.imports.problems import reason
from botcrm.words import Words

# Rows are taken as long as the import's own stand.
_OPEN = ("running", "stopped", "failed", "done")
ANSWERS = {"u": "update", "c": "create", "s": "skip"}


class ImportTakenBack(CrmError):
    """Its rows are not taken any more."""

    message = "“{title}” was taken back: its rows are left out. Import the file anew to have them."


class RowNotTaken(CrmError):
    """A row that was asked about cannot be taken as somebody said; nothing was changed, and it can be answered otherwise."""

    message = "Row {number} is not taken: {reason}"


async def answer(work: Work, operation_id: int, number: int, rule: str, *, all_left: bool = False) -> Operation:
    """Do with a row, or with it and all that are left to be asked about, what somebody said; those that cannot be taken so are left.

    :param rule: update, create or skip
    :raises NotFound: it was answered already
    :raises ImportTakenBack: the import is taken back, or is being so
    :raises RowNotTaken: none of the rows can be taken so
    """
    operation = await claimed(operation_id)
    asked: list[dict[str, Any]] = list(operation.progress.get("asked", ())) if operation else []
    chosen = [one for one in asked if all_left or one["number"] == number]
    if operation is None or not any(one["number"] == number for one in chosen):
        raise NotFound(ref=f"row {number}")
    if operation.state not in _OPEN or await undo_of(operation_id) is not None:
        raise ImportTakenBack(title=operation.title)
    counts = {name: operation.counts.get(name, 0) for name in {*COUNTS, "total"}}
    left: set[int] = set()
    if rule == "skip":
        counts["skipped"] += len(chosen)
    else:
        left = await _take(work, operation, chosen, rule, counts)
    progress = {**operation.progress, "asked": [one for one in asked if one not in chosen or one["number"] in left]}
    counts["asked"] = len(progress["asked"])
    await advance(work, operation, progress=progress, counts=counts)
    return operation


async def _take(
    work: Work, operation: Operation, chosen: list[dict[str, Any]], rule: str, counts: dict[str, int]
) -> set[int]:
    """Take rows; returns the numbers of those that cannot be taken."""
    params = operation.params
    frame = await build_frame(
        work,
        operation.entity,
        params["header"],
        params["mapping"],
        (),
        source=params.get("source", ""),
        default_owner=params.get("owner_id"),
    )
    days = {int(place): first for place, first in operation.progress.get("day_first", {}).items()}
    importer = Importer(replace(frame, day_first=days), rule=rule)
    understanding = Understanding(importer.frame)
    rows = [understanding.row(one["number"], one["cells"]) for one in chosen]
    gone: list[Understood] = []
    if rule == "update":
        # Whom the question was about may be gone: then there is nothing to fill in, and nobody said that it is to be made.
        there = await importer.look(work, rows)
        gone = [row for row in rows if row.number not in there]
    acting = work.acting_as(work.actor)
    acting.id = operation.work_id
    outcome = await importer.take(acting, [row for row in rows if row not in gone])
    if len(gone) + len(outcome.bad) == len(rows):
        words = Words(work.prefs, work.now)
        why = reason(words, outcome.bad[0].problems[0]) if outcome.bad else words.t("the record is not there any more.")
        raise RowNotTaken(number=(outcome.bad or gone)[0].number, reason=why)
    await derive(acting, outcome.made)
    for name in ("created", "changed", "same", "companies", "contacts"):
        counts[name] += outcome.counts[name]
    return {row.number for row in (*gone, *outcome.bad)}
