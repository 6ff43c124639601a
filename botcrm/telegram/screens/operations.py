"""The journal of long changes: what is under way, how it ended, what taking it back left."""

from collections.abc import Mapping, Sequence

from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.models import Operation
from botcrm.core.services.duplicates.finding import KIND as DUPLICATES
from botcrm.core.services.operations.bulk import KIND as BULK
from botcrm.core.services.operations.operations import UNDO, is_again, is_reversible
from botcrm.core.services.operations.undoing import Kept
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.words import Words

PAGE = 8
# So many things that stayed are listed in the message; more of them are a file.
LISTED = 10
_SIGNS = {"draft": "📝", "running": "⏳", "done": "✅", "failed": "❌", "stopped": "⏹", "undone": "↩"}
_STATES = {
    "draft": "not begun",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "stopped": "stopped",
    "undone": "taken back",
}
# What the counts of operations are called; the order they are told in.
_COUNTS = {
    "created": "added",
    "updated": "updated",
    "changed": "changed",
    "same": "unchanged",
    "companies": "companies added",
    "contacts": "contacts added",
    "asked": "to be asked about",
    "merged": "merged",
    "found": "found",
    "groups": "groups",
    "deleted": "deleted",
    "sent": "sent",
    "skipped": "skipped",
    "gone": "no longer found by the filter",
    "partial": "with a value that made no sense, now in the note",
    "bad": "with a problem",
    "left": "left as they are",
    "stale": "groups left because they changed since the search",
    "back": "taken back",
    "kept": "kept because somebody worked on them",
}
# What "changed" is called of a bulk change, by what was done, and of other operations, by their kind.
_CHANGED = {
    "owner": "handed over",
    "stage": "moved",
    "tag": "tagged",
    "untag": "tag taken off",
    "task": "planned",
    "delete": "deleted",
    "erase": "places emptied",
}
_REASONS = {
    "changed": "changed since",
    "used": "in use",
    "moved": "moved on since",
    "sent": "was sent",
    "refused": "not yours to change",
}
_BAR = 10


def reason_text(words: Words, kept: Kept) -> str:
    """Say why something stayed as it was."""
    what = ", ".join(words.t(name.removesuffix("_id").replace("_", " ")) for name in kept.what if name != "changed")
    reason = "changed" if kept.what == ("changed",) else kept.reason
    return words.t(_REASONS.get(reason, reason)) + (f" ({what})" if what else "")


def ref_of_kept(words: Words, kept: Kept, name: str) -> tuple[str, str]:
    """Return how people write what stayed, and its name: c12 and "Jan"; of what has no number, "message to Jan" and ""."""
    letter = LETTERS.get(Entity(kept.entity)) if kept.entity in set(Entity) else None
    if letter:
        return f"{letter}{kept.record_id}", name
    if kept.entity == "message" and name:
        return words.t("message to {name}", name=name), ""
    return words.t(kept.entity), name


def counts_text(words: Words, operation: Operation) -> str:
    """Say what an operation came to: "added: 120 · updated: 3", "deleted: 12"."""
    counts = operation.counts
    done = str((operation.params.get("change") or {}).get("kind", "") if operation.kind == BULK else operation.kind)
    labels = _COUNTS | ({"changed": _CHANGED[done]} if done in _CHANGED else {})
    known = [(words.t(label), counts[name]) for name, label in labels.items() if counts.get(name)]
    others = [(name, count) for name, count in counts.items() if name not in (*_COUNTS, "seen", "total") and count]
    return dots(*(f"{esc(label)}: {count:,}" for label, count in [*known, *others]))


def share_text(words: Words, counts: Mapping[str, int]) -> str:
    """Show how far an operation is, where it knows how much there is."""
    seen, total = counts.get("seen", 0), counts.get("total", 0)
    if not total:
        return words.t("{n} so far", n=f"{seen:,}") if seen else ""
    part = min(1.0, seen / total)
    filled = round(part * _BAR)
    done = words.t("{n} of {total}", n=f"{seen:,}", total=f"{total:,}")
    return f"{'▓' * filled}{'░' * (_BAR - filled)} {int(part * 100)} % · {done}"


