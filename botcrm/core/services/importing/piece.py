"""Importing: a piece of a file's rows becomes records, in one transaction; good rows in, the others back with what is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.text import fold
from botcrm.core.domain.zones import zone_info
from botcrm.core.models import Pipeline, Stage, User
from botcrm.core.services.access import demand, may, owners, ref
from botcrm.core.services.custom.values import index_new
from botcrm.core.services.derived.many import Derived, derive_many, derived
from botcrm.core.services.importing.cells import Frame, PipelineFact, StageFact
from botcrm.core.services.importing.change import change_many
from botcrm.core.services.importing.dates import day_comes_first
from botcrm.core.services.importing.fields import CUSTOM, FIELDS, NOTE, target
from botcrm.core.services.importing.links import Links, reached_values
from botcrm.core.services.importing.match import Existing, find_existing, further_keys
from botcrm.core.services.importing.own_fields import own_targets, own_texts
from botcrm.core.services.importing.rows import Problem, Understood
from botcrm.core.services.importing.write import about_of, add_refs, create_many, note_many, tag_many
from botcrm.core.services.work import Work

# What is done with a row that is there already: left as it is, its empty fields filled, written over, made once more, or asked.
RULES = ("skip", "update", "overwrite", "create", "ask")
COUNTS = ("seen", "created", "changed", "same", "skipped", "asked", "bad", "partial", "companies", "contacts")
# So many rows are kept to be asked about one by one; more of them come back in the file.
MOST_ASKED = 50


class WrongMapping(CrmError):
    message = "{field} is no field of a {entity}. Its fields: {fields}."


@dataclass(slots=True)
class Outcome:
    """What became of a piece.

    :ivar counts: by the names in `COUNTS`
    :ivar bad: the rows that were not taken, with their problems
    :ivar asked: (row, the record it is like) to be asked about
    :ivar made: what still has to be derived, by entity
    """

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    bad: list[Understood] = field(default_factory=list)
    asked: list[tuple[Understood, Existing]] = field(default_factory=list)
    made: dict[str, list[tuple[int, Derived]]] = field(default_factory=dict)


def demand_import(work: Work, entity: str) -> None:
    """Refuse an actor who may not import, or not add, records of an entity.

    :raises NotAllowed: so it is
    """
    demand(work, entity, Action.IMPORT)
    demand(work, entity, Action.ADD)


async def build_frame(
    work: Work,
    entity: str,
    header: Sequence[str],
    mapping: Sequence[str],
    sample: Iterable[Sequence[str]],
    *,
    source: str = "",
    default_owner: int | None = None,
) -> Frame:
    """Return all that a file's cells are read by, as things stand now.

    :param mapping: what each column becomes
    :param sample: some rows, by which the columns' way to write dates is told
    :raises WrongMapping: there is no such field
    """
    own = await own_targets(work, entity, mapping)
    for name in mapping:
        gone = name.startswith(CUSTOM) and name not in own
        if gone or (name and name != NOTE and target(entity, name) is None):
            raise WrongMapping(field=name, entity=entity, fields=", ".join(one.name for one in FIELDS[entity]))
    rows = list(sample)
    dated = {
        place: day_comes_first([row[place] for row in rows if place < len(row)], work.prefs.region)
        for place, name in enumerate(mapping)
        if (known := target(entity, name)) is not None
        and (known.kind in ("date", "moment") or (name in own and own[name].type == "date"))
    }
    return Frame(
        entity,
        tuple(header),
        tuple(mapping),
        source,
        work.prefs.region,
        work.prefs.currency,
        work.prefs.zone,
        _called(await User.filter(active=True)),
        owners(work.actor, entity, Action.ADD),
        default_owner if default_owner is not None else work.actor.id,
        await _pipelines() if entity == "deal" else (),
        dated,
        own,
        work.now.astimezone(zone_info(work.prefs.zone)).date(),
    )


def _called(users: Iterable[User]) -> dict[str, int]:
    """Return what people are called, folded -> their id, 0 for several: a whole name goes before one word of it."""
    whole: dict[str, int] = {}
    words: dict[str, int] = {}
    for user in users:
        name = fold(user.name)
        parts = name.split()
        turned = " ".join(reversed(parts))
        for known, keys in ((whole, {name, fold(user.username or ""), str(user.id)}), (words, {turned, *parts})):
            for key in keys - {""}:
                known[key] = user.id if known.get(key, user.id) == user.id else 0
    return words | whole


async def _pipelines() -> tuple[PipelineFact, ...]:
    stages: dict[int, list[StageFact]] = {}
    for stage in await Stage.all().order_by("position", "id"):
        stages.setdefault(stage.pipeline_id, []).append(StageFact(stage.id, stage.name, stage.kind))
    return tuple(
        PipelineFact(pipeline.id, pipeline.name, tuple(stages.get(pipeline.id, ())))
        for pipeline in await Pipeline.all().order_by("position", "id")
    )


class Importer:
    """Takes a file's rows in, piece by piece.

    :param rule: one of `RULES`
    :param heard: whether rules and plugins hear of every record, as if somebody had typed it
    """

    def __init__(self, frame: Frame, *, rule: str = "skip", heard: bool = False) -> None:
        self.frame = frame
        self._rule = rule
        self._heard = heard
        self.links = Links(frame.source, heard=heard)
        # Keys of records that the matcher does not know yet: by their further numbers and addresses nobody else finds them.
        self._further: dict[str, list[int]] = {}

    def forget(self) -> None:
        """Forget what was made: search and the matcher know it now."""
        self.links.forget()
        self._further.clear()

    async def look(self, work: Work, rows: Sequence[Understood]) -> dict[int, Existing]:
        """Return which rows are there already; nothing is written."""
        good = [row for row in rows if not row.problems]
        return await find_existing(work, self.frame.entity, self.frame.source, good)

    async def take(
        self, work: Work, rows: Sequence[Understood], prepared: Mapping[int, Derived] | None = None
    ) -> Outcome:
        """Take rows in; what search and the matcher keep of the new records is in `made`, to be written by `derive`.

        :param prepared: what is derived from a row's record as far as the row itself tells, by its number
        """
        demand_import(work, self.frame.entity)
        outcome = Outcome()
        outcome.counts["seen"] = len(rows)
        waiting: list[Understood] = []
        for row in rows:
            (outcome.bad if row.problems else waiting).append(row)
        while waiting:
            now, waiting = self._apart(waiting)
            await self._round(work, now, outcome, prepared or {})
        outcome.counts["bad"] = len(outcome.bad)
        outcome.bad.sort(key=lambda row: row.number)
        for entity, made in self.links.made.items():
            if made:
                outcome.made[entity] = made + outcome.made.get(entity, [])
                outcome.counts["companies" if entity == "company" else "contacts"] += len(made)
        self.links.made = {"company": [], "contact": []}
        return outcome

    def _apart(self, rows: Sequence[Understood]) -> tuple[list[Understood], list[Understood]]:
        """Part the rows that may be about one that stands before them in the piece: they are looked at when that is written."""
        seen: set[str] = set()
        first, later = [], []
        for row in rows:
            keys = {f"x{row.external_id}"} if row.external_id else set()
            if self._rule != "create" and self.frame.entity != "deal":
                keys |= set(row.phones) | set(row.emails)
            if seen.isdisjoint(keys):
                seen |= keys
                first.append(row)
            else:
                later.append(row)
        return first, later

    async def _round(
        self, work: Work, rows: Sequence[Understood], outcome: Outcome, prepared: Mapping[int, Derived]
    ) -> None:
        entity, counts = self.frame.entity, outcome.counts
        existing = await find_existing(work, entity, self.frame.source, rows, self._further)
        fresh, known = [], []
        for row in rows:
            match = existing.get(row.number)
            if match is None or self._rule == "create":
                if match is not None and match.by == "external_id":
                    row.external_id = ""  # it stands for the one that is there
                fresh.append(row)
            elif self._rule == "skip":
                counts["skipped"] += 1
            elif self._rule == "ask":
                outcome.asked.append((row, match))
            else:
                known.append((row, match))
        companies = await self._hung_on(work, [*fresh, *(row for row, _ in known)])
        contacts = (
            await self.links.contacts(work, [*fresh, *(row for row, _ in known)], companies) if entity == "deal" else {}
        )
        outcome.bad += [row for row in (*fresh, *(row for row, _ in known)) if row.problems]
        await self._create(work, [row for row in fresh if not row.problems], companies, contacts, outcome, prepared)
        if known:
            await self._change(
                work, [(row, match) for row, match in known if not row.problems], companies, contacts, outcome
            )

    async def _hung_on(self, work: Work, rows: Sequence[Understood]) -> dict[int, int]:
        if self.frame.entity not in ("contact", "deal"):
            return {}
        return await self.links.companies(work, rows)

    async def _create(
        self,
        work: Work,
        rows: Sequence[Understood],
        companies: Mapping[int, int],
        contacts: Mapping[int, int],
        outcome: Outcome,
        prepared: Mapping[int, Derived],
    ) -> None:
        entity, heard = self.frame.entity, self._heard
        records = [self._record(work, row, companies.get(row.number), contacts.get(row.number)) for row in rows]
        ids = await create_many(work, entity, records, heard=heard)
        if self.frame.own:
            owned = zip(ids, records, strict=True)
            await index_new(entity, [(one, values["custom"]) for one, values in owned if values.get("custom")])
        outcome.counts["created"] += len(rows)
        outcome.counts["partial"] += sum(1 for row in rows if row.left_out)
        made = outcome.made.setdefault(entity, [])
        refs: dict[str, int] = {}
        tags: list[tuple[int, str]] = []
        notes: list[tuple[str, dict[str, int | None]]] = []
        abouts: dict[int, dict[str, int | None]] = {}
        for row, record_id, values in zip(rows, ids, records, strict=True):
            texts = own_texts(self.frame.own, values) if self.frame.own else []
            found = prepared.get(row.number) if not (row.relinked or texts) else None
            made.append((record_id, found or derived(entity, values, row.company, row.contact, texts)))
            if entity != "deal":
                for key in further_keys(row):
                    self._further.setdefault(key, []).append(record_id)
            if row.external_id:
                refs[row.external_id] = record_id
            if row.tags or row.note:
                about = abouts[record_id] = about_of(entity, record_id, values)
                tags += [(record_id, tag) for tag in row.tags]
                if row.note:
                    notes.append((row.note, about))
        await add_refs(work, entity, self.frame.source, refs)
        if tags:
            await tag_many(work, entity, tags, abouts, heard=heard)
        if notes and may(work.actor, "activity", Action.ADD):
            await note_many(work, notes, heard=heard)

    def _record(self, work: Work, row: Understood, company_id: int | None, contact_id: int | None) -> dict[str, Any]:
        """Return a new record's columns."""
        return record_values(self.frame.entity, row, work.now, company_id, contact_id)

    async def _change(
        self,
        work: Work,
        rows: Sequence[tuple[Understood, Existing]],
        companies: Mapping[int, int],
        contacts: Mapping[int, int],
        outcome: Outcome,
    ) -> None:
        changed = await change_many(
            work,
            self.frame.entity,
            [(row, match, companies.get(row.number), contacts.get(row.number)) for row, match in rows],
            overwrite=self._rule == "overwrite",
            heard=self._heard,
        )
        outcome.counts["changed"] += changed.count(True)
        outcome.counts["same"] += changed.count(False)
        refs: dict[str, int] = {}
        for (row, match), answer in zip(rows, changed, strict=True):
            if answer is None:
                name = f"{match.name} ({ref(self.frame.entity, match.record_id)})"
                row.problems.append(Problem("change", "", {"value": name}))
                outcome.bad.append(row)
            elif row.external_id:
                refs[row.external_id] = match.record_id
        await add_refs(work, self.frame.entity, self.frame.source, refs)


async def derive(work: Work, made: Mapping[str, Sequence[tuple[int, Derived]]]) -> None:
    """Write what new records are found by."""
    for entity, records in made.items():
        if records:
            await derive_many(work, entity, records)


def record_values(
    entity: str, row: Understood, now: datetime, company_id: int | None = None, contact_id: int | None = None
) -> dict[str, Any]:
    """Return a new record's columns, the filled ones."""
    values = {name: value for name, value in row.values.items() if name != "stage_guessed"}
    if entity != "deal":
        values |= reached_values(row.phones, row.emails)
    if entity in ("contact", "deal"):
        values["company_id"] = company_id
    if entity == "deal":
        values["contact_id"] = contact_id
        made = min(values.get("created_at") or now, now)
        values["stage_entered_at"] = made
        if values.get("status", "open") != "open":
            closed = values.get("closed_at") or now
            values["closed_at"] = values["stage_entered_at"] = min(max(closed, made), now)
    if "created_at" in values:
        values["created_at"] = min(values["created_at"], now)
    return values
