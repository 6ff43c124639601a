"""A rep cannot see, find, count, change or be told of another rep's deal, whatever they type or press.

The tables name every verb and every button: a new one without its row here fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from botcrm.core import db
from botcrm.telegram.buttons.table import ACTIONS
from botcrm.telegram.commands.table import COMMANDS
from botcrm.telegram.screens.base import base36
from botcrm.testing import Crm, Member

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
# What only Anna's records say; nobody else types these words.
SECRETS = ("whisper", "98,765", "zdzich", "601 999 888", "601999888", "hush-plan", "gate code", "murmur", "client zed")
TABLES = ("deal", "contact", "company", "lead", "activity", "note", "file", "message")


@dataclass
class World:
    """Anna's records, of which Bob is to learn nothing; the ids are those that stand in callback data."""

    crm: Crm
    anna: Member
    bob: Member
    boss: Member
    work: str
    draft: int
    outbox: int
    merge: int
    plan: int
    operation: int

    async def snapshot(self) -> list[Any]:
        """Return all that is Anna's, down to the versions, and how many messages she and the client got."""
        rows: list[Any] = [
            await db.fetch(f"SELECT * FROM {table} WHERE owner_id = ? ORDER BY id", self.anna.user_id)
            for table in TABLES
        ]
        rows.append(await db.fetch("SELECT entity, record_id, tag FROM tag ORDER BY id"))
        rows.append(await db.fetch("SELECT * FROM merge ORDER BY id"))
        rows.append(await db.fetch("SELECT * FROM operation WHERE actor_id = ? ORDER BY id", self.anna.user_id))
        rows.append(await db.fetch("SELECT * FROM draft WHERE user_id = ? ORDER BY id", self.anna.user_id))
        rows.append(self.anna.seen)
        return rows

    def leaks(self, *texts: str) -> list[str]:
        """Return the secrets that stand in these texts."""
        return [secret for secret in SECRETS if any(secret in text.lower() for text in texts)]


@pytest.fixture
async def world(crm: Crm, anna: Member, bob: Member, boss: Member) -> World:
    await anna.send("contact Zdzich Murmur +48 601 999 888 at Hushco")
    await anna.send("deal Hushco 98765 whisper #quiet next fri 10:00 whisper visit")
    await anna.send("/note Hushco the gate code is whisper")
    await anna.send("/lead Zdzich Murmur whisper")
    anna.person.send_document(b"%PDF", "hush-plan.pdf", "Hushco")
    await crm.settle()
    client = crm.stranger("Client Zed")
    anna.person.send_contact("+48602234567", "Client", "Zed", user_id=client.person.id)
    await crm.settle()
    await client.send("whisper to me")
    await anna.tap("Answer")
    await anna.send("we whisper back")
    await anna.send("/report funnel")
    await anna.send("whisper kept for later")
    await bob.send("hello")
    merge, plan = await _merged(anna)
    operation = await db.insert(
        "operation",
        kind="import",
        entity="contact",
        title="whisper.csv",
        actor_id=anna.user_id,
        state="done",
        work_id=4711,
        created_at=crm.clock(),
        updated_at=crm.clock(),
        **dict.fromkeys(("params", "progress", "counts"), "{}"),
        error="",
    )
    line = await db.fetch_one("SELECT work_id FROM line WHERE entity = 'deal' ORDER BY id LIMIT 1")
    draft = await db.fetch_one(
        "SELECT id FROM draft WHERE user_id = ? AND kind <> 'merge' ORDER BY id DESC", anna.user_id
    )
    sent = await db.fetch_one("SELECT id FROM outbox WHERE audience = 'client' ORDER BY id DESC")
    assert line
    assert draft
    assert sent
    return World(crm, anna, bob, boss, base36(line["work_id"]), draft["id"], sent["id"], merge, plan, operation)


async def _merged(anna: Member) -> tuple[int, int]:
    """Have Anna merge two people and begin to merge two more; return the merge, and the draft of the other one."""
    for name in ("Twin One", "Twin Two", "Twin Three"):
        await anna.send(f'/contact "{name} whisper"')
    ids = await db.column("SELECT id FROM contact WHERE name LIKE 'Twin%' ORDER BY id")
    await anna.send(f"/merge c{ids[0]} c{ids[1]}")
    await anna.tap("Merge")
    await anna.send(f"/merge c{ids[0]} c{ids[2]}")
    plans = await db.column("SELECT id FROM draft WHERE kind = 'merge'")
    merges = await db.column("SELECT id FROM merge")
    return int(merges[0]), int(plans[0])


