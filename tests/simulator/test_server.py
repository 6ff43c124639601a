"""The server: arguments in every shape, the control API, the page."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from botcrm.simulator import Simulator, Telegram
from botcrm.simulator.server import main

TOKEN = "1:secret"


class Browser:
    """A client of one simulator."""

    def __init__(self, simulator: Simulator, session: aiohttp.ClientSession) -> None:
        self.telegram = simulator.telegram
        self.url = simulator.base_url
        self.session = session

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.session.get(self.url + path) as response:
            return response.status, await response.json()

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.session.post(self.url + path, json=body) as response:
            return response.status, await response.json()

    async def act(self, action: str, **values: Any) -> Any:
        status, answer = await self.post("/sim/act", {"person": 7, "action": action} | values)
        assert status == 200, answer
        return answer


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    simulator = Simulator(Telegram())
    await simulator.start()
    async with aiohttp.ClientSession() as session:
        yield Browser(simulator, session)
    await simulator.stop()


@pytest.fixture
async def started(browser: Browser) -> Browser:
    await browser.post("/sim/people", {"id": 7, "first_name": "<i>Anna</i>", "role": "rep"})
    await browser.get(f"/bot{TOKEN}/getMe")
    await browser.act("start")
    return browser


async def test_arguments_in_every_shape(started: Browser) -> None:
    url = f"{started.url}/bot{TOKEN}/sendMessage"
    markup = {"inline_keyboard": [[{"text": "ok", "callback_data": "1"}]]}
    form = aiohttp.FormData({"chat_id": "7", "text": "ż", "reply_markup": json.dumps(markup)})
    multipart = aiohttp.FormData(
        {"chat_id": "7", "text": "ż", "reply_markup": json.dumps(markup)}, default_to_multipart=True
    )
    bodies: list[dict[str, Any]] = [
        {"json": {"chat_id": 7, "text": "ż", "reply_markup": markup}},
        {"data": form},
        {"data": multipart},
        {"params": {"chat_id": "7", "text": "ż", "reply_markup": json.dumps(markup)}},
    ]
    for body in bodies:
        async with started.session.post(url, **body) as response:
            answer = await response.json()
        assert answer["ok"], answer
        assert answer["result"]["text"] == "ż"
        assert answer["result"]["reply_markup"] == markup


async def test_refusals(started: Browser) -> None:
    telegram = started.telegram
    assert await started.get(f"/bot{TOKEN}/nothing") == (
        404,
        {"ok": False, "error_code": 404, "description": "Not Found: method not found"},
    )
    assert (await started.get("/bot1:wrong/getMe"))[0] == 401
    assert (await started.get("/botwrong/getMe"))[0] == 404
    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 7", retry_after=7)
    status, answer = await started.post(f"/bot{TOKEN}/sendMessage", {"chat_id": 7, "text": "x"})
    assert (status, answer["parameters"]) == (429, {"retry_after": 7})


async def test_undecodable_update_over_http(started: Browser) -> None:
    await started.post("/sim/updates", {"update": {"message": "not one"}})
    status, answer = await started.get(f"/bot{TOKEN}/getUpdates")
    assert status == 200
    assert answer["result"][-1]["message"] == "not one"
    await started.post("/sim/updates", {"raw": "{broken"})
    async with started.session.get(f"{started.url}/bot{TOKEN}/getUpdates") as response:
        assert b"{broken" in await response.read()


async def test_acting_over_http(started: Browser) -> None:
    sent = await started.act("send", text="hello")
    await started.act("edit", message_id=sent["message"]["message_id"], text="hello!")
    photo = await started.act("photo", data=base64.b64encode(b"\x89PNG picture").decode(), caption="roof")
    async with started.session.get(started.url + photo["message"]["file_url"]) as response:
        assert response.content_type == "image/png"
        assert await response.read() == b"\x89PNG picture"
    page = await started.act("document", data=base64.b64encode(b"<script>").decode(), name="x.html")
    async with started.session.get(started.url + page["message"]["file_url"]) as response:
        assert response.headers["Content-Disposition"] == "attachment"
    keyboard = {"inline_keyboard": [[{"text": "Done", "callback_data": "d"}]]}
    _, card = await started.post(f"/bot{TOKEN}/sendMessage", {"chat_id": 7, "text": "card", "reply_markup": keyboard})
    pressed = await started.act("press", message_id=card["result"]["message_id"], button="Done")
    answer = {"callback_query_id": pressed["press"], "text": "done"}
    assert (await started.post(f"/bot{TOKEN}/answerCallbackQuery", answer))[0] == 200
    _, chat = await started.get("/sim/chat?person=7")
    assert [(one.get("text") or one.get("caption"), one["out"]) for one in chat["messages"]] == [
        ("/start", True),
        ("hello!", True),
        ("roof", True),
        (None, True),
        ("card", False),
    ]
    status, refused = await started.post("/sim/act", {"person": 7, "action": "press", "message_id": 1, "button": "x"})
    assert (status, "no single button" in refused["error"]) == (400, True)
    async with started.session.post(f"{started.url}/sim/act", data="{}") as response:
        assert response.status == 400, "another site's form cannot act"


async def test_changes_are_streamed(started: Browser) -> None:
    async with started.session.get(f"{started.url}/sim/events") as stream:
        assert await stream.content.readline() == b": hello\n"
        await started.post(f"/bot{TOKEN}/sendMessage", {"chat_id": 7, "text": "news"})
        await started.get(f"/bot{TOKEN}/getUpdates?offset=-1")
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["kind"] != "message":
            line = await stream.content.readline()
            if line.startswith(b"data: "):
                seen.append(json.loads(line[6:]))
    assert seen[-1]["person"] == 7
    assert seen[-1]["message"]["text"] == "news"


async def test_page_without_a_bot(browser: Browser) -> None:
    await browser.post("/sim/people", [{"id": 7, "first_name": "Anna"}])
    assert (await browser.get("/sim/people"))[1]["bot"] is None
    assert (await browser.get("/sim/chat?person=7"))[0] == 409
    assert (await browser.post("/sim/act", {"person": 7, "action": "send", "text": "x"}))[0] == 400


async def test_static_files(browser: Browser) -> None:
    async with browser.session.get(browser.url) as response:
        text = await response.text()
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert "http://" not in text
    assert "https://" not in text
    for name in ("app.js", "column.js", "composer.js", "message.js", "text.js", "style.css", "wallpaper.svg"):
        async with browser.session.get(f"{browser.url}/{name}") as response:
            assert response.status == 200, name
    async with browser.session.get(f"{browser.url}/..%2fserver.py") as response:
        assert response.status == 404


def test_taken_port_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SystemExit) as caught:
            main(["--port", str(taken.getsockname()[1])])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("cannot listen on 127.0.0.1:")


def test_import_is_light() -> None:
    code = "import sys, botcrm.simulator; print([m for m in ('aiogram', 'pydantic', 'tortoise') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
