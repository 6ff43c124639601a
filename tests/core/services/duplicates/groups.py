"""Groups of duplicates as a search would have found them, for what goes on from there."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from botcrm.core.services.merging.many import marks_now


async def members_of(
    entity: str, score: float, ids: Sequence[int], reasons: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return these records as members of a group: each found by these reasons to be the same as the next one."""
    marks = await marks_now(entity, ids)
    named = all(reason["what"].startswith("name") for reason in reasons)
    nexts: dict[int, list[Any]] = {} if named else {one: [[other, score]] for one, other in itertools.pairwise(ids)}
    return [
        {"id": one, "score": score, "reasons": reasons, "links": nexts.get(one, []), "mark": marks[one]} for one in ids
    ]
