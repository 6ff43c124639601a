"""What is worked out once for a run of tests is what each test would have worked out for itself."""

from __future__ import annotations

from typing import Any

from tortoise import Tortoise

from botcrm.core import db
from botcrm.core.models import Deal
from botcrm.testing import once


def described() -> dict[str, Any]:
    """Say of each model what depends on the kind of database; functions by their names."""
    assert Tortoise.apps is not None
    return {
        name: {
            "filters": {
                key: getattr(found["operator"], "func", found["operator"]).__qualname__
                for key, found in model._meta.filters.items()
            },
            "fields": [
                sorted(column for column, *_ in fields)
                for fields in (
                    model._meta.db_native_fields,
                    model._meta.db_default_fields,
                    model._meta.db_complex_fields,
                )
            ],
            "query": type(model._meta.basequery),
            "all": sorted(str(model._meta.basequery_all_fields).replace(" FROM", ",FROM").split(",")),
        }
        for name, model in Tortoise.apps["core"].items()
    }


async def test_models_are_as_the_library_makes_them(database_url: str) -> None:
    await db.open_database(database_url)
    found = described()
    assert Tortoise.apps is not None
    once._usual(Tortoise.apps)
    assert described() == found
    assert len(found) > 30


async def test_they_are_made_once(database_url: str) -> None:
    await db.open_database(database_url)
    query = Deal._meta.basequery
    await db.close()
    await db.open_database(database_url)
    assert Deal._meta.basequery is query
