"""The rule action "Call a URL": which addresses are called, what is sent, how it is signed, what comes of it."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from botcrm.core import db
from botcrm.core.models import RuleRun
from botcrm.core.services.rules import add_rule, change_rule, switch_rule
from botcrm.plugins.rules.addresses import NotCalled, RuleSettings, demand_reachable, parsed
from botcrm.plugins.rules.calling import BACK_OFF
from botcrm.plugins.rules.client import _Resolver, post
from botcrm.testing import Crm, Member

TRIAL = RuleSettings(loopback_http=True)


class Receiver:
    """A server on this machine that keeps what it is sent."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.elsewhere = 0
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return self.answers.pop(0) if self.answers else web.Response(status=204)

    async def other(self, request: web.Request) -> web.Response:
        self.elsewhere += 1
        return web.Response()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    there = Receiver()
    server = web.Application()
    server.add_routes([web.post("/hook", there.take), web.route("*", "/other", there.other)])
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    there.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield there
    await runner.cleanup()


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    running = await Crm.start(database_url, plugins={})
    yield running
    await running.stop()


async def make(
    crm: Crm, url: str, *, owner: Member | None = None, trigger: str = "deal_won", entity: str = "deal"
) -> int:
    """Make a rule that calls a URL, and switch it on."""
    async with crm.work() as work:
        rule = await add_rule(work, name="Tell shop", entity=entity, trigger=trigger, trigger_params={})
        await change_rule(work, rule.id, actions=[{"name": "call_url", "params": {"url": url}}])
        rule = await switch_rule(work, rule.id, True)
        if owner is not None:
            await db.execute("UPDATE rule SET owner_id = ? WHERE id = ?", owner.user_id, rule.id)
        return rule.id


