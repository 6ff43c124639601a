"""What the guides tell people to type is typed here, and must be understood."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from botcrm.core.domain.dates import WhenFound, read_when
from botcrm.core.domain.grammar import parse_lines
from botcrm.core.domain.verbs import VERBS
from botcrm.telegram.commands.table import COMMANDS, TABLE
from botcrm.telegram.screens.texts import HELP
from botcrm.testing import Crm, Member
from tests.docs.pages import blocks, prose, read

# How an answer begins that says the line was not understood or not done.
REFUSED = ("✋", "🤷", "Kept. What is it?", "↩ Not undone", "“", "That is ")


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    """Run the bot, without any plugin but the built-in ones."""
    running = await Crm.start(database_url, plugins=[])
    yield running
    await running.stop()


async def play(page: str, people: dict[str, Member]) -> int:
    """Send each line of a page's chats, and compare the answers that are shown; returns how many lines were sent."""
    answer, sent = "", 0
    for block in blocks(page, "chat", "answer"):
        if block.label == "answer":
            for line in block.lines:
                assert line.strip() in [shown.strip() for shown in answer.splitlines()], f"{page}: {line}\n{answer}"
            continue
        person = people[block.label.removeprefix("chat").strip()]
        for line in block.lines:
            answer = await person.send(line)
            sent += 1
            assert answer, line
            assert not answer.startswith(REFUSED), f"{page}: {line}\n{answer}"
            assert "✋" not in answer, f"{page}: {line}\n{answer}"
    return sent


async def test_every_line_of_the_user_guide_is_understood(crm: Crm) -> None:
    boss = await crm.join("manager", "Maria Boss")
    anna = await crm.join("rep", "Anna Rep", manager=boss)
    assert await play("docs/user-guide.md", {"": anna}) > 30


async def test_a_reply_needs_no_name(crm: Crm) -> None:
    anna = await crm.join("rep", "Anna Rep")
    text = section("docs/user-guide.md", "Replies")
    lines: list[str] = re.findall(r"`([^`]+)`", text)
    assert len(lines) == 3
    for line in lines:
        await anna.send("deal Acme 12k roof repair")
        answer = await anna.send(line, reply_to=anna.card)
        assert not answer.startswith(REFUSED), f"{line}\n{answer}"
        assert "Acme" in answer


def section(page: str, heading: str) -> str:
    """Return what stands below a heading."""
    return re.split(r"^## ", read(page).split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_the_dates_of_the_user_guide_are_read() -> None:
    rows = re.findall(r"^\| (`.*?) \|", section("docs/user-guide.md", "Dates"), re.MULTILINE)
    phrases = [phrase for row in rows for phrase in re.findall(r"`([^`]+)`", row)]
    assert len(phrases) > 8
    now = datetime(2026, 11, 24, 10, 0)
    for phrase in phrases:
        found = read_when(phrase, now, "en")
        assert isinstance(found, WhenFound), phrase
        assert found.at > now
        assert found.phrase.strip() == phrase


@pytest.mark.parametrize(
    ("part", "verb", "name"),
    [
        ("amount", "deal", "amount"),
        ("duration", "call", "duration"),
        ("outcome", "call", "outcome"),
        ("direction", "call", "direction"),
        ("stage", "deal", "stage"),
        ("owner", "deal", "owner"),
        ("tag", "deal", "tags"),
        ("reference", "deal", "refs"),
        ("next step", "deal", "next_text"),
    ],
)
def test_the_parts_of_a_line_are_read(part: str, verb: str, name: str) -> None:
    (row,) = re.findall(rf"^\| {part} \| (.*?) \|", read("docs/user-guide.md"), re.MULTILINE)
    for example in re.findall(r"`([^`]+)`", row):
        (line,) = parse_lines(f"{verb} Acme {example}", verbs=TABLE, now_wall=datetime(2026, 11, 24, 10, 0))
        assert getattr(line.args, name), example
        assert line.text_after(1) == "", example


async def test_every_line_of_the_manager_guide_is_understood(crm: Crm) -> None:
    boss = await crm.join("manager", "Maria Boss")
    await crm.join("rep", "Anna Rep", manager=boss)
    await crm.join("rep", "Bob Rep", manager=boss)
    admin = await crm.join("admin", "Adam Admin")
    assert await play("docs/manager-guide.md", {"": boss, "admin": admin}) > 10


async def test_the_first_deal_of_the_readme_works(crm: Crm) -> None:
    admin = await crm.join("admin", "Adam Admin")
    lines = [
        line for block in blocks("README.md", "") for line in block.lines if line.strip().startswith(("deal", "invite"))
    ]
    assert len(lines) == 2
    opened = await admin.send(lines[0].strip())
    assert "Deal opened" in opened
    assert "Fri 27 Nov 10:00 — 🤝 site visit" in opened
    assert "https://t.me/" in await admin.send(lines[1].strip())


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS if verb.name in COMMANDS and verb.name != "start"])
def test_each_verb_has_a_line_in_a_guide(verb: str) -> None:
    shown = [
        line.lstrip("/").split(maxsplit=1)[0]
        for page in ("docs/user-guide.md", "docs/manager-guide.md")
        for block in blocks(page, "chat")
        for line in block.lines
    ]
    assert verb in shown
    assert verb in HELP


def test_buttons_in_the_guides_exist() -> None:
    """What stands in [brackets] is the label of a button, up to what changes in it."""
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for path in Path(__file__).resolve().parents[2].joinpath("botcrm/telegram").rglob("*.py")
    )
    for page in ("docs/user-guide.md", "docs/manager-guide.md"):
        for label in re.findall(r"\[([^\]\n]+)\](?!\()", prose(read(page))):
            words = re.sub(r"[^\w\s'’]", "", label.replace("…", "")).strip()
            assert words in source, f"{page}: no button [{label}]"
