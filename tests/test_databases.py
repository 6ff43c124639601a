"""The database fixtures themselves: what every other test stands on."""

from botcrm.core import db, schema


async def test_a_test_gets_a_migrated_database_of_its_own(database_url: str) -> None:
    assert await schema.pending_migrations(database_url) == []


async def test_rows_of_one_test_are_gone_in_the_next(database_url: str) -> None:
    await db.open_database(database_url)
    assert await db.fetch("SELECT * FROM search_word") == []
    await db.execute("INSERT INTO search_word (word) VALUES (?)", "acme")
    assert len(await db.fetch("SELECT * FROM search_word")) == 1


test_rows_of_another_test_are_gone_in_this_one = test_rows_of_one_test_are_gone_in_the_next


async def test_a_blank_database_has_all_migrations_ahead(blank_database_url: str) -> None:
    pending = await schema.pending_migrations(blank_database_url)
    assert pending
    assert await schema.migrate(blank_database_url) == pending


async def test_trigrams_see_cyrillic_letters(database_url: str) -> None:
    """A server set up with LC_CTYPE=C finds no likeness between two Russian words."""
    await db.open_database(database_url)
    if db.dialect() == "postgres":
        assert await db.fetch("SELECT similarity('Иванов', 'иванова') > 0.5 AS alike") == [{"alike": True}]
    else:
        await db.execute("INSERT INTO search_word (word) VALUES (?)", "иванова")
        assert await db.fetch("SELECT word FROM search_word WHERE search_word MATCH ?", "Иванов")