LINES: dict[str, tuple[str, ...]] = {
    "deal": ("/deal d1", "/deal d1 5k", "/deal d1 >won", "/deal Hushco", "/deal Hushco 1k mine @Anna"),
    "stage": ("/stage d1 >proposal", "/stage Hushco >proposal", "/stage d1"),
    "won": ("/won d1", "/won Hushco", "/won hushco whisp"),
    "wait": ("/wait d1 15.12 x", "/wait Hushco 15.12 x", "/wait d1"),
    "leave": ("/leave @Anna", "/leave @Anna 1.12-7.12", "/leave"),
    "stages": ("/stages",),
    "lost": ("/lost d1 price", "/lost Hushco price"),
    "call": ("/call c1 5m ok", "/call d1 5m ok", "/call o1 no", "/call l1 ok", "/call Hushco 5m ok"),
    "meet": ("/meet d1 5m ok", "/meet c1 ok", "/meet Hushco 5m ok"),
    "task": ("/task d1 tomorrow x", "/task c1 tomorrow x", "/task Hushco tomorrow x", "/task @Anna tomorrow x"),
    "note": ("/note d1 x", "/note c1 x", "/note o1 x", "/note l1 x", "/note Hushco x"),
    "lead": ("/lead l1", "/lead l1 +48 602 000 000", "/lead Hushco roof"),
    "contact": ("/contact c1", "/contact c1 New Name", "/contact Bernd at Hushco"),
    "company": ("/company o1", "/company o1 New Name", "/company Hushco"),
    "find": (
        "/find d1",
        "/find o1",
        "/find l1",
        "/find a1",
        "/find hush",
        "/find hushco",
        "/find hushcp",
        "/find quiet",
        "/find c1",
        "/find 601 999",
        "/find 601",
    ),
    "today": ("/today", "/today @Anna", "/today Anna", "/today #quiet", "/today >new"),
    "deals": ("/deals", "/deals @Anna", "/deals #quiet", "/deals #quiet @Anna", "/deals >new"),
    "team": ("/team", "/team Anna"),
    "ask": (
        "/ask anna d1 how much?",
        "/ask @Anna d1 how much?",
        "/ask d1 how much?",
        "/ask marta d1 how much?",
        "/ask marta Hushco how much?",
    ),
    "handover": ("/handover anna bob", "/handover bob anna", "/handover anna", "/handover marta bob", "/handover bob"),
    "duplicates": ("/duplicates", "/duplicates contacts", "/duplicates companies", "/duplicates x"),
    "board": ("/board", "/board days", "/board team", "/board @Anna", "/board x"),
    "timeline": (
        "/timeline d1",
        "/timeline c1",
        "/timeline o1 notes",
        "/timeline l1",
        "/timeline a1",
        "/timeline Hushco",
        "/timeline hush files",
        "/timeline quiet",
    ),
    "rules": ("/rules",),
    "report": (
        "/report",
        "/report funnel",
        "/report funnel @Anna",
        "/report activities 2026",
        "/report activities @Anna",
    ),
    "calendar": ("/calendar",),
    "import": ("/import",),
    "export": ("/export", "/export deals csv", "/export contacts", "/export events json", "/export x"),
    "undo": ("/undo",),
    "merge": ("/merge c1 c2", "/merge o1 o2", "/merge hush", "/merge twin", "/merge zdz", "/merge l1 c1", "/merge"),
    "operations": ("/operations", "/journal"),
    "plugins": ("/plugins",),
    "settings": ("/settings",),
    "invite": ("/invite rep Anna",),
    "help": ("/help", "/help deal"),
    "start": ("/start", "/start d1", "/start c1"),
}