async def won(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof #vip")
    await anna.send("/won d1")
    await crm.advance(seconds=10)


# --- the connection ----------------------------------------------------------------------------------------------------


async def test_the_address_is_asked_about_again_when_it_is_connected_to(receiver: Receiver) -> None:
    """A name that was public when it was looked at first, and is this machine now: DNS rebinding."""
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.215.14", "127.0.0.1"]

    port = parsed(receiver.url).port
    with pytest.raises(NotCalled, match=r"127\.0\.0\.1 is no public address"):
        await post(f"https://shop.test:{port}/hook", b"{}", {}, RuleSettings(), look=rebinding)
    assert asked == ["shop.test"]
    assert receiver.got == []


async def test_a_name_with_one_address_of_the_own_network_is_not_even_tried() -> None:
    async def mixed(host: str, port: int) -> list[str]:
        return ["93.184.215.14", "10.0.0.8"]

    asked: list[str] = []

    def demand(host: str, ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
        asked.append(str(ip))
        demand_reachable(host, ip, RuleSettings(), plain=False)

    with pytest.raises(NotCalled):
        await _Resolver(demand, mixed).resolve("shop.test", 443)
    assert asked == ["93.184.215.14", "10.0.0.8"]


async def test_what_was_looked_up_is_what_is_connected_to(receiver: Receiver) -> None:
    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    url = receiver.url.replace("127.0.0.1", "localhost")
    assert await post(url, b"{}", {}, TRIAL, look=here) == (204, "")
    assert len(receiver.got) == 1
    with pytest.raises(NotCalled):
        await post(url, b"{}", {}, RuleSettings(), look=here)
    with pytest.raises(NotCalled):  # a number goes past the look-up
        await post(receiver.url, b"{}", {}, RuleSettings(), look=here)
    assert len(receiver.got) == 1


async def test_it_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    from botcrm.plugins.rules import client

    monkeypatch.setattr(client, "DEADLINE", 0.05)
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        with pytest.raises(TimeoutError):
            await post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", b"{}", {}, TRIAL)
        await left.wait()


# --- a rule that calls -------------------------------------------------------------------------------------------------------


async def test_a_rule_calls_with_the_record_signed_by_its_key(
    crm: Crm, anna: Member, boss: Member, receiver: Receiver
) -> None:
    await crm.set_up("rules", loopback_http=True)
    rule_id = await make(crm, receiver.url)
    await won(anna, crm)
    ((headers, body),) = receiver.got
    sent = json.loads(body)
    assert sent["rule"] == {"id": rule_id, "name": "Tell shop"}
    assert (sent["entity"], sent["record"]["ref"], sent["record"]["title"]) == ("deal", "d1", "roof")
    assert (sent["record"]["amount"], sent["record"]["currency"]) == ("12000.00", "PLN")
    assert sent["record"]["owner"]["name"] == "Anna Rep"
    assert sent["record"]["company"]["name"] == "Acme"
    assert sent["record"]["tags"] == ["vip"]
    assert sent["event"]["type"] == "DealWon"
    assert sent["event"]["after"]["status"] == "won"
    assert headers["X-Botcrm-Delivery"] == sent["id"]
    admin = await crm.join("admin", "Ada Admin")
    await admin.send("/rules")
    await admin.tap("Tell shop")
    await admin.tap("Key")
    key = next(line for line in admin.last.splitlines() if len(line) == 64)
    expected = hmac.new(key.encode(), headers["X-Botcrm-Timestamp"].encode() + b"." + body, "sha256").hexdigest()
    assert headers["X-Botcrm-Signature"] == f"sha256={expected}"
    await admin.tap("New key")
    assert key not in admin.last
    assert any(len(line) == 64 for line in admin.last.splitlines())


async def test_the_outcome_is_in_the_rules_history_and_the_records_timeline(
    crm: Crm, anna: Member, boss: Member, receiver: Receiver
) -> None:
    await crm.set_up("rules", loopback_http=True)
    rule_id = await make(crm, receiver.url)
    await won(anna, crm)
    run = await RuleRun.get(rule_id=rule_id)
    host = parsed(receiver.url).netloc
    assert run.did == [f"calls {host}", f"{host} answered 204"]
    await anna.send("d1")
    assert f"rule “Tell shop”: {host} answered 204" in await anna.tap("Timeline")
    await boss.send("/rules")
    assert f"call {host}" in boss.last
    assert "/hook" not in boss.last, "an address is often a secret"


async def test_it_is_tried_again_and_in_the_end_somebody_is_told(
    crm: Crm, anna: Member, boss: Member, receiver: Receiver
) -> None:
    await crm.set_up("rules", loopback_http=True)
    rule_id = await make(crm, receiver.url, owner=boss)
    receiver.answers = [web.Response(status=503), web.Response(status=500), web.Response(status=200)]
    await won(anna, crm)
    assert len(receiver.got) == 1
    await crm.advance(minutes=10)
    assert len(receiver.got) == 3
    assert len({headers["X-Botcrm-Delivery"] for headers, _ in receiver.got}) == 1, (
        "the receiver can tell it is the same"
    )
    assert receiver.bodies[0] == receiver.bodies[2]
    receiver.got.clear()
    receiver.answers = [web.Response(status=503) for _ in range(20)]
    await anna.send("deal Beta 1k")
    await anna.send("/won d2")
    await crm.advance(days=2)
    assert len(receiver.got) == len(BACK_OFF) + 1
    run = await RuleRun.filter(rule_id=rule_id).order_by("-id").first()
    assert run
    assert run.error.endswith("answered 503")
    assert boss.seen.count("The rule Tell shop failed for d2.") == 1
    assert "What else the rule did stays." in boss.seen
    assert crm.listed("rules").state == "on", "what others do wrong is no failure of the plugin's"
    assert crm.listed("rules").errors == 0
    await boss.send("/rules")
    await boss.tap("Tell shop")
    assert "⚠️" in await boss.tap("Runs")


async def test_a_receiver_that_asks_for_time_gets_it(crm: Crm, anna: Member, receiver: Receiver) -> None:
    await crm.set_up("rules", loopback_http=True)
    await make(crm, receiver.url)
    receiver.answers = [web.Response(status=429, headers={"Retry-After": "7200"})]
    await won(anna, crm)
    await crm.advance(minutes=110)
    assert len(receiver.got) == 1
    await crm.advance(minutes=20)
    assert len(receiver.got) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410])
