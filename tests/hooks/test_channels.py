"""Channels and web routes of plugins: messages come in once, answers go out once, and one that hangs holds up nobody."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from botcrm import (
    Channel,
    CrmError,
    Incoming,
    IncomingFile,
    Manifest,
    NotDelivered,
    Outgoing,
    Plugin,
    WebAnswer,
    WebRequest,
    WebRoute,
    Work,
    hookimpl,
    models,
    services,
)
from botcrm.core import db
from botcrm.testing import Crm, Member


class Sms(Channel):
    """A whole channel: a provider's web hook in, the provider's call out."""

    name = "sms"
    title = "SMS"

    def routes(self) -> Iterable[WebRoute]:
        return [WebRoute("POST", "in/{key}", self.take)]

    async def start(self) -> None:
        self.began = True

    async def stop(self) -> None:
        self.began = False

    async def take(self, request: WebRequest) -> WebAnswer:
        if request.query["key"] != "secret":
            return WebAnswer("no", 403)
        facts = json.loads(request.body)
        file = IncomingFile(facts["file"], "application/pdf", url="file-7") if "file" in facts else None
        message_id = await self.receive(
            Incoming(facts["from"], facts["text"], facts["id"], facts.get("name", ""), phone=facts["from"], file=file)
        )
        return WebAnswer(json.dumps({"id": message_id}), content_type="application/json")

    async def send(self, message: Outgoing) -> str:
        if "refuse" in message.text:
            raise NotDelivered("the number is barred")
        return f"provider-{message.message_id}"

    async def fetch(self, url: str) -> bytes:
        if url != "file-7":
            raise OSError("gone")
        return b"%PDF"


class Texting:
    """A plugin with the channel, some routes, and a say in who a client is."""

    manifest = Manifest("Texting", "Clients write by SMS.", needs=("lead.read",))

    def __init__(self) -> None:
        self.seen: list[WebRequest] = []
        self.knows: int | None = None
        self.gives: int | None = None
        self.asked: list[tuple[str, str, Any]] = []

    @hookimpl
    def register_channels(self, plugin: Plugin) -> list[Channel]:
        return [Sms(plugin)]

    @hookimpl
    def register_web_routes(self, plugin: Plugin) -> list[WebRoute]:
        return [
            WebRoute("GET", "page/{one}/{two}", self.show),
            WebRoute("POST", "page/{one}/{two}", self.show, most_bytes=10),
            WebRoute("GET", "broken", self.broken),
            WebRoute("GET", "refused", self.refused),
            WebRoute("GET", "nothing", self.nothing),  # type: ignore[arg-type]
        ]

    async def show(self, request: WebRequest) -> WebAnswer:
        self.seen.append(request)
        return WebAnswer("<b>hi</b>", 201, "text/html", {"X-Own": "1"})

    async def broken(self, request: WebRequest) -> WebAnswer:
        raise RuntimeError("a secret detail")

    async def refused(self, request: WebRequest) -> WebAnswer:
        raise CrmError

    async def nothing(self, request: WebRequest) -> None:
        return None

    @hookimpl
    async def contact_from_message(self, work: Work, channel: str, incoming: Incoming) -> int | None:
        return self.knows if incoming.text == "it's me" else None

    @hookimpl
    async def message_blocked(self, incoming: Incoming) -> str | None:
        return "spam" if "casino" in incoming.text else None

    @hookimpl
    async def assign_owner(self, entity: str, record: Any, source: str) -> int | None:
        self.asked.append((entity, source, record.phone))
        return self.gives


@pytest.fixture
def texting() -> Texting:
    return Texting()


@pytest.fixture
async def crm(database_url: str, texting: Texting) -> AsyncIterator[Crm]:
    running = await Crm.start(database_url, plugins={"texting": texting})
    running.provider("sms").through = True
    yield running
    await running.stop()


@pytest.fixture
async def ada(crm: Crm) -> Member:
    return await crm.join("admin", "Ada Admin")


async def text(crm: Crm, words: str, number: str = "m1", sender: str = "+48601234567", **more: str) -> int | None:
    answer = await crm.post("/plugins/texting/in/secret", json={"from": sender, "text": words, "id": number, **more})
    assert answer.status == 200, answer.text
    found: int | None = answer.json()["id"]
    return found


async def state(crm: Crm) -> list[str]:
    return [
        row["state"] for row in await db.fetch("SELECT state FROM outbox WHERE method <> '' AND audience = 'client'")
    ]


async def test_register_channels_a_message_comes_in_once_and_is_answered_in_order(crm: Crm, ada: Member) -> None:
    assert crm.channel("sms").began
    assert await text(crm, "I need a roof", name="Jan Nowak")
    assert ada.last == "📥 Jan Nowak · SMS\nI need a roof"
    assert await text(crm, "I need a roof") is None
    await ada.tap("Answer")
    await ada.send("We call you")
    await ada.tap("Answer")
    await ada.send("at ten")
    assert [(m.address, m.text) for m in crm.outgoing("sms")] == [
        ("+48601234567", "We call you"),
        ("+48601234567", "at ten"),
    ]
    sent = await models.Message.filter(direction="out").order_by("id")
    assert [message.external_id for message in sent] == [f"provider-{message.id}" for message in sent]
    assert await models.Lead.all().count() == await models.Message.filter(direction="in").count() == 1


async def test_a_refusal_reaches_the_rep_with_its_reason_and_is_no_failure(crm: Crm, ada: Member) -> None:
    await text(crm, "hello")
    await ada.tap("Answer")
    await ada.send("refuse this")
    assert ada.last == "⚠️ This did not reach the client: the number is barred\nrefuse this"
    assert "Resend" in ada.buttons
    assert crm.failures() == 0


async def test_an_error_leaves_it_open_and_the_rep_is_asked(crm: Crm, ada: Member) -> None:
    await text(crm, "hello")
    await ada.tap("Answer")
    crm.provider("sms").break_down()
    await ada.send("We call you")
    assert ada.last.startswith("❓ This may not have reached the client.")
    assert await state(crm) == ["unsure"]
    assert not crm.outgoing("sms")
    await ada.tap("Resend")
    assert crm.provider("sms").texts == ["We call you"]
    assert await state(crm) == ["sent"]


async def test_a_busy_provider_is_asked_again_when_it_said(crm: Crm, ada: Member) -> None:
    await text(crm, "hello")
    await text(crm, "hello", "m2", "+48700700700")
    first, second = [m for m in ada.person.messages() if m.from_bot and "📥" in (m.text or "")]
    crm.provider("sms").be_busy(30)
    await ada.tap("Answer", first)
    await ada.send("one")
    await ada.tap("Answer", second)
    await ada.send("two")
    assert crm.provider("sms").texts == ["two"]
    await crm.advance(seconds=31)
    assert crm.provider("sms").texts == ["two", "one"]
    assert crm.failures() == 0


async def test_what_is_switched_off_keeps_answers_until_it_is_on_again(crm: Crm, ada: Member) -> None:
    await text(crm, "hello")
    await ada.tap("Answer")
    channel = crm.channel("sms")
    await crm.switch("texting", on=False)
    assert channel.began is False
    await ada.send("We call you")
    assert ada.last == "⏸ SMS is switched off. Your answer goes out as soon as it is on again:\nWe call you"
    await crm.advance(minutes=5)
    assert ada.seen.count("switched off. Your answer") == 1
    assert (await crm.post("/plugins/texting/in/secret")).status == 404
    await crm.switch("texting", on=True)
    assert crm.provider("sms").texts == ["We call you"]


async def test_a_file_is_fetched_when_somebody_opens_it(crm: Crm, ada: Member) -> None:
    await text(crm, "the plan", file="plan.pdf")
    await ada.tap("File")
    assert ada.card.data["document"]["file_name"] == "plan.pdf"
    await models.File.all().update(url="file-8")
    await ada.tap("File")
    assert ada.last == "The file cannot be had: gone"
    assert crm.failures() == 0


async def test_contact_from_message_decides_who_wrote(crm: Crm, ada: Member, texting: Texting) -> None:
    await ada.send("/contact Ewa Lis")
    texting.knows = (await models.Contact.get(name="Ewa Lis")).id
    message = await models.Message.get(id=await text(crm, "it's me"))
    assert (message.contact_id, message.lead_id) == (texting.knows, None)
    texting.knows = 999
    message = await models.Message.get(id=await text(crm, "it's me", "m2", "+48700700700"))
    assert message.lead_id


async def test_message_blocked_keeps_a_message_out(crm: Crm, ada: Member, caplog: pytest.LogCaptureFixture) -> None:
    before = ada.seen
    with caplog.at_level("INFO"):
        assert await text(crm, "best casino") is None
    assert ada.seen == before
    assert not await models.Message.all().exists()
    assert not await models.Lead.all().exists()
    assert "was blocked: spam" in caplog.text
    assert "best casino" not in caplog.text
    zed = crm.stranger("Zed Client")
    await zed.send("casino again")
    assert zed.seen == ""
    assert not await models.Message.all().exists()


async def test_assign_owner_gives_new_leads_away(crm: Crm, ada: Member, texting: Texting) -> None:
    anna = await crm.join("rep", "Anna Rep")
    texting.gives = anna.user_id
    await text(crm, "hello")
    assert texting.asked == [("lead", "sms", "+48601234567")]
    assert (await models.Lead.get()).owner_id == anna.user_id
    assert anna.last.startswith("📥")
    assert "📥" not in ada.seen
    await text(crm, "again", "m2")
    assert len(texting.asked) == 1
    texting.gives = 999
    await text(crm, "hello", "m3", "+48700700700")
    assert (await models.Lead.all().order_by("-id").first()).owner_id == ada.user_id  # type: ignore[union-attr]
    async with crm.work() as work:
        texting.gives = anna.user_id
        lead = await services.add_lead(work, "From a list", source="import")
        contact = await services.add_contact(work, "From a list")
    assert (lead.owner_id, contact.owner_id) == (anna.user_id, anna.user_id)
    assert texting.asked[-2:] == [("lead", "import", None), ("contact", "", None)]


# --- the web -----------------------------------------------------------------------------------------------------------


async def test_register_web_routes_are_answered_under_the_plugins_name(crm: Crm, texting: Texting) -> None:
    answer = await crm.get("/plugins/texting/page/a%2Fb/c%20d?x=1&one=no", headers={"X-Thing": "yes"})
    assert (answer.status, answer.text, answer.headers["X-Own"]) == (201, "<b>hi</b>", "1")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    seen = texting.seen[-1]
    assert (seen.method, dict(seen.query)) == ("GET", {"x": "1", "one": "a/b", "two": "c d"})
    assert (seen.headers["x-thing"], seen.remote) == ("yes", "192.0.2.1")
    await crm.post("/plugins/texting/page/1/2", b"0123456789")
    assert texting.seen[-1].body == b"0123456789"


async def test_what_is_not_there_and_what_is_too_much_is_refused(crm: Crm, texting: Texting) -> None:
    for path in ("page/1", "page/1/2/3", "page//2", "other", ""):
        assert (await crm.get(f"/plugins/texting/{path}")).status == 404, path
    assert (await crm.get("/plugins/unknown/page/1/2")).status == 404
    answer = await crm.request("DELETE", "/plugins/texting/page/1/2")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")
    assert (await crm.post("/plugins/texting/page/1/2", b"01234567890")).status == 413
    assert (await crm.get("/plugins/texting/page/1/2?" + "&".join(f"f{n}=1" for n in range(101)))).status == 400
    assert not texting.seen
    await crm.switch("texting", on=False)
    assert (await crm.get("/plugins/texting/page/1/2")).status == 404


async def test_a_handler_that_fails_tells_nobody_outside_why(crm: Crm) -> None:
    answer = await crm.get("/plugins/texting/broken")
    assert (answer.status, answer.text) == (500, "Something went wrong\n")
    assert crm.failures() == 1
    answer = await crm.get("/plugins/texting/refused")
    assert (answer.status, answer.text) == (400, "Something is wrong.\n")
    assert (await crm.get("/plugins/texting/nothing")).status == 500


async def test_only_a_proxy_nearby_says_who_asks(crm: Crm, texting: Texting) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    for remote in ("127.0.0.1", "8.8.8.8"):
        await crm.get("/plugins/texting/page/1/2", headers=forwarded, remote=remote)
    assert [request.remote for request in texting.seen] == ["198.51.100.7", "8.8.8.8"]
