"""What every channel has to do right: nothing lost, nothing twice, nobody's message held up by another's."""

import asyncio
import re
from typing import Any, ClassVar

import pytest

from botcrm.contract.channels import Incoming
from botcrm.core.models import File, Lead, Message, Record
from botcrm.core.services.clients.inbound import answer_client
from botcrm.markers import hookimpl
from botcrm.testing.channels import Provider
from botcrm.testing.chat import Crm
from botcrm.testing.contracts.texts import HOSTILE
from botcrm.testing.member import Member
from botcrm.testing.records import in_hands_of

ADDRESS = "+48601234567"
SPAMMER = "+48999000111"


def _bare(text: str) -> str:
    """Take out what no database keeps: NUL, and halves of surrogate pairs, which JSON can carry."""
    return re.sub("[\x00\ufffd?\ud800-\udfff]", "", text).strip()


class Blocker:
    """A plugin that takes one sender for a spammer."""

    @hookimpl
    async def message_blocked(self, incoming: Incoming) -> str | None:
        """Block one address."""
        return "spam" if incoming.address == SPAMMER else None


@pytest.mark.asyncio
class ChannelContract:
    """Name the `channel`, and say in `deliver` how its provider brings a message in; the rest is tested here."""

    channel: ClassVar[str] = ""
    """The channel's name; may be left out where the plugins under test register one only."""
    address: ClassVar[str] = ADDRESS
    """Where the client of the tests writes from."""

    async def deliver(self, crm: Crm, incoming: Incoming) -> None:
        """Bring a message in as the provider does; without this, it is handed to `receive`."""
        await crm.channel(self._name(crm)).receive(incoming)

    def _name(self, crm: Crm) -> str:
        return self.channel or crm.only_channel()

    def _provider(self, crm: Crm) -> Provider:
        return crm.provider(self._name(crm))

    @staticmethod
    def blocker() -> dict[str, object]:
        """Return a plugin that blocks one sender; the contract needs it beside those under test."""
        return {"contract_blocker": Blocker()}

    @pytest.fixture
    def plugins(self, plugins: Any) -> Any:
        """Have one sender blocked, besides the plugins under test."""
        return [plugins, self.blocker()]

    # --- taking in -------------------------------------------------------------------------------------------------

    async def _write(self, crm: Crm, text: str = "Do you do roofs?", number: int = 1, address: str = "") -> None:
        await self.deliver(crm, Incoming(address or self.address, text, external_id=f"m{number}", name="Zoe Client"))
        await crm.settle()

    async def deliver_edit(self, crm: Crm, incoming: Incoming) -> None:
        """Bring in that a message was changed, as the provider does; without this, it is handed to `receive_edit`."""
        await crm.channel(self._name(crm)).receive_edit(incoming)

    async def _messages(self, crm: Crm) -> list[Message]:
        return await Message.filter(channel=self._name(crm), direction="in").order_by("id")

    async def test_a_message_makes_a_lead_and_tells_whom_it_concerns(self, crm: Crm, admin: Member) -> None:
        """A client whom nobody knows becomes a lead with its source; the administrator is told."""
        await self._write(crm)
        (message,) = await self._messages(crm)
        assert message.text == "Do you do roofs?"
        lead = await Lead.get(id=message.lead_id)
        assert lead.name == "Zoe Client"
        assert lead.source, "where the lead came from was not kept"
        assert "Do you do roofs?" in admin.last

    async def test_the_same_message_again_has_no_effect(self, crm: Crm, admin: Member) -> None:
        """Providers deliver twice: the external_id tells."""
        await self._write(crm)
        told = admin.seen
        await self._write(crm)
        await self._write(crm, "Do you do roofs? (again)")
        assert len(await self._messages(crm)) == 1, "give each message the provider's id as external_id"
        assert admin.seen == told

    async def test_the_same_message_at_the_same_time_counts_once(self, crm: Crm, admin: Member) -> None:
        """Providers deliver twice at once, too."""
        incoming = Incoming(self.address, "Hello", external_id="m1", name="Zoe")
        await asyncio.gather(*(self.deliver(crm, incoming) for _ in range(5)))
        assert len(await self._messages(crm)) == 1
        assert await Lead.all().count() == 1

    async def test_a_changed_message_is_the_same_one_with_new_words(self, crm: Crm, admin: Member) -> None:
        """A client mends what they wrote: no second message, and the person responsible sees before and after, once."""
        await self._write(crm, "Do you do rofs?")
        for _ in range(2):
            mended = Incoming(self.address, "Do you do roofs?", external_id="m1", name="Zoe Client")
            await self.deliver_edit(crm, mended)
            await crm.settle()
        (message,) = await self._messages(crm)
        assert message.text == "Do you do roofs?"
        assert "Do you do rofs?" in admin.last
        assert admin.seen.count("Do you do roofs?") == 1

    async def test_a_change_of_what_was_never_kept_is_a_message(self, crm: Crm, admin: Member) -> None:
        """The change may come first, or the message got lost: what is there is taken."""
        await self.deliver_edit(crm, Incoming(self.address, "Do you do roofs?", external_id="m1", name="Zoe Client"))
        await self._write(crm, "Do you do rofs?")
        (message,) = await self._messages(crm)
        assert message.text == "Do you do roofs?"

    async def test_messages_keep_their_order(self, crm: Crm, admin: Member) -> None:
        """What one client writes stays in order, and makes one lead."""
        for number in range(5):
            await self._write(crm, f"line {number}", number)
        assert [message.text for message in await self._messages(crm)] == [f"line {number}" for number in range(5)]
        assert await Lead.all().count() == 1

    async def test_two_clients_are_kept_apart(self, crm: Crm, admin: Member) -> None:
        """Each address is a conversation of its own."""
        await self._write(crm, "I am Zoe", 1)
        await self._write(crm, "I am not", 2, address="+48602000000")
        first, second = await self._messages(crm)
        assert first.chat_id != second.chat_id
        assert first.lead_id != second.lead_id

    @pytest.mark.parametrize("kind", HOSTILE)
    async def test_whatever_is_written_is_kept(self, crm: Crm, admin: Member, kind: str) -> None:
        """No text is lost or breaks anything, and the next message is handled as ever."""
        text = HOSTILE[kind]
        await self._write(crm, text, 1)
        kept = await self._messages(crm)
        if text.strip():
            assert [_bare(message.text) for message in kept] == [_bare(text)]
            assert await self._was_told(kept[0]), "nobody was told"
        await self._write(crm, "and now this", 2)
        assert "and now this" in admin.last

    async def _was_told(self, message: Message) -> bool:
        from botcrm.core import db

        sql = "SELECT 1 AS y FROM outbox WHERE notice = 'client_message' AND record_id = ? AND state = 'sent'"
        return bool(await db.fetch_one(sql, message.id))

    async def test_a_blocked_sender_leaves_nothing(self, crm: Crm, admin: Member) -> None:
        """What a plugin blocks makes no lead and disturbs nobody."""
        before = admin.seen
        await self._write(crm, "Buy our pills", address=SPAMMER)
        assert not await self._messages(crm)
        assert not await Lead.all().count()
        assert admin.seen == before

    # --- answering -------------------------------------------------------------------------------------------------

    async def _answer(self, crm: Crm, member: Member, text: str) -> int:
        """Answer the newest message; returns the answer's id."""
        message = (await self._messages(crm))[-1]
        async with crm.work() as work:
            sent = await answer_client(await in_hands_of(work, member), message.id, text)
        await crm.settle()
        return sent.id

    async def _asked(self, crm: Crm) -> None:
        """Have a client write; where the channel carries no answers there is nothing more to test."""
        if not crm.channel(self._name(crm)).answers:
            pytest.skip("clients cannot be answered over this channel")
        await self._write(crm)

    async def test_an_answer_goes_out_once(self, crm: Crm, admin: Member) -> None:
        """It is handed to the provider as it was written, to the address it came from, and not again."""
        await self._asked(crm)
        number = await self._answer(crm, admin, "Yes, <b>we</b> do & soon 👍")
        await crm.advance(hours=2)
        (sent,) = self._provider(crm).sent
        assert sent.text == "Yes, <b>we</b> do & soon 👍"
        assert sent.message_id == number
        known = {self.address, (await self._messages(crm))[0].address or (await self._messages(crm))[0].chat_id}
        assert sent.address in known

    async def test_a_long_answer_goes_out_whole(self, crm: Crm, admin: Member) -> None:
        """Ten thousand characters arrive as they are; cutting them up is the channel's own matter."""
        await self._asked(crm)
        await self._answer(crm, admin, "word " * 2_000)
        assert "".join(self._provider(crm).texts).strip() == ("word " * 2_000).strip()

    async def test_a_refusal_is_told_with_its_reason(self, crm: Crm, admin: Member) -> None:
        """NotDelivered: the rep who wrote it hears why, and it is not tried again."""
        await self._asked(crm)
        self._provider(crm).refuse("the number is not in use")
        await self._answer(crm, admin, "Yes")
        await crm.advance(hours=2)
        assert self._provider(crm).asked == 1
        assert "the number is not in use" in admin.seen

    async def test_a_busy_provider_gets_it_later_and_in_order(self, crm: Crm, admin: Member) -> None:
        """TryLater: it waits, what was written after it waits behind it, nothing is lost and nothing doubled."""
        await self._asked(crm)
        self._provider(crm).be_busy(seconds=60)
        await self._answer(crm, admin, "one")
        await self._answer(crm, admin, "two")
        await crm.advance(minutes=10)
        assert self._provider(crm).texts == ["one", "two"]

    async def test_an_answer_in_doubt_is_not_sent_again_by_itself(self, crm: Crm, admin: Member) -> None:
        """An error leaves open whether it arrived: the rep is asked."""
        await self._asked(crm)
        self._provider(crm).break_down()
        await self._answer(crm, admin, "Yes")
        await crm.advance(hours=2)
        assert self._provider(crm).asked == 1
        assert "Resend" in admin.buttons, "the rep was not asked whether to send it again"
        await admin.tap("Resend")
        assert self._provider(crm).texts == ["Yes"]

    async def test_a_broken_line_to_one_client_holds_up_nobody_else(self, crm: Crm, admin: Member) -> None:
        """While one address waits, another is answered, and so are people in Telegram."""
        await self._asked(crm)
        self._provider(crm).be_busy(seconds=3_600)
        await self._answer(crm, admin, "to Zoe")
        await self._write(crm, "Me too?", 2, address="+48602000000")
        await self._answer(crm, admin, "to the other")
        assert self._provider(crm).texts == ["to the other"]
        assert await admin.send("/today")

    async def test_a_restart_in_between_loses_nothing(self, crm: Crm, admin: Member) -> None:
        """What came in before it can be answered after it; what waited to go out goes out once."""
        await self._asked(crm)
        self._provider(crm).be_busy(seconds=30)
        await self._answer(crm, admin, "before")
        await crm.restart(minutes=5)
        await self._answer(crm, admin, "after")
        await crm.advance(minutes=5)
        assert self._provider(crm).texts == ["before", "after"]
        await self._write(crm, number=1)
        assert len(await self._messages(crm)) == 1

    # --- switching off ---------------------------------------------------------------------------------------------

    async def test_switched_off_it_leaves_nothing_and_back_on_it_works(self, crm: Crm, admin: Member) -> None:
        """Routes, tasks and the channel itself are gone; answers wait; afterwards all is as before."""
        name = self._name(crm)
        plugin = crm.app.hooks.registry.channels[name].plugin
        others = asyncio.all_tasks()
        await crm.switch(plugin, on=False)
        assert name not in crm.app.hooks.registry.channels
        assert plugin not in crm.app.hooks.registry.routes
        assert crm.tasks_of(plugin) == [], "stop() has to end what start() began"
        assert asyncio.all_tasks() <= others
        await crm.switch(plugin, on=True)
        await self._write(crm, "Back again?")
        assert "Back again?" in admin.last

    async def test_what_it_keeps_hangs_together(self, crm: Crm, admin: Member) -> None:
        """Each message kept belongs to a lead or contact, and so does each file."""
        await self._write(crm)
        kept: list[Record] = [*await self._messages(crm), *await File.all()]
        assert all(getattr(record, "lead_id", None) or getattr(record, "contact_id", None) for record in kept)
