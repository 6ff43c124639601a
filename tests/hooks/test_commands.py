"""Commands, buttons and words of plugins: read by the grammar, shown in menu and help, held to the person's rights."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcrm import (
    Button,
    ButtonHandler,
    Chat,
    Command,
    Line,
    Manifest,
    Permission,
    Screen,
    Verb,
    hookimpl,
    services,
)
from botcrm.core.models import User
from botcrm.hooks import Loaded
from botcrm.testing import Crm, Member

# What is written here is the same on both databases; tests/conversations/test_plugins.py runs on each.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


class Visits:
    """A plugin with what commands can be: two words, a subject, a permission, buttons, questions."""

    manifest = Manifest("Visits", "Checks in at a client's.", needs=("activity.add",))

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [
            Permission("visits.audit", "See everybody's visits", {"manager": "department"}),
            Permission("visits.count", "Count visits", {"rep": "own"}),
        ]

    @hookimpl
    def register_commands(self) -> list[Command]:
        return [
            Command(
                Verb("meet in", frozenset({"ref"})),
                self.check_in,
                "Arrive at a client's",
                ("meet in Acme",),
                "Then share your place.",
                subject=("deal", "contact", "company"),
            ),
            Command(Verb("audit", takes_subject=False), self.audit, "Check the visits", permission="visits.audit"),
            Command(
                Verb("survey", frozenset({"amount", "tag"}), ("poll",)), self.survey, "Ask a question", ("survey",)
            ),
            Command(Verb("broken", takes_subject=False), self.broken, "Break"),
            Command(Verb("refuse", takes_subject=False), self.refuse, "Refuse"),
            Command(Verb("export", takes_subject=False), self.export, "Send a file"),
            Command(Verb("twice", takes_subject=False), self.twice, "Say two things"),
        ]

    @hookimpl
    def register_buttons(self) -> list[ButtonHandler]:
        return [
            ButtonHandler("leave", self.leave),
            ButtonHandler("told", self.told),
            ButtonHandler("look", self.look, once=False),
            ButtonHandler("sack", self.look, permission="visits.audit"),
            ButtonHandler("burst", self.burst),
        ]

    async def check_in(self, chat: Chat, line: Line) -> Screen | str:
        if chat.record is None:
            return f"Who is {line.text_after(0)!r}?"
        note = await services.add_note(chat.work, f"arrived: {line.text_after(0)}", **_link(chat))
        return Screen(
            f"At {getattr(chat.record, 'name', '')}, note {note.id}",
            (
                [Button("Leave", press="leave", args=(note.id, "a:b %"))],
                [Button("Look", press="look"), Button("Sack", press="sack"), Button("Burst", press="burst")],
            ),
            (chat.record._meta.db_table, chat.record.id),
        )

    async def audit(self, chat: Chat, line: Line) -> str:
        return "all visits"

    async def survey(self, chat: Chat, line: Line) -> str:
        await chat.ask("told", "cost")
        return f"What does it cost? {line.args.amount.amount if line.args.amount else '-'} {line.args.tags}"

    async def broken(self, chat: Chat, line: Line) -> str:
        await services.add_company(chat.work, "Never Ltd")
        await chat.reply("half an answer")
        raise RuntimeError("it broke")

    async def refuse(self, chat: Chat, line: Line) -> str:
        await services.add_company(chat.work, "Never Ltd")
        raise services_error()

    async def twice(self, chat: Chat, line: Line) -> None:
        await chat.reply("<b>one</b>")
        await chat.reply(Screen("2 < 3 & more"))

    async def export(self, chat: Chat, line: Line) -> None:
        await chat.send_file("visits.csv", b"a;b\n", "<b>open & 1 < 2")

    async def leave(self, chat: Chat, note_id: str, odd: str) -> str:
        await services.change_note(chat.work, int(note_id), "left")
        return f"left {chat.record.id if chat.record else '?'} {odd}"

    async def told(self, chat: Chat, what: str) -> str:
        return f"{what} = {chat.text}"

    async def look(self, chat: Chat) -> None:
        chat.toast("you looked")

    async def burst(self, chat: Chat) -> str:
        chat.toast("never shown")
        raise KeyError("burst")


def _link(chat: Chat) -> dict[str, int]:
    assert chat.record is not None
    return {f"{chat.record._meta.db_table}_id": chat.record.id}


def services_error() -> Exception:
    from botcrm import CrmError

    class Closed(CrmError):
        message = "The office is closed on {day}."

    return Closed(day="Sunday")


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    """Run the bot with the plugin above."""
    running = await Crm.start(database_url, plugins={"visits": Visits()})
    yield running
    await running.stop()


@pytest.fixture
async def boss(crm: Crm) -> Member:
    return await crm.join("manager", "Marta Boss")


def listed(crm: Crm, name: str) -> Loaded:
    """Return a plugin as it is listed."""
    return next(loaded for loaded in crm.app.hooks.plugins if loaded.name == name)


@pytest.fixture
async def anna(crm: Crm, boss: Member) -> Member:
    return await crm.join("rep", "Anna Rep", manager=boss)


async def menus(crm: Crm, member: Member) -> list[str]:
    """Return the commands in somebody's menu once the bot has had time to show them."""
    await crm.process.tick()
    await crm.settle()
    return [name for name, _ in member.person.commands()]


