"""Texts of plugins in the reader's language, from the plugin's own catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from botcrm import (
    ActivityKind,
    Chat,
    Column,
    Command,
    Line,
    Manifest,
    Report,
    ReportFilters,
    ReportTable,
    Verb,
    Work,
    hookimpl,
    services,
)
from botcrm.core.models import User
from botcrm.testing import Crm

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def test_register_locales(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "pl" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    _compile({"Ask me": "Zapytaj mnie", "Hello, {name}": "Cześć, {name}"}, folder / "greeter.mo")

    class Greeter:
        manifest = Manifest("Greeter")

        @hookimpl
        def register_locales(self) -> Path:
            return tmp_path

        @hookimpl
        def register_commands(self) -> list[Command]:
            return [Command(Verb("greet", takes_subject=False), self.greet, "Ask me", ("greet",))]

        async def greet(self, chat: Chat, line: Line) -> str:
            return chat.words.t("Hello, {name}", name="Anna")

    crm = await Crm.start(database_url, plugins={"greeter": Greeter()})
    try:
        anna = await crm.join("rep", "Anna Rep")
        assert await anna.send("/greet") == "Hello, Anna"
        # botcrm itself speaks English only as yet, so /settings knows no other language to choose.
        await User.filter(id=anna.user_id).update(language="pl")
        assert await anna.send("/greet") == "Cześć, Anna"
        assert "Zapytaj mnie" in await anna.send("/help")
        await crm.app.hooks.switch("greeter", False)
        assert "Zapytaj" not in await anna.send("/help")
    finally:
        await crm.stop()


async def test_kinds_and_reports_of_a_plugin_are_called_by_its_own_catalogue(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "pl" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    texts = {"Tasting": "Degustacja", "Bottles": "Butelki", "How many": "Ile ich jest", "Call": "Zew"}
    _compile(texts, folder / "cellar.mo")

    class Cellar:
        manifest = Manifest("Cellar")

        @hookimpl
        def register_locales(self) -> Path:
            return tmp_path

        @hookimpl
        def register_activity_kinds(self) -> list[ActivityKind]:
            return [ActivityKind("tasting", "Tasting", "🍷", words=("tasting",))]

        @hookimpl
        def register_reports(self) -> list[Report]:
            return [Report("bottles", "Bottles", "How many", self.bottles)]

        async def bottles(self, work: Work, filters: ReportFilters) -> ReportTable:
            return ReportTable((Column("n", "N", "number"),), [(1,)])

    crm = await Crm.start(database_url, plugins={"cellar": Cellar()})
    try:
        anna = await crm.join("rep", "Anna Rep")
        await anna.send("deal Vino 3k cellar")
        async with crm.work() as work:
            due = services.suggested_due(work)
            await services.plan_activity(work, "tasting", "", due, deal_id=1, owner_id=anna.user_id)
        assert "Tasting" in await anna.send("d1")
        await User.filter(id=anna.user_id).update(language="pl")
        assert "Degustacja" in await anna.send("d1")
        assert "Tasting" not in anna.last
        await anna.tap("Timeline")
        assert "Degustacja" in anna.last
        reports = await anna.send("/report")
        assert "Butelki" in reports
        assert "Ile ich jest" in reports
        seen = anna.seen.count("Degustacja")
        # A reminder is worded when it is sent, by whoever sends it.
        await crm.advance(days=4)
        assert anna.seen.count("Degustacja") > seen
        # The product's own words are not the plugin's to change.
        assert "Zew" not in await anna.send("/call d1 5m ok")
        await crm.app.hooks.switch("cellar", False)
        assert "Butelki" not in await anna.send("/report")
    finally:
        await crm.stop()


def _compile(texts: dict[str, str], path: Path) -> None:
    """Write a catalogue as msgfmt does."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    catalogue = Catalog(locale="pl")
    for text, translated in texts.items():
        catalogue.add(text, translated)
    with path.open("wb") as file:
        write_mo(file, catalogue)
