"""People come and go by command."""

import asyncio
import re

import pytest

from botcrm.cli import parser
from botcrm.cli.session import opened
from botcrm.core.services.exporting import export
from botcrm.core.services.staff import roles
from tests.cli.conftest import Run

MAREK = ("user", "add", "--name", "Marek", "--role", "manager", "--telegram-id", "102")


def test_words_of_the_parser_are_those_of_the_core() -> None:
    assert export.KINDS == parser.EXPORTS


def test_add_list_deactivate(botcrm: Run) -> None:
    assert botcrm(*MAREK).out == "Marek (no. 1): manager, Telegram 102.\n"
    anna = botcrm("user", "add", "--name", "Anna  Nowak", "--role", "rep", "--telegram-id", "101", "--manager", "marek")
    assert anna.out == "Anna Nowak (no. 2): rep, Telegram 101, manager Marek.\n"
    rows = [re.split(r"\s{2,}", line) for line in botcrm("user", "list").out.splitlines()]
    assert rows == [
        ["No.", "Name", "Role", "Telegram", "Manager", "Active"],
        ["1", "Marek", "manager", "102", "-", "yes"],
        ["2", "Anna Nowak", "rep", "101", "Marek", "yes"],
    ]
    gone = botcrm("user", "deactivate", "Anna")
    assert gone.code == 0
    assert gone.out == "Anna Nowak (no. 2) is shut out.\n"
    assert botcrm("user", "list").out.splitlines()[-1].endswith("no")
    assert botcrm("user", "deactivate", "Anna").code == 1


def test_the_same_account_twice_keeps_its_person(botcrm: Run) -> None:
    botcrm(*MAREK)
    again = botcrm("user", "add", "--name", "Marek Kowal", "--role", "admin", "--telegram-id", "102")
    assert again.out == "Marek Kowal (no. 1): admin, Telegram 102.\n"
    assert len(botcrm("user", "list").out.splitlines()) == 2


def test_the_only_administrator_stays_one_until_there_is_another(botcrm: Run) -> None:
    ada = ("user", "add", "--name", "Ada", "--telegram-id", "77", "--role")
    botcrm(*ada, "admin")
    refused = botcrm(*ada, "rep")
    assert refused.code == 2
    assert refused.err == ("botcrm: Telegram 77: Ada is the only administrator. Make somebody else one first.\n")
    assert " admin " in botcrm("user", "list").out
    assert botcrm("user", "add", "--name", "Ada K", "--telegram-id", "77", "--role", "admin").code == 0
    botcrm("user", "add", "--name", "Otto", "--role", "admin", "--telegram-id", "78")
    assert botcrm(*ada, "rep").out == "Ada (no. 1): rep, Telegram 77.\n"


def test_unknown_manager_changes_nothing(botcrm: Run) -> None:
    botcrm(*MAREK)
    answer = botcrm("user", "add", "--name", "Anna", "--role", "rep", "--telegram-id", "101", "--manager", "Zofia")
    assert answer.code == 1
    assert answer.err == "botcrm: nobody, or more than one, is called “Zofia”. The staff: Marek (1).\n"
    assert len(botcrm("user", "list").out.splitlines()) == 2


def test_of_two_with_one_name_the_number_tells(botcrm: Run) -> None:
    for number in ("101", "102"):
        botcrm("user", "add", "--name", "Anna", "--role", "manager", "--telegram-id", number)
    ambiguous = botcrm("user", "deactivate", "Anna")
    assert (ambiguous.code, "Anna (1), Anna (2)" in ambiguous.err) == (1, True)
    assert botcrm("user", "deactivate", "2").out == "Anna (no. 2) is shut out.\n"


@pytest.mark.parametrize(
    "words",
    [
        ("user", "add", "--name", "A", "--role", "rep", "--telegram-id", "-1"),
        ("user", "add", "--name", "A", "--role", "rep", "--telegram-id", "9" * 20),
        ("user", "add", "--name", " ", "--role", "rep", "--telegram-id", "1"),
        ("user",),
        ("export", "weather"),
        ("sing",),
        (),
    ],
)
def test_wrong_usage_ends_with_2(alone: Run, words: tuple[str, ...]) -> None:
    answer = alone(*words)
    assert answer.code == 2
    assert answer.err.startswith("usage: botcrm")
    assert "Traceback" not in answer.err


async def own_roles() -> None:
    """Make a role, and give the first person one of their own."""
    async with opened() as app, app.work() as work:
        rep = next(role for role in await roles.roles(work) if role.key == "rep")
        await roles.copy_role(work, rep.id, "Night shift")
        await roles.give_own_role(work, 1)


def test_roles_of_your_own_are_given_by_name(botcrm: Run) -> None:
    botcrm(*MAREK)
    asyncio.run(own_roles())
    ewa = ("user", "add", "--name", "Ewa", "--telegram-id", "103", "--role")
    assert botcrm(*ewa, "night  SHIFT").out == "Ewa (no. 2): Night shift, Telegram 103.\n"
    assert botcrm(*ewa, "night_shift").code == 0
    unknown = botcrm(*ewa, "nigt shift")
    assert (unknown.code, unknown.err) == (
        1,
        "botcrm: role: “nigt shift” is not understood. Did you mean night_shift?\n",
    )
    assert botcrm(*ewa, "boss").err.endswith("Roles: rep, manager, admin, night_shift.\n")
    assert botcrm(*ewa, "user:1").code == 1, "somebody's own role is nobody else's"
    assert botcrm(*ewa, "Marek").code == 1
    listed = [re.split(r"\s{2,}", line)[1:3] for line in botcrm("user", "list").out.splitlines()[1:]]
    assert listed == [["Marek", "own, from manager"], ["Ewa", "Night shift"]]
    assert "lets one person in as Night shift, once" in botcrm("invite", "--role", "Night shift").out


def test_invitation_without_a_token_is_words_for_the_bot(botcrm: Run) -> None:
    answer = botcrm("invite", "--role", "admin")
    assert (answer.code, answer.err) == (0, "")
    assert re.fullmatch(r"Sent to the bot, this lets one person in as admin, once: /start [\w-]{32}\n", answer.out)


def test_a_department_is_made_by_its_path(botcrm: Run) -> None:
    made = botcrm(*MAREK, "--department", "Sales/South")
    assert made.out == "Marek (no. 1): manager, Telegram 102, Sales/South.\n"
    assert botcrm(*MAREK, "--department", "Sales//").code == 1
