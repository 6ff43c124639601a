"""A sales day from morning to evening: every kind of table and query, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from botcrm.testing import Crm, Member

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"


async def test_a_day(crm: Crm, boss: Member, anna: Member, bob: Member) -> None:
    # The morning: people, deals, a misspelt name, a date with two readings.
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme\nlead Ivan Petrov roof +48 602 000 111 #site")
    await anna.send("/deal Acme 12k roof repair next 11:30 site visit")
    line = anna.mine
    assert "PLN 12,500" in await anna.edit(line, "/deal Acme 12.5k roof repair next 11:30 site visit")
    assert (await anna.send("/call Nowk 15m ok wants two variants next tomorrow 15:00 send offer")).endswith(
        "Which “Nowk”?"
    )
    assert "Call with Anna Nowak (Acme)" in await anna.tap("👤 Anna Nowak")
    await anna.send("/task Acme 5/6 order tiles")
    assert "Sat 5 Jun" in await anna.tap("Sat 5 Jun")
    assert (await anna.send("blue tiles, not red")).startswith("Kept.")
    assert "Noted on" in await anna.tap("Note to")
    anna.person.send_photo(PNG, "Acme the roof")
    await crm.settle()
    assert anna.last.startswith("📎 Photo → Acme")
    await anna.send("l1")
    assert "The lead is a deal now" in await anna.tap("Make it a deal")

    # Search forgives; another rep finds nothing.
    assert "Anna Nowak" in await anna.send("/find nowka")
    assert "💼 Acme roof repair" in await anna.send("/find roof rep")
    assert await bob.send("/find acme") == "Nothing found for “acme”."

    # The reminder, and the manager's ping when nothing is done.
    await crm.until(datetime(2026, 11, 24, 10, 31, tzinfo=UTC))
    assert anna.last.startswith("⏰ now: site visit — Acme")
    await crm.until(datetime(2026, 11, 24, 12, 31, tzinfo=UTC))
    assert boss.last.startswith("🔴 Anna Rep: site visit — Acme")
    assert "Anna Rep: 📥 0 · 📅 1 · 🔴 1" in await boss.send("/team")
    await boss.tap("Ask")
    await anna.tap("Answer")
    await anna.send("on my way")
    assert boss.last.startswith("💬 Anna Rep answers:\non my way")
    await anna.send("/today")
    await anna.tap("d1 Acme roof")
    assert "▶ Next: Wed 25 Nov 15:00" in await anna.tap("Done")

    # A client writes, is answered, and becomes nobody's secret.
    admin = await crm.join("admin", "Ada")
    zed = crm.stranger("Zed")
    await zed.send("do you do windows?")
    await admin.tap("Answer")
    await admin.send("yes, we do")
    assert zed.last == "yes, we do"

    # The evening: moved, won, taken back, won again; and the morning after.
    await anna.send("/stage d1 >nego")
    assert (await anna.send("/won d1")).startswith("🎉 Won!")
    assert "As before: deal Acme roof repair" in await anna.tap("Undo")
    assert (await anna.send("/won d1")).startswith("🎉 Won!")
    assert "↩ taken back: 🏆 won" in await anna.tap("Timeline")
    await anna.send("deal Beta 3k windows next tomorrow 12:00 call")
    await crm.restart(hours=2)
    await crm.until(datetime(2026, 11, 25, 8, 1, tzinfo=UTC))
    assert anna.last.startswith("☀️ Good morning, Anna.")
    assert "Won" in await anna.send("d1")