# What stands behind the buttons of Anna's cards; {bob}, {anna}, {work}, {draft} and {outbox} are filled in.
PRESSES: dict[str, tuple[str, ...]] = {
    "op": ("op:d1", "op:c1", "op:c2", "op:o1", "op:l1", "op:a1", "op:n1", "op:f1", "op:u2", "op:x1", "op:"),
    "un": ("un:{work}",),
    "ds": ("ds:1",),
    "dS": ("dS:1:1:3", "dS:1:2:3"),
    "dw": ("dw:1:1", "dw:1:2"),
    "dl": ("dl:1",),
    "lr": ("lr:1:1:0", "lr:1:2:0"),
    "lo": ("lo:1",),
    "dr": ("dr:1:1", "dr:1:2"),
    "wn": ("wn:d1", "wn:d1:x", "wn:d1:{draft}"),
    "ls": ("ls:d1", "ls:d1:price"),
    "sg": ("sg:d1", "sg:d1:proposal"),
    "wg": ("wg:d1", "wg:d1:x", "wg:d1:{draft}"),
    "wt": ("wt:1",),
    "wS": ("wS:1:1:20261215", "wS:1:2:20261215"),
    "wo": ("wo:1",),
    "wy": ("wy:1",),
    "wx": ("wx:1:1", "wx:1:2"),
    "vi": ("vi:{anna}:0", "vi:{boss}:0", "vi:0:0"),
    "lv": ("lv:{anna}:2026-12-01:2026-12-07",),
    "sl": ("sl",),
    "my": ("my:1",),
    "mn": ("mn:1",),
    "mt": ("mt:1:202611301000",),
    "mo": ("mo:1",),
    "mp": ("mp:1",),
    "tl": (
        *("tl:d1", "tl:c1", "tl:o1", "tl:l1", "tl:a1", "tl:d1:999999", "tl:d1:a1", "tl:c1::note"),
        *("tl:o1:a1:activity", "tl:d1::call", "tl:a1:1:change", "tl:n1", "tl:f1", "tl:u2"),
    ),
    "no": ("no:d1", "no:c1", "no:o1", "no:l1"),
    "fl": ("fl:d1", "fl:c1", "fl:o1", "fl:l1"),
    "fo": ("fo:1",),
    "ho": ("ho:d1:1", "ho:d1", "ho:c1", "ho:o1", "ho:l1", "ho:a1"),
    "hO": ("hO:d1:{bob}:1", "hO:c1:{bob}:1", "hO:o1:{bob}:1", "hO:l1:{bob}:1", "hO:a1:{bob}:1"),
    "lc": ("lc:1:1", "lc:1:2"),
    "lx": ("lx:1:1", "lx:1:2"),
    "nd": ("nd:o1", "nd:c1"),
    "nl": ("nl:Hushco",),
    "pk": ("pk:c1:d1", "pk:o1:d1,a1", "pk:c1:a1"),
    "pn": ("pn:d1", "pn:a1", "pn:n1"),
    "lk": ("lk:f1:d1", "lk:n1:c1", "lk:c1:o1"),
    "sr": ("sr:f1", "sr:n1"),
    "ad": ("ad:1", "ad:1:d", "ad:1:c"),
    "ap": ("ap:1:1", "ap:1:1:d"),
    "am": ("am:1:1",),
    "at": ("at:1:1",),
    "aw": ("aw:1:1:202611301000",),
    "an": ("an:1",),
    "ao": ("ao:1",),
    "ax": ("ax:1:1", "ax:1:1:d"),
    "al": ("al:1", "al:1:no:0:z", "al:1:ok:5:z"),
    "dp": ("dp:1",),
    "sm": ("sm:1:202611301000", "sm:c1:202611301000"),
    "so": ("so:1", "so:c1"),
    "sn": ("sn:1", "sn:c1"),
    "st": ("st:1:202611301000", "st:c1:202611301000"),
    "sd": ("sd:1", "sd:1:week", "sd:c1", "sd:c1:week", "sd:d1", "sd:d1:ever:d"),
    "ak": ("ak:1",),
    "aa": ("aa:1:{anna}",),
    "sz": ("sz:1:",),
    "nz": ("nz:1", "nz:1:30"),
    "sa": ("sa:1", "sa:1:60", "sa:1:t"),
    "ic": ("ic:1",),
    "cf": ("cf:new", "cf:off"),
    "ov": ("ov:1",),
    "qa": ("qa:1", "qa:2"),
    "hl": ("hl:{anna}", "hl:{boss}", "hl:777"),
    "hw": ("hw:{anna}:{bob}", "hw:{bob}:{anna}", "hw:{anna}:{boss}"),
    "hW": ("hW:{anna}:{bob}:0", "hW:{anna}:{bob}:1", "hW:{bob}:{anna}:1", "hW:{anna}:{boss}:0", "hW:{anna}:{bob}:2"),
    "hX": ("hX",),
    "hm": ("hm:{anna}:-:0", "hm:{anna}:this_week:0", "hm:{boss}:-:0", "hm:{anna}:w:0:s1t1m", "hm:0:-:0:t1"),
    "hf": ("hf:{anna}:-", "hf:0:-:t1", "hf:{boss}:-:p1s1t1"),
    "hv": ("hv:1:1:1:0:-:0:", "hv:1:1:7:0:o:0:t1", "hv:1:1:m:0:-:0:"),
    "tm": ("tm:0", "tm:9"),
    "mk": ("mk:1:p", "mk:1:m", "mk:1:-"),
    "in": ("in:{anna}:0", "in:{boss}:9", "in:0:0"),
    "io": ("io:m:1", "io:c:1", "io:c:2"),
    "id": ("id:m:1", "id:c:1", "id:m:1:{anna}:0", "id:c:1:{anna}:0"),
    "ib": ("ib:1", "ib:2"),
    "se": ("se:digest:off", "se:digest:on"),
    "rv": ("rv:{draft}:note",),
    "uknote": ("uknote:{draft}:d1", "uknote:{draft}:c1"),
    "uklead": ("uklead:{draft}",),
    "ukfind": ("ukfind:{draft}",),
    "dx": ("dx:{draft}",),
    "ca": ("ca:1",),
    "ct": ("ct:1",),
    "cs": ("cs:{draft}",),
    "cn": ("cn:{draft}",),
    "rs": ("rs:{outbox}",),
    "om": ("om:1",),
    "mg": ("mg:c1.2", "mg:c3.4", "mg:o1.2", "mg:l1.2", "mg:d1.2", "mg:x"),
    "mq": ("mq:{plan}:1", "mq:{plan}:0"),
    "mc": ("mc:{plan}:0:1",),
    "ms": ("ms:{plan}:3",),
    "mG": ("mG:{plan}",),
    "mX": ("mX:{plan}",),
    "mU": ("mU:{merge}",),
    "mb": ("mb:{operation}:90:m",),
    "mB": ("mB:{operation}:90:m",),
    "oj": ("oj", "oj:999"),
    "oo": ("oo:{operation}",),
    "os": ("os:{operation}",),
    "og": ("og:{operation}",),
    "ou": ("ou:{operation}",),
    "oc": ("oc:{operation}",),
    "ro": ("ro:funnel", "ro:activities", "ro:x"),
    "rl": ("rl",),
    "rp": ("rp:1:this_month", "rp:1:x"),
    "rg": ("rg:1:0", "rg:1:9"),
    "rw": ("rw:1:0",),
    "rW": ("rW:1:0", "rW:1:{anna}"),
    "rf": ("rf:1:csv", "rf:1:xlsx", "rf:1:png"),
    "ii": ("ii:1:c", "ii:1:d", "ii:1:again", "ii:1:x"),
    "im": ("im:1",),
    "il": ("il:1:0",),
    "if": ("if:1:0:0",),
    "iF": ("iF:1:0:0", "iF:1:0:n"),
    "ir": ("ir:1",),
    "iR": ("iR:1:update", "iR:1:heard"),
    "iM": ("iM:1",),
    "ip": ("ip:1",),
    "ix": ("ix:1",),
    "iq": ("iq:1:1:u", "iq:1:1:C"),
    "ex": (
        "ex:deals:-",
        "ex:contacts:csv",
        "ex:deals:csv:{anna}:",
        "ex:events:json",
        "ex:find:-:{draft}",
        "ex:find:deals:{draft}:csv",
        "ex:find:deals:=hush:csv",
    ),
    "x": ("x:kinds:none", "x:nobody:none:1", "x"),
    "pp": ("pp:d1:{draft}", "pp:c1:{draft}"),
    "du": ("du:c1:c2", "du:o1:o1", "du:l1:l1", "du:d1:d1", "du:c2:c1"),
    "dy": ("dy:c2:c1", "dy:c1:c2", "dy:o1:o1", "dy:l1:l1"),
    "df": ("df:contact", "df:lead", "df:deal"),
    "dg": ("dg:1", "dg:1:1"),
    "dn": ("dn:1:1",),
    "db": ("db:1:1",),
    "fm": (
        "fm:stage.1",
        "fm:pipe.1",
        "fm:rule.1.t",
        "fm:rule.1.r:0",
        "fm:rule.1.a0",
        "fm:plugin.kinds",
        "fm:act.1",
        "fm:x.1",
    ),
    "fc": ("fc:rule.1.t:x", "fc:rule.1.a0:x:0"),
    "fe": ("fe:rule.1.t:x", "fe:rule.1.r:x"),
    "fs": ("fs:rule.1.t:x:-", "fs:rule.1.t:x:~"),
    "fa": ("fa:rule.1.t:x:y",),
    "fd": ("fd:rule.1.t:x:y",),
    "Rl": ("Rl:0",),
    "Ru": ("Ru:1",),
    "Rn": ("Rn:0", "Rn:1"),
    "Rt": ("Rt:0:0:x", "Rt:1:1:x"),
    "Rp": ("Rp:1:a", "Rp:1:c"),
    "Rq": ("Rq:1:a:0",),
    "RP": ("RP:1:1:a:x",),
    "Rx": ("Rx:1:a0:1",),
    "Ro": ("Ro:1:0", "Ro:1:1"),
    "Rd": ("Rd:1:1",),
    "Rr": ("Rr:1",),
    "Ry": ("Ry:1:0",),
    "RY": ("RY:1:1",),
    "Rk": ("Rk:1",),
    "RK": ("RK:1",),
    "pl": ("pl:0",),
    "pd": ("pd:kinds", "pd:nobody"),
    "ps": ("ps:kinds:off", "ps:kinds:on", "ps:nobody:off"),
    "bd": ("bd:s:m:1", "bd:d:t:1", "bd:s:{anna}:1", "bd:d:{boss}:0", "bd:x:m:1", "bd:s:m:777"),
}