async def test_a_refusal_is_final_and_a_redirect_not_followed(
    crm: Crm, anna: Member, receiver: Receiver, status: int
) -> None:
    await crm.set_up("rules", loopback_http=True)
    await make(crm, receiver.url)
    receiver.answers = [web.Response(status=status, headers={"Location": receiver.url.replace("hook", "other")})]
    await won(anna, crm)
    await crm.advance(days=2)
    assert len(receiver.got) == 1
    assert receiver.elsewhere == 0
    assert str(status) in (await RuleRun.get()).error


async def test_where_it_may_not_go_the_rule_fails_and_says_why(crm: Crm, anna: Member, receiver: Receiver) -> None:
    ada = await crm.join("admin", "Ada Admin")
    await make(crm, receiver.url)  # http to this machine is not set
    await won(anna, crm)
    assert receiver.got == []
    assert "The rule Tell shop failed for d1." in ada.seen
    assert "127.0.0.1 is not called: only https is called." in ada.seen
    assert not await db.fetch("SELECT id FROM job WHERE kind = 'rules.call'")


async def test_the_setting_is_asked_again_when_it_is_sent(crm: Crm, anna: Member, receiver: Receiver) -> None:
    await crm.set_up("rules", loopback_http=True)
    await make(crm, receiver.url)
    receiver.answers = [web.Response(status=503)]
    await won(anna, crm)
    await crm.set_up("rules", loopback_http=False)
    await crm.advance(minutes=10)
    assert len(receiver.got) == 1
    assert "only https is called" in (await RuleRun.get()).error


async def test_a_rule_that_is_only_tried_out_calls_nobody(crm: Crm, anna: Member, receiver: Receiver) -> None:
    await crm.set_up("rules", loopback_http=True)
    await make(crm, receiver.url, trigger="deal_lost")
    ada = await crm.join("admin", "Ada Admin")
    await anna.send("deal Acme 12k roof")
    await ada.send("/rules")
    await ada.tap("Tell shop")
    await ada.tap("Try…")
    assert "calls 127.0.0.1" in await ada.tap("d1")
    await crm.advance(hours=1)
    assert receiver.got == []


async def test_of_what_the_rules_owner_may_not_see_nothing_is_sent(
    crm: Crm, anna: Member, boss: Member, receiver: Receiver
) -> None:
    await crm.set_up("rules", loopback_http=True)
    ben = await crm.join("rep", "Ben Elsewhere")
    await ben.send("contact Secret Person +48 601 234 567")
    await make(crm, receiver.url, owner=boss)
    await anna.send("deal Acme 12k roof")
    await db.execute("UPDATE deal SET contact_id = 1 WHERE id = 1")
    await anna.send("/won d1")
    await crm.advance(minutes=1)
    (sent,) = receiver.bodies
    assert sent["record"]["contact"] is None
    assert "Secret" not in json.dumps(sent)
    assert "601234567" not in json.dumps(sent)


async def test_a_manager_makes_one_in_the_chat(crm: Crm, anna: Member, receiver: Receiver) -> None:
    await crm.set_up("rules", loopback_http=True)
    ada = await crm.join("admin", "Ada Admin")
    await ada.send("/rules")
    await ada.tap("New rule")
    await ada.tap("A deal is won")
    await ada.tap("Do…")
    await ada.tap("Call a URL")
    await ada.tap("✏️ URL")
    assert "Only https is called" in await ada.send("http://example.com/hook")
    assert "call 127.0.0.1" not in ada.last
    await ada.send(receiver.url)
    await ada.tap("To the rule")
    await ada.tap("Switch on")
    assert "Key" in " ".join(ada.buttons)
    await won(anna, crm)
    assert len(receiver.got) == 1
    assert timedelta(minutes=1) == BACK_OFF[0]