async def test_register_commands_two_words_and_a_subject(anna: Member) -> None:
    await anna.send("company Acme")
    assert await anna.send("/meet in Acme") == "At Acme, note 1"
    assert await anna.send("meeting in acme by the back door") == "At Acme, note 2"
    await anna.send("/note o1 x")
    await anna.send("/meet Acme 40m ok signed")
    assert "Meeting with Acme" in anna.last, "the verb that it begins with goes on"


async def test_register_commands_the_subject_is_the_card_replied_to(anna: Member) -> None:
    await anna.send("company Acme")
    card = anna.card
    assert await anna.send("/meet in the back door", reply_to=card) == "At Acme, note 1"
    assert await anna.send("/meet_in o1 again") == "At Acme, note 2"


async def test_register_commands_picks_where_the_subject_is_unclear(anna: Member) -> None:
    await anna.send("company Acme North")
    await anna.send("company Acme South")
    assert await anna.send("/meet in Acme at ten") == "Which one is meant by “Acme”?"
    assert set(anna.buttons) == {"🏢 Acme South", "🏢 Acme North"}
    assert (await anna.tap("Acme North")).startswith("At Acme North")
    await anna.send("o1")
    await anna.tap("Timeline")
    assert "📝 arrived: at ten" in anna.last


async def test_register_commands_an_unknown_subject_is_the_plugins_to_answer(anna: Member) -> None:
    assert await anna.send("/meet in Nobody") == "Who is 'Nobody'?"