def title_of(words: Words, operation: Operation) -> str:
    """Return what an operation is called; one that takes another back, or brings it back, says so."""
    title = clip(operation.title, 100)
    if is_again(operation):
        return words.t("Bring back: {title}", title=title)
    return words.t("Take back: {title}", title=title) if operation.kind == UNDO else title


def operation_screen(
    words: Words,
    operation: Operation,
    *,
    kept: Sequence[Kept] = (),
    names: Mapping[tuple[str, int], str] | None = None,
    carried: bool = True,
    undo_of: Operation | None = None,
) -> Screen:
    """Show an operation with what can be done about it.

    :param kept: the first of what stayed as it was
    :param carried: whether somebody does its pieces while it runs
    :param undo_of: the operation that takes it back, as long as that has not ended
    """
    state = operation.state
    counts = operation.counts
    total_kept = counts.get("kept", 0) if operation.kind == UNDO else 0
    known = names or {}
    listed = [
        f"   {esc(clip(' '.join(filter(None, ref_of_kept(words, one, known.get((one.entity, one.record_id), '')))), 80))}: "
        f"{esc(reason_text(words, one))}"
        for one in kept[:LISTED]
    ]
    text = lines(
        f"{_SIGNS.get(state, '')} {bold(title_of(words, operation))}",
        share_text(words, counts) if state in ("running", "stopped") else "",
        counts_text(words, operation),
        words.t("It was broken off; it can go on.") if state == "running" and not carried else "",
        words.t("Stopped.") if state == "stopped" else "",
        words.t("Failed: {error}", error=esc(clip(operation.error, 300))) if state == "failed" else "",
        words.t("Taken back.") if state == "undone" else "",
        words.t("It is being taken back.") if undo_of is not None and undo_of.state == "running" else "",
        words.t("It is taken back in part.") if undo_of is not None and undo_of.state != "running" else "",
        words.t("These stayed as they are:") if listed else "",
        *listed,
        words.t("… and {n} more", n=f"{total_kept - len(listed):,}") if listed and total_kept > len(listed) else "",
    )
    row = []
    if state == "running" and carried:
        row.append(Button(words.t("Stop"), pack("os", operation.id)))
    if undo_of is None and (state in ("stopped", "failed") or (state == "running" and not carried)):
        row.append(Button("▶ " + words.t("Go on"), pack("og", operation.id)))
    taking = undo_of is not None and undo_of.state == "running"
    if state in ("done", "stopped", "failed") and is_reversible(operation) and not taking:
        row.append(Button("↩ " + words.t("Undo"), pack("ou", operation.id)))
    if undo_of is not None:
        row.append(Button(clip(title_of(words, undo_of), 24), pack("oo", undo_of.id)))
    if operation.kind == DUPLICATES and counts.get("groups") and state == "done":
        row.append(Button("👥 " + words.t("Look through them"), pack("dg", operation.id)))
    if total_kept > LISTED and state != "running":
        row.append(Button("📄 " + words.t("List of what stayed"), pack("oc", operation.id)))
    rest = [Button(words.t("Journal"), pack("oj"))]
    return Screen(text, tuple(filter(None, (row, rest))))


def journal_screen(words: Words, operations: Sequence[Operation], people: Mapping[int, str], *, more: bool) -> Screen:
    """List the long changes, newest first."""
    if not operations:
        return Screen(lines(bold(words.t("Journal")), words.t("No imports, bulk changes or merges yet.")))
    shown = [
        lines(
            f"{_SIGNS.get(one.state, '')} {bold(title_of(words, one))} · {words.t(_STATES.get(one.state, one.state))}",
            "   "
            + dots(
                words.soon(one.created_at),
                esc(clip(people.get(one.actor_id or 0, "botcrm"), 40)),
                counts_text(words, one),
            ),
        )
        for one in operations
    ]
    opens = [
        Button(f"{_SIGNS.get(one.state, '')} {clip(title_of(words, one), 24)}", pack("oo", one.id))
        for one in operations
    ]
    older = [Button(words.t("Older →"), pack("oj", operations[-1].id))] if more else []
    return Screen(lines("📒 " + bold(words.t("Journal")), *shown), (*rows_of(opens, 2), older))
