"""Rows that are like a record which is there, asked about one by one: the answer is a part of the import, and taken back with it."""

from dataclasses import replace
from typing import Any

from botcrm.core.domain.errors import NotFound
from botcrm.core.models import Operation
from botcrm.core.services.importing import COUNTS, Importer, build_frame, derive
from botcrm.core.services.importing_rows import Understanding
from botcrm.core.services.operations import advance, claimed
from botcrm.core.services.work import Work

ANSWERS = {"u": "update", "c": "create", "s": "skip"}


async def answer(work: Work, operation_id: int, number: int, rule: str, *, all_left: bool = False) -> Operation:
    """Do with a row, or with it and all that are left to be asked about, what somebody said.

    :param rule: update, create or skip
    :raises NotFound: it was answered already
    """
    operation = await claimed(operation_id)
    asked: list[dict[str, Any]] = list(operation.progress.get("asked", ())) if operation else []
    chosen = [one for one in asked if all_left or one["number"] == number]
    if operation is None or not any(one["number"] == number for one in chosen):
        raise NotFound(ref=f"row {number}")
    progress = {**operation.progress, "asked": [one for one in asked if one not in chosen]}
    counts = {name: operation.counts.get(name, 0) for name in {*COUNTS, "total"}}
    counts["asked"] = len(progress["asked"])
    if rule == "skip":
        counts["skipped"] += len(chosen)
    else:
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
        acting = work.acting_as(work.actor)
        acting.id = operation.work_id
        outcome = await importer.take(acting, [understanding.row(one["number"], one["cells"]) for one in chosen])
        await derive(acting, outcome.made)
        for name in ("created", "changed", "same", "bad", "companies", "contacts"):
            counts[name] += outcome.counts[name]
    await advance(work, operation, progress=progress, counts=counts)
    return operation