def test_every_verb_and_every_button_has_its_row() -> None:
    assert set(LINES) == set(COMMANDS)
    assert set(PRESSES) == set(ACTIONS)


async def test_nothing_that_is_typed_tells_or_changes_anything(world: World) -> None:
    before = await world.snapshot()
    failures = []
    for lines in LINES.values():
        for line in lines:
            said = await world.bob.send(line)
            if found := world.leaks(said, *world.bob.buttons):
                failures.append((line, found, said))
    assert not failures
    assert not world.leaks(world.bob.seen)
    assert await world.snapshot() == before


async def test_no_button_tells_or_changes_anything(world: World) -> None:
    before = await world.snapshot()
    bob = world.bob
    await bob.send("/today")
    failures = []
    for rows in PRESSES.values():
        for row in rows:
            data = row.format(
                bob=bob.user_id,
                anna=world.anna.user_id,
                boss=world.boss.user_id,
                work=world.work,
                draft=world.draft,
                outbox=world.outbox,
                merge=world.merge,
                plan=world.plan,
                operation=world.operation,
            )
            toast = await bob.forge(data, bob.card)
            if found := world.leaks(toast, bob.seen, *bob.buttons):
                failures.append((data, found, toast))
    assert not failures
    after = await world.snapshot()
    assert after == before


