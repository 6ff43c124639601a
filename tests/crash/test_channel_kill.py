"""A message is acknowledged to a channel's provider only when it is stored: `kill -9` loses none and doubles none."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp

from tests.crash.site import PATIENCE, Site
from tests.ports import free_port

MESSAGES, SENDERS, KILLS = 60, 4, 4

PLUGIN = """
import json

from botcrm import Channel, Incoming, Manifest, WebAnswer, WebRoute, hookimpl

manifest = Manifest(title="Line")


class Line(Channel):
    name = "line"
    title = "Line"

    def routes(self):
        return [WebRoute("POST", "in", self.take)]

    async def take(self, request):
        facts = json.loads(request.body)
        await self.receive(Incoming(facts["from"], facts["text"], facts["id"]))
        return WebAnswer("kept")


@hookimpl
def register_channels(plugin):
    return [Line(plugin)]
"""


async def provider(url: str, numbers: range) -> None:
    """Bring messages as providers do: each again and again until it is acknowledged, one sender's in order."""
    async with aiohttp.ClientSession() as client:
        for number in numbers:
            body = json.dumps({"from": f"sender-{number % SENDERS}", "text": f"text {number}", "id": f"id-{number}"})
            while True:
                try:
                    async with client.post(url, data=body, timeout=aiohttp.ClientTimeout(total=60)) as answer:
                        if answer.status == 200:
                            break
                except (aiohttp.ClientError, TimeoutError):
                    pass
                await asyncio.sleep(0.05)


async def test_a_channels_messages_are_neither_lost_nor_doubled_by_kills(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "line.py").write_text(PLUGIN)
    port = free_port()
    await site.rep(7, "Anna")
    await site.start(BOTCRM_PLUGINS_DIR=str(folder), BOTCRM_HTTP_PORT=str(port))
    url = f"http://127.0.0.1:{port}/plugins/line/in"
    bringing = asyncio.gather(*(provider(url, range(sender, MESSAGES, SENDERS)) for sender in range(SENDERS)))
    kept = "SELECT count(*) FROM message WHERE channel = 'line'"
    for kill in range(1, KILLS + 1):
        least = kill * MESSAGES // (KILLS + 2)
        await site.until(lambda least=least: site.number(kept) >= least, "kept")  # type: ignore[misc]
        await site.kill()
        await site.start()
    async with asyncio.timeout(PATIENCE):
        await bringing
    rows = site.query("SELECT chat_id, external_id FROM message WHERE channel = 'line' ORDER BY id")
    assert sorted(external for _, external in rows) == sorted(f"id-{number}" for number in range(MESSAGES))
    for sender in range(SENDERS):
        ids = [int(external.removeprefix("id-")) for chat, external in rows if chat == f"sender-{sender}"]
        assert ids == sorted(ids)
    assert site.number("SELECT count(*) FROM lead") == SENDERS
    await site.stop()
