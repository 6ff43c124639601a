"""Who else is called what a person is called: perhaps they themselves, in a record that nothing else ties to them."""

from botcrm.core import db
from botcrm.core.domain.personal import telling_words
from botcrm.core.domain.text import fold, terms
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.personal.person import Person
from botcrm.core.services.work import Work

# So many records with a word of the name are looked at.
_MOST_NEAR = 500
_TITLE = {"contact": "name", "lead": "title"}


async def namesakes(work: Work, person: Person, most: int = 20) -> list[tuple[str, int]]:
    """Return the contacts and leads within reach that are called exactly the same, and are not known to be the person."""
    found = list[tuple[str, int]]()
    for name in await _names(person):
        near = await _with_word(max(terms(name), key=len, default=""), ("contact", "lead"))
        for entity, title in _TITLE.items():
            ids = ", ".join(str(one) for kind, one in near if kind == entity) or "0"
            reached = owned_sql("owner_id", owners(work.actor, entity))
            rows = await db.fetch(
                f"SELECT id, name, {title} AS title FROM {entity} "
                f"WHERE id IN ({ids}) AND deleted_at IS NULL AND {reached} ORDER BY id"
            )
            same = (row for row in rows if fold(name) in (fold(row["name"] or ""), fold(row["title"] or "")))
            found += [(entity, int(row["id"])) for row in same]
    return [one for one in dict.fromkeys(found) if one not in person.records][:most]


async def own_words(person: Person) -> list[str]:
    """Return the words of a person's names that stand in nobody else's, be it a client, a company or a colleague."""
    staff = {word for name in await db.column('SELECT name FROM "user"') for word in terms(name)}
    words = {word for name in await _names(person) for word in telling_words(name)}
    own = set(person.records)
    return [
        word
        for word in sorted(words)
        if fold(word) not in staff and not set(await _with_word(fold(word), ("contact", "lead", "company"))) - own
    ]


async def _names(person: Person) -> list[str]:
    found: list[str] = []
    for entity, ids in (("contact", person.contacts), ("lead", person.leads)):
        listed = ", ".join(map(str, ids)) or "0"
        found += await db.column(f"SELECT name FROM {entity} WHERE id IN ({listed}) AND name <> '' ORDER BY id")
    return list(dict.fromkeys(found))


async def _with_word(word: str, entities: tuple[str, ...]) -> list[tuple[str, int]]:
    """Return the records in whose names and texts search finds a whole word."""
    kinds = ", ".join(f"'{one}'" for one in entities)
    rows = await db.fetch(
        "SELECT DISTINCT e.entity, e.record_id FROM search_term s JOIN search_entry e ON e.id = s.entry_id "
        f"WHERE s.term = ? AND e.entity IN ({kinds}) ORDER BY e.entity, e.record_id LIMIT {_MOST_NEAR}",
        word[:64],
    )
    return [(row["entity"], row["record_id"]) for row in rows]
