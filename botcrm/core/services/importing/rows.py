"""Understand a row of a file: the record it describes, what that hangs on, and every cell that makes no sense. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from botcrm.core.services.importing.cells import (
    READERS,
    Bad,
    Frame,
    PipelineFact,
    StageFact,
    one_line,
    plain,
    read_currency,
    read_money,
    read_stage,
)
from botcrm.core.services.importing.fields import NOTE, SKIP, Target, target

# What is not the record's own field, but says what it hangs on and what hangs on it.
_APART = frozenset(
    ["phone", "email", "company", "company_ref", "contact", "contact_ref", "contact_phone", "contact_email", "tags", "note", "external_id"]
)  # fmt: skip
_NAME_PARTS = ("first_name", "middle_name", "last_name")
# Of a cell that makes no sense the row is taken without it: whom it is about and what is owed do not hang on it.
_OPTIONAL = frozenset({"date", "moment", "number", "own"})
_LIST_LIMIT = 20
_UNIT = "\x1f"


@dataclass(slots=True)
class Problem:
    """What is wrong with a row.

    :ivar code: of importing_cells.PROBLEMS, or a gettext id of the reader's own
    :ivar column: the name of the column, empty where it is the whole row
    :ivar optional: whether the row can be taken without this cell
    """

    code: str
    column: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    optional: bool = False


@dataclass(slots=True)
class Understood:
    """A row as it is going to be kept.

    :ivar raw: its cells with unit separators between: most rows are never looked at again
    :ivar values: the record's own fields, the filled ones only
    :ivar named: whether the row itself says what the record is called; else its company, address or number stands in
    :ivar owner_told: whether the row itself says whose it is
    :ivar relinked: whether what it hangs on is called otherwise here than in the file
    :ivar phones: E.164, the first one goes before the others
    :ivar problems: why the row cannot be taken
    :ivar left_out: what is wrong with cells that it is taken without; they are lines of its note
    """

    number: int
    raw: str
    values: dict[str, Any] = field(default_factory=dict)
    phones: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    note: str = ""
    external_id: str = ""
    named: bool = True
    owner_told: bool = False
    relinked: bool = False
    company: str = ""
    company_ref: str = ""
    contact: str = ""
    contact_ref: str = ""
    contact_phones: list[str] = field(default_factory=list)
    contact_emails: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)

    @property
    def cells(self) -> list[str]:
        """Return the row as it stood in the file."""
        return self.raw.split(_UNIT)

    @property
    def name(self) -> str:
        """Return what the record is going to be called."""
        return str(self.values.get("name") or self.values.get("title") or "")

    @property
    def told_name(self) -> str:
        """Return what the row itself calls somebody or something; empty where it does not say."""
        if self.named:
            return self.name
        return str(self.values.get("name") or "") if "title" in self.values else ""


class Understanding:
    """Reads the rows of one file."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._columns: list[tuple[int, str, Target]] = []
        self._noted: list[tuple[int, str]] = []
        for place, name in enumerate(frame.mapping):
            known = target(frame.entity, name)
            if known is not None:
                self._columns.append((place, name, known))
            elif name == NOTE:
                self._noted.append((place, frame.header[place]))
            elif name != SKIP:
                raise ValueError(f"{frame.entity} has no field {name!r}")

    def row(self, number: int, cells: Sequence[str], problem: str = "") -> Understood:
        """Return what a row means, with its problems.

        :param problem: why its text could not be read, a gettext id
        """
        raw = _UNIT.join(cells)
        if raw.count(_UNIT) >= len(cells) > 0:
            raw = _UNIT.join(cell.replace(_UNIT, " ") for cell in cells)
        row = Understood(number, raw)
        if problem:
            row.problems.append(Problem(problem))
            return row
        found: dict[str, list[tuple[Any, int]]] = {}
        width = len(cells)
        frame = self._frame
        for place, name, known in self._columns:
            text = plain(cells[place]) if place < width else ""
            if not text:
                continue
            try:
                value = READERS[known.kind](text, frame, place)
            except Bad as bad:
                row.problems.append(Problem(bad.code, frame.header[place], bad.facts, known.kind in _OPTIONAL))
                continue
            if value in ("", []):
                continue
            if name in found and not known.many:
                continue
            found.setdefault(name, []).append((value, place))
        self._take(row, found)
        if row.problems and all(one.optional for one in row.problems):
            row.left_out, row.problems = row.problems, []
            lines = (f"{one.column}: {one.facts['value']}" for one in row.left_out)
            row.note = "\n".join(filter(None, [row.note, *lines]))[:20_000]
        return row

    def _take(self, row: Understood, found: dict[str, list[tuple[Any, int]]]) -> None:
        entity = self._frame.entity
        values = row.values
        for name, several in found.items():
            if name in _APART:
                continue
            if name in self._frame.own:
                values.setdefault("custom", {})[str(self._frame.own[name].field_id)] = several[0][0]
                continue
            known = target(entity, name)
            assert known is not None
            value = several[0][0]
            if known.many == "space":
                value = " ".join(dict.fromkeys(str(one) for one, _ in several))
            if known.length and isinstance(value, str):
                value = _kept(row, value, known.length)
            values[name] = value
        row.phones = _listed(found, "phone")
        row.emails = _listed(found, "email")
        row.tags = _listed(found, "tags")
        row.contact_phones, row.contact_emails = _listed(found, "contact_phone"), _listed(found, "contact_email")
        for name in ("external_id", "company", "company_ref", "contact", "contact_ref"):
            if name in found:
                setattr(row, name, str(found[name][0][0])[: 300 if name in ("company", "contact") else 200])
        self._note(row, found.get("note", ()))
        self._money(row, found)
        self._names(row)
        owner = values.pop("owner", None)
        row.owner_told = owner is not None
        values["owner_id"] = owner if owner is not None else self._frame.default_owner
        if entity == "deal":
            self._stage(row, found)

    def _note(self, row: Understood, several: Sequence[tuple[Any, int]]) -> None:
        lines = [str(text) for text, _ in several]
        cells = row.cells if self._noted else []
        for place, name in self._noted:
            text = plain(cells[place]) if place < len(cells) else ""
            if text:
                lines.append(f"{name}: {text}")
        if row.note:
            lines.insert(0, row.note)
        row.note = "\n".join(dict.fromkeys(lines))[:20_000]

    def _money(self, row: Understood, found: dict[str, list[tuple[Any, int]]]) -> None:
        """Read the amount in its own currency, or in that of the column beside it."""
        if self._frame.entity not in ("deal", "lead"):
            return
        values, frame = row.values, self._frame
        values.pop("currency", None)
        currency = frame.currency
        for name, read in (("currency", read_currency), ("amount", read_money)):
            if name not in found:
                continue
            text, place = found[name][0]
            values.pop(name, None)
            try:
                answer = read(text, currency)
            except Bad as bad:
                row.problems.append(Problem(bad.code, frame.header[place], bad.facts))
                continue
            if isinstance(answer, tuple):
                values["amount"], currency = answer
            else:
                currency = answer
        values["currency"] = currency

    def _names(self, row: Understood) -> None:
        entity, values = self._frame.entity, row.values
        title = "name" if entity in ("contact", "company") else "title"
        parts = " ".join(values.pop(part) for part in _NAME_PARTS if part in values)
        if entity in ("contact", "lead"):
            name = values.get("name") or parts
            if name:
                values["name"] = one_line(name)[:300]
        row.named = bool(values.get(title))
        if entity == "contact":
            fallback = row.company or next(iter(row.emails), "") or next(iter(row.phones), "")
            if not fallback and any(values.get(known) for known in ("tax_id", "birth_date", "street")):
                # Somebody all the same, whom the search for duplicates can find: its name is what is asked for.
                fallback = "?"
            values.setdefault("name", fallback)
        elif entity == "company":
            values.setdefault("name", next(iter(row.emails), "").partition("@")[2])
        elif entity == "lead":
            named = (
                values.get("name")
                or values.get("company_name")
                or next(iter(row.emails), "")
                or next(iter(row.phones), "")
            )
            values.setdefault("title", named)
            values.setdefault("name", "")
            values.setdefault("company_name", "")
        else:
            values.setdefault("title", row.company or row.contact)
        if not row.name and all(one.optional for one in row.problems):
            row.problems.append(Problem("nameless"))

    def _stage(self, row: Understood, found: dict[str, list[tuple[Any, int]]]) -> None:
        values, frame = row.values, self._frame
        pipeline: PipelineFact | None = values.pop("pipeline", None) or next(iter(frame.pipelines), None)
        status: str | None = values.pop("status", None)
        text = values.pop("stage", None)
        if pipeline is None or not pipeline.stages:
            return
        stage: StageFact | None = None
        if text:
            try:
                stage = read_stage(text, pipeline)
            except Bad as bad:
                row.problems.append(Problem(bad.code, frame.header[found["stage"][0][1]], bad.facts))
        if status and (stage is None or stage.kind != status):
            # A deal that was won stands in the last stage of others, and in the one that says so with us.
            stage = next((one for one in pipeline.stages if one.kind == status), stage)
        named = stage is not None
        stage = stage or pipeline.stages[0]
        values |= {"pipeline_id": pipeline.id, "stage_id": stage.id, "status": stage.kind}
        if stage.kind == "open":
            values.pop("closed_at", None)
        if stage.kind != "lost":
            values.pop("lost_reason", None)
        if not named:
            # Of a deal that is there already these say nothing.
            values["stage_guessed"] = True


def _listed(found: dict[str, list[tuple[Any, int]]], name: str) -> list[str]:
    return list(dict.fromkeys(one for several, _ in found.get(name, ()) for one in several))[:_LIST_LIMIT]


def _kept(row: Understood, text: str, length: int) -> str:
    """Return as much of a text as its column takes; a longer one is kept whole in the note."""
    if len(text) > length:
        row.note = f"{row.note}\n{text}".strip()
        return text[:length].strip()
    return text
