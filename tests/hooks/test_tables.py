"""Plugins' own tables: made at the start, apart from the product's, and never at its cost."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from botcrm import Event, Manifest, Plugin, Tables, hookimpl, services
from botcrm.core import db
from botcrm.testing import Crm
from botcrm.testing.plugged import NotLoaded

MODELS = """
from tortoise import fields
from tortoise.models import Model


class Visit(Model):
    id = fields.IntField(primary_key=True)
    deal = fields.ForeignKeyField("core.Deal", related_name="{related}", on_delete=fields.CASCADE)
    place = fields.CharField(max_length=50, default="")

    class Meta:
        table = "{table}"
"""

FIRST = """
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True
    dependencies = [("core", "0001_initial")]
    operations = [
        ops.CreateModel(
            name="Visit",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("deal", fields.ForeignKeyField("core.Deal", source_field="deal_id", db_constraint=True, to_field="id",
                                                related_name="{related}", on_delete=OnDelete.CASCADE)),
                ("place", fields.CharField(default="", max_length=50)),
            ],
            options={{"table": "{table}", "app": "{plugin}", "pk_attr": "id"}},
            bases=["Model"],
        ),
        {more}
    ]
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Write a package with a table, and return a plugin that uses it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written: list[str] = []

    def write(plugin: str, *, table: str = "", more: str = "") -> Any:
        names = {"plugin": plugin, "table": table or f"{plugin}_visit", "related": f"{plugin}_visits", "more": more}
        folder = tmp_path / f"botcrm_{plugin}"
        (folder / "migrations").mkdir(parents=True)
        (folder / "__init__.py").write_text("", encoding="utf-8")
        (folder / "models.py").write_text(MODELS.format(**names), encoding="utf-8")
        (folder / "migrations" / "__init__.py").write_text("", encoding="utf-8")
        (folder / "migrations" / "0001_initial.py").write_text(FIRST.format(**names), encoding="utf-8")
        written.append(folder.name)

        class Visits:
            manifest = Manifest("Visits", needs=("deal.read",))

            @hookimpl
            def register_models(self) -> Tables:
                return Tables(f"botcrm_{plugin}.models", f"botcrm_{plugin}.migrations")

            @hookimpl
            async def on_event(self, event: Event, plugin: Plugin) -> None:
                if event.type == "DealCreated":
                    visit = sys.modules[f"{folder.name}.models"].Visit
                    async with plugin.work():
                        await visit.create(deal_id=event.record_id, place="Kraków")

        return Visits()

    yield write
    for name in [name for name in sys.modules if name.split(".")[0] in written]:
        del sys.modules[name]


@pytest.fixture
async def start(database_url: str) -> AsyncIterator[Callable[..., Any]]:
    running: list[Crm] = []

    async def begin(**plugins: Any) -> Crm:
        crm = Crm(database_url, plugins=plugins)
        running.append(crm)
        try:
            await crm.begin()
        except NotLoaded:
            await crm.app.hooks.settled()
        return crm

    yield begin
    for crm in running:
        await crm.app.stop()


async def test_register_models_makes_tables_that_a_plugin_writes_to(
    start: Callable[..., Any], package: Callable[..., Any], database_url: str
) -> None:
    # The library knows a relation to the core's models for as long as the process lives.
    path = db.sqlite_path(database_url)
    name = "outing" if path else "tour"
    visits = package(name)
    crm = await start(**{name: visits})
    async with crm.work() as work:
        deal = await services.add_deal(work, title="Roof")
    await crm.app.hooks.settled()
    assert (crm.listed(name).errors, crm.listed(name).calls) == (0, 1)
    assert [row["place"] for row in await db.fetch(f"SELECT place FROM {name}_visit")] == ["Kraków"]
    # Core and plugin know each other's records.
    models = sys.modules[f"botcrm_{name}.models"]
    found = await models.Visit.filter(deal__title="Roof").select_related("deal").first()
    assert found is not None
    assert found.deal.id == deal.id
    assert path is None or path.with_name(f"{path.name}.before-{name}-0001_initial").exists()
    await crm.app.stop()
    # Off at the next start, its tables are looked after all the same.
    again = await start(**{name: visits})
    await again.app.hooks.switch(name, False)
    await again.app.hooks.switch(name, True)
    assert again.listed(name).state == "on"
    assert len(await db.fetch(f"SELECT place FROM {name}_visit")) == 1


@pytest.mark.parametrize(
    ("plugin", "options", "said"),
    [
        ("trip", {"table": "visit"}, "its table 'visit' must be called trip_"),
        ("ramble", {"more": 'ops.RunSQL("SELECT nothing FROM nowhere"),'}, "the database is as it was"),
        ("stroll", {"more": 'ops.RunSQL("DROP TABLE note"),'}, "its migration 0001_initial touches note"),
        ("march", {"more": 'ops.RunSQL("CREATE TABLE loose (id int)"),'}, "touches loose"),
        ("hike", {"more": "1 / 0,"}, "ZeroDivisionError"),
    ],
)
async def test_a_bad_migration_keeps_the_plugin_out_and_leaves_the_database_as_it_was(
    start: Callable[..., Any],
    package: Callable[..., Any],
    plugin: str,
    options: dict[str, str],
    said: str,
) -> None:
    crm = await start(**{plugin: package(plugin, **options)})
    listed = crm.listed(plugin)
    assert listed.state == "failed"
    assert said in listed.reason
    async with crm.work() as work:
        deal = await services.add_deal(work, title="Roof")
        await services.add_note(work, "kept", deal_id=deal.id)
    assert [row["text"] for row in await db.fetch("SELECT text FROM note")] == ["kept"]
    for table in (f"{plugin}_visit", "visit", "loose"):
        with pytest.raises(Exception, match=table):
            await db.fetch(f"SELECT 1 AS y FROM {table}")
    assert not await db.fetch("SELECT 1 AS y FROM tortoise_migrations WHERE app = ?", plugin)