async def test_every_button_that_anna_was_ever_shown_is_dead_for_bob(world: World) -> None:
    for line in (
        "d1",
        "c1",
        "o1",
        "l1",
        "a1",
        "/today",
        "/find hush",
        "/task x",
        "/call Hushco ok",
        "/won d1",
        "/lost d1 x",
    ):
        await world.anna.send(line)
    await world.bob.send("/today")
    before = await world.snapshot()
    card, failures = world.bob.card, []
    data = {
        button["callback_data"]
        for message in world.anna.person.messages()
        for row in message.data.get("reply_markup", {}).get("inline_keyboard", [])
        for button in row
        if "callback_data" in button
    }
    assert len(data) > 30
    for one in sorted(data):
        toast = await world.bob.forge(one, card)
        if found := world.leaks(toast, world.bob.seen):
            failures.append((one, found, toast))
    assert not failures
    assert await world.snapshot() == before


async def test_out_of_reach_is_answered_as_what_does_not_exist(world: World) -> None:
    bob = world.bob
    for letter in "dcola":
        hidden, missing = await bob.send(f"{letter}1"), await bob.send(f"{letter}777")
        assert hidden.replace(f"{letter}1", "?") == missing.replace(f"{letter}777", "?")
        hidden, missing = (
            await bob.forge(f"op:{letter}1", bob.card),
            await bob.forge(f"op:{letter}777", bob.card),
        )
        assert hidden.replace(f"{letter}1", "?") == missing.replace(f"{letter}777", "?")
        assert hidden.startswith("🤷")