async def test_register_commands_undo_and_edit(anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("company Beta")
    await anna.send("/meet in Acme one")
    assert await anna.edit(anna.mine, "/meet in Beta two") == "At Beta, note 2"
    await anna.send("o1")
    await anna.tap("Timeline")
    assert "note removed" in anna.last, "what the first line did was taken back"
    await anna.send("/undo")
    await anna.send("o2")
    assert "arrived" not in anna.last


async def test_register_commands_in_help_and_menu(crm: Crm, anna: Member, boss: Member) -> None:
    assert "Arrive at a client's\n   meet in Acme" in await anna.send("/help")
    assert await anna.send("/help meet in") == (
        "/meet in — Arrive at a client's\nmeet in Acme\nThen share your place.\nby Visits"
    )
    assert await anna.send("/help poll") == "/survey — Ask a question\nsurvey\nby Visits"
    shown = await menus(crm, anna)
    assert "meet_in" in shown
    assert "survey" in shown
    assert shown.index("meet_in") < shown.index("settings")


async def test_register_permissions_for_others_the_verb_does_not_exist(crm: Crm, anna: Member, boss: Member) -> None:
    assert await boss.send("/audit") == "all visits"
    assert "“/audit” is no command" in await anna.send("/audit") or "Kept. What is it?" in anna.last
    assert "/audit" not in anna.buttons
    assert "Check the visits" not in await anna.send("/help")
    assert "Check the visits" in await boss.send("/help")
    assert "audit" not in await menus(crm, anna)
    assert "audit" in await menus(crm, boss)


async def test_register_permissions_are_demanded_with_their_reach(crm: Crm, anna: Member, boss: Member) -> None:
    from botcrm import CrmError
    from botcrm.core.services.people import actor_by_id

    async with crm.app.work() as work:
        for member, reach in ((boss, "department"), (anna, "")):
            actor = await actor_by_id(work.prefs, member.user_id or 0)
            assert actor
            mine = work.acting_as(actor)
            if reach:
                assert services.demand_permission(mine, "visits.audit") == reach
            else:
                assert services.demand_permission(mine, "visits.count") == "own"
                with pytest.raises(CrmError):
                    services.demand_permission(mine, "visits.audit")
        assert services.demand_permission(work, "visits.audit") == "all"


async def test_a_failing_command_leaves_nothing(crm: Crm, anna: Member) -> None:
    assert await anna.send("/broken") == "✋ The plugin Visits failed; nothing was changed. The administrator was told."
    assert "half an answer" not in anna.seen
    assert "Nothing found" in await anna.send("/find never")
    assert await anna.send("/refuse") == "✋ The office is closed on Sunday."
    assert "Nothing found" in await anna.send("/find never")
    assert listed(crm, "visits").errors == 1, "a refusal is no failure"


async def test_several_replies_and_bad_markup(anna: Member) -> None:
    await anna.send("/twice")
    assert anna.seen.endswith("one\n2 < 3 & more")


async def test_a_file_is_sent_with_the_commit(crm: Crm, anna: Member) -> None:
    await anna.send("/export")
    await crm.settle()
    assert anna.card.data["document"]["file_name"] == "visits.csv"
    assert anna.card.data["caption"] == "<b>open & 1 < 2"


async def test_a_mistyped_command_is_offered(anna: Member) -> None:
    await anna.send("/survy 12k")
    assert "/survey" in anna.buttons
    assert await anna.tap("/survey") == "What does it cost? 12000 []"


async def test_lines_of_plugins_among_others(anna: Member) -> None:
    await anna.send("company Acme\n/meet in Acme one\n/twice")
    assert "At Acme, note 1" in anna.seen
    assert "Added" in anna.seen


async def test_register_buttons_press(anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/meet in Acme")
    card = anna.card
    await anna.tap("Look", card)
    assert anna.toast == "you looked"
    await anna.tap("Look", card)
    assert anna.toast == "you looked", "what changes nothing can be pressed again"
    assert await anna.tap("Leave", card) == "left 1 a:b %"
    await anna.forge("x:visits:leave:1:a", card)
    assert anna.toast == ""
    await anna.forge("x:visits:leave:1:a", card)
    assert anna.toast == "Done already."


async def test_register_buttons_that_are_not_there(anna: Member, boss: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/meet in Acme")
    gone = "✋ This button is no longer in use. Open the card again."
    for data in ("x:visits:nothing", "x:nobody:leave", "x", "x:visits", "x:visits:sack", "x:::"):
        assert await anna.forge(data, anna.card) == gone, data
    await anna.tap("Sack")
    assert anna.toast == gone, "the permission is asked when it is pressed"
    assert (await anna.forge("x:visits:leave", anna.card)).startswith("✋ The plugin Visits failed")


async def test_a_failing_button_answers_the_press(anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/meet in Acme")
    assert await anna.tap("Burst") == "At Acme, note 1"
    assert anna.toast == "✋ The plugin Visits failed; nothing was changed. The administrator was told."


async def test_a_button_on_a_card_that_is_out_of_reach(crm: Crm, anna: Member, boss: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/meet in Acme")
    card = anna.card
    await anna.send("/undo")
    await anna.send("/undo")
    await anna.tap("Leave", card)
    assert anna.toast.startswith("🤷 Nothing here by o1")


async def test_ask_takes_the_next_text(crm: Crm, anna: Member) -> None:
    await anna.send("/survey #roof")
    assert anna.last == "What does it cost? - ['roof']"
    assert "Added" in await anna.send("company Acme"), "a command is a command"
    assert await anna.send("about 12k") == "cost = about 12k"
    await anna.send("once more")
    assert "Kept. What is it?" in anna.last


async def test_ask_survives_a_restart_and_ends_with_the_plugin(crm: Crm, anna: Member) -> None:
    await anna.send("/survey")
    await crm.restart(hours=1)
    assert await anna.send("twelve") == "cost = twelve"
    await anna.send("/survey")
    await crm.app.hooks.switch("visits", False)
    assert await anna.send("twelve") == "✋ Nobody waits for this answer any more."
    assert "Kept. What is it?" in await anna.send("twelve")


async def test_switching_is_live(crm: Crm, anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/meet in Acme")
    card = anna.card
    assert "survey" in await menus(crm, anna)
    await crm.app.hooks.switch("visits", False)
    assert "Meeting" in await anna.send("/meet in Acme"), "without the plugin it is a meeting that came in"
    await anna.send("/survey")
    assert "What does it cost" not in anna.last
    assert "survey" not in await menus(crm, anna)
    assert "Arrive at" not in await anna.send("/help")
    await anna.tap("Leave", card)
    assert anna.toast == "✋ This button is no longer in use. Open the card again."
    await crm.app.hooks.switch("visits", True)
    assert "survey" in await menus(crm, anna)
    assert await anna.tap("Leave", card) == "left 1 a:b %"


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


def _compile(texts: dict[str, str], path: Path) -> None:
    """Write a catalogue as msgfmt does."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    catalogue = Catalog(locale="pl")
    for text, translated in texts.items():
        catalogue.add(text, translated)
    with path.open("wb") as file:
        write_mo(file, catalogue)
