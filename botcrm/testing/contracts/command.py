"""What every command has to do right: help that is true, and an answer to whatever is typed."""

from typing import ClassVar

import pytest

from botcrm.contract.commands import Command
from botcrm.core.domain.grammar import VERBS, VerbTable
from botcrm.core.domain.verbs import Verb
from botcrm.testing.chat import Crm
from botcrm.testing.contracts.texts import HOSTILE
from botcrm.testing.member import Member


@pytest.mark.asyncio
class CommandContract:
    """All commands of the plugins under test, or those named in `commands`."""

    commands: ClassVar[tuple[str, ...]] = ()

    def _commands(self, crm: Crm) -> dict[str, Command]:
        mine = {
            name: owned.value
            for name, owned in crm.app.hooks.registry.commands.items()
            if owned.plugin in crm.under_test and (not self.commands or name in self.commands)
        }
        assert mine, "the plugins under test register no command"
        return mine

    def _line(self, crm: Crm, name: str, example: str) -> str:
        return example if example.startswith("/") else f"/{example}"

    async def test_the_help_is_complete(self, crm: Crm) -> None:
        """Each command says what it does, in a line, and shows an example that starts with it."""
        words = [word for verb in VERBS for word in (verb.name, *verb.aliases)]
        for name, command in self._commands(crm).items():
            assert command.menu.strip(), f"{name}: say in `menu` what it does"
            assert "\n" not in command.menu, f"{name}: `menu` is one line"
            assert len(command.menu) <= 256, f"{name}: Telegram's menu takes 256 characters"
            assert command.examples, f"{name}: give an example of a whole line"
            for example in command.examples:
                assert example.lstrip("/").split(" ")[: len(name.split())] == name.split(), (
                    f"{example!r} does not start with {name}"
                )
            assert name not in words, f"{name} is one of the product's own verbs"
            VerbTable([*VERBS, Verb(name.replace(" ", "_"), command.verb.shapes)])

    async def test_it_shows_in_help(self, crm: Crm, admin: Member) -> None:
        """`/help` and the command's own help show it."""
        for name, command in self._commands(crm).items():
            assert command.examples, f"{name}: give an example of a whole line"
            assert command.examples[0].lstrip("/") in await admin.send(f"/help {name}")

    async def test_its_examples_are_understood(self, crm: Crm, admin: Member) -> None:
        """Every example, typed as it stands, is answered."""
        for name, command in self._commands(crm).items():
            for example in command.examples:
                await self._answered(crm, admin, self._line(crm, name, example))

    @pytest.mark.parametrize("kind", HOSTILE)
    async def test_whatever_is_typed_is_answered(self, crm: Crm, rep: Member, kind: str) -> None:
        """Behind each command any text may follow; the plugin answers and does not fail."""
        for name in self._commands(crm):
            text = HOSTILE[kind].encode("utf-8", "replace").decode()[:3_000]
            await self._answered(crm, rep, f"/{name} {text}")

    async def test_the_commands_of_others_go_on(self, crm: Crm, rep: Member) -> None:
        """Beside the plugin the product's own commands answer as ever."""
        await rep.send("/deal Acme 12k roof")
        assert "Acme" in await rep.send("/deals")

    async def _answered(self, crm: Crm, member: Member, line: str) -> None:
        before = len(member.person.messages())
        toasts = crm.failures()
        await member.send(line)
        answers = [message for message in member.person.messages()[before:] if message.from_bot]
        failed = crm.failures() - toasts
        assert not failed, f"{line[:60]!r} made the plugin fail: {crm.last_failure()}"
        assert answers or member.card.data.get("edit_date"), f"{line[:60]!r} was not answered"