async def test_a_forwarded_card_opens_nothing(world: World) -> None:
    await world.anna.send("d1")
    card = world.anna.card
    before = await world.snapshot()
    forwarded = world.bob.person.forward(card)
    await world.crm.settle()
    for line in ("/won", "/call 5m ok", "/deal 1k", "/note x", "/lost"):
        await world.bob.send(line, reply_to=forwarded)
    # The text that Bob himself sent on is his; nothing else comes with it.
    assert not world.leaks(
        *(text for text in world.bob.seen.split("\n") if "whisper · d1" not in text and "98,765" not in text)
    )
    assert await world.snapshot() == before


async def test_inline_mode_and_counters_tell_nothing(world: World) -> None:
    for query in ("hush", "whisper", "zdzich", "d1", "601999888"):
        search = world.bob.person.inline(query)
        await world.crm.settle()
        assert await search.answered() == []
    assert "📥 0 incoming · 📅 0 planned · 🔴 0 overdue" in await world.bob.send("/today")


async def test_time_tells_nothing_either(world: World) -> None:
    await world.crm.advance(days=5)
    assert "whisper visit" in world.anna.seen, "the owner was reminded"
    assert "🔴 Anna Rep: whisper visit" in world.boss.seen, "her manager was told"
    assert not world.leaks(world.bob.seen)


async def test_the_manager_sees_the_departments(world: World) -> None:
    boss = world.boss
    assert "💼 Hushco whisper · d1\nPLN 98,765" in await boss.send("d1")
    assert "Owner: Anna Rep" in boss.last
    assert "Hushco whisper" in await boss.send("/find whisper")
    assert "Hushco whisper" in await boss.send("/today @Anna")
    assert (await boss.send("/stage d1 >proposal")).startswith("✅ Now in Proposal")


async def test_another_departments_manager_sees_nothing(world: World) -> None:
    other = await world.crm.join("manager", "Other Boss")
    before = await world.snapshot()
    for lines in LINES.values():
        for line in lines:
            await other.send(line)
    assert not world.leaks(other.seen)
    assert (await world.snapshot())[:-1] == before[:-1]


async def test_a_company_shared_by_two_reps_tells_neither_of_the_others_deal(world: World) -> None:
    await world.boss.send("company Sharedco")
    await world.boss.send("deal Sharedco 98765 whisper roof @Anna")
    await world.boss.send("deal Sharedco 1k gutters @Bob")
    assert world.bob.last == "🤝 Marta Boss handed Sharedco gutters over to you."
    await world.bob.tap("Open")
    await world.bob.tap("Timeline")
    await world.bob.send("/find sharedco")
    await world.bob.send("/company Sharedco")
    await world.bob.send("/deal Sharedco")
    await world.bob.send("/won Sharedco")
    assert not world.leaks(world.bob.seen)


async def test_a_deal_that_was_handed_over_is_seen_by_its_new_owner_alone(world: World) -> None:
    await world.boss.send("d1")
    await world.boss.tap("Hand over")
    await world.boss.tap("Bob Rep")
    assert (await world.bob.send("d1")).startswith("💼 Hushco whisper · d1")
    assert (await world.anna.send("d1")).startswith("🤷")
    assert (await world.anna.send("/undo")).startswith(("↩", "✋", "🤷"))
    assert (await world.bob.send("d1")).startswith("💼 Hushco whisper · d1"), "an undo takes nothing from its new owner"
