"""The bot's own process with a web hook: Telegram brings the updates, and a later start without one polls again."""

from __future__ import annotations

import aiohttp
import pytest

from tests.crash.site import TOKEN, Site, last
from tests.ports import free_port


async def test_updates_come_in_by_web_hook_and_later_by_polling(site: Site) -> None:
    anna = await site.rep(7, "Anna")
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram"
    await site.start(BOTCRM_WEBHOOK_URL=url, BOTCRM_HTTP_PORT=str(port))
    anna.send("deal Acme 12k roof repair next in 20m send offer")
    await site.until(lambda: last(anna).startswith("✅ Deal opened"), "the deal came in by web hook")
    assert (await site.telegram.call(TOKEN, "getWebhookInfo", {}))["url"] == url
    async with aiohttp.ClientSession() as client:
        async with client.get(f"http://127.0.0.1:{port}/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok"})
        async with client.post(url, json={"update_id": 999}) as answer:
            assert answer.status == 401
    await site.kill()
    anna.send("call Acme 5m ok")
    anna.send("won d1")
    await site.start(BOTCRM_WEBHOOK_URL="", BOTCRM_HTTP_PORT="0")
    await site.until(lambda: last(anna).startswith("🎉 Won!"), "what came meanwhile was polled, in order")
    assert [(deal["amount"], deal["status"]) for deal in await site.export("deals")] == [(12000, "won")]
    assert [row["kind"] for row in await site.export("activities")] == ["task", "call"]
    await site.stop()


async def test_a_web_hook_without_a_port_ends_with_one_line(site: Site) -> None:
    await site.start(BOTCRM_WEBHOOK_URL="http://127.0.0.1:1/telegram", BOTCRM_HTTP_PORT="0")
    with pytest.raises(AssertionError, match="the web hook has no port to listen at"):
        await site.until(lambda: False, "it ends")
