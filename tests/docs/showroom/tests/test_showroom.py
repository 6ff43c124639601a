"""The showroom, as the people and the tablet see it."""

from collections.abc import Awaitable, Callable

import pytest
from botcrm_showroom.rules import Invite

from botcrm import Incoming, models
from botcrm.testing import Crm, Member
from botcrm.testing.contracts import ActionContract, ChannelContract, CommandContract, ReportContract
from botcrm.testing.records import make_contact, plan

KEY = {"X-Key": "abc"}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTCRM_SHOWROOM_KEY", "abc")


class TestCommands(CommandContract):
    """Help that is true, an answer to whatever is typed."""


class TestInvite(ActionContract):
    """Whatever an action has to do right."""

    part = Invite


class TestChannel(ChannelContract):
    """Whatever a channel has to do right."""

    channel = "showroom"

    async def deliver(self, crm: Crm, incoming: Incoming) -> None:
        """Bring a message in as the tablet does."""
        body = {"visit": incoming.address, "text": incoming.text, "id": incoming.external_id, "name": incoming.name}
        assert (await crm.post("/plugins/showroom/guest", json=body, headers=KEY)).status == 200


class TestReport(ReportContract):
    """Whatever a report has to do right."""

    report = "showroom"

    async def fill(self, crm: Crm, owner: Member, count: int) -> None:
        """Book visits."""
        contact = await make_contact(crm, owner=owner)
        for number in range(count):
            await plan(crm, f"Showroom: {number}", "meeting", owner=owner, contact_id=contact.id)


async def test_a_visit_is_booked_and_told_of(
    rep: Member, make_contact: Callable[..., Awaitable[models.Contact]]
) -> None:
    await make_contact("Jan Nowak")
    assert (await rep.send("/showroom Jan Nowak wants oak")).startswith("🏬 Jan Nowak is expected on ")
    await rep.tap("How was it?")
    assert await rep.send("liked the oak") == "Kept."
    assert await models.Note.filter(text="Showroom: liked the oak").exists()


async def test_a_guest_is_answered_on_the_tablet(crm: Crm, admin: Member) -> None:
    crm.provider("showroom").through = True
    body = {"visit": "v1", "text": "Is the oak in stock?", "id": "1", "name": "Zoe"}
    await crm.post("/plugins/showroom/guest", json=body, headers=KEY)
    await admin.tap("Answer")
    await admin.send("It is.")
    assert (await crm.get("/plugins/showroom/guest/v1", headers=KEY)).json() == ["It is."]
