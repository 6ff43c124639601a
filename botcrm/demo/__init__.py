"""The demo: a local Telegram, the real bot, a sample company, and a one-minute story played into its chats."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from botcrm.app import App
from botcrm.demo.clock import StoryClock
from botcrm.demo.company import build_company, show_administrator
from botcrm.demo.story import Story
from botcrm.logs import setup_logging
from botcrm.settings import Settings, load_settings
from botcrm.simulator import Simulator, Telegram
from botcrm.telegram.run import start_bot
from botcrm.web.health import build_app
from botcrm.web.plugins import plugin_routes
from botcrm.web.server import serving

TOKEN = "4242:demo"  # noqa: S105 - opens nothing but the simulator
PORT = 8088


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo until interrupted, or play the story once; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="botcrm demo", description="Try botcrm in a local Telegram: nothing leaves this machine."
    )
    parser.add_argument("--once", action="store_true", help="play the story on a free port, print it, and end")
    parser.add_argument("--port", type=int, help=f"port of the page (default {PORT}, or a free one if that is taken)")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page in a browser")
    options = parser.parse_args(argv)
    setup_logging("WARNING", "text", (TOKEN,))
    try:
        return asyncio.run(_demo(options.port, once=options.once, browser=not (options.no_browser or options.once)))
    except KeyboardInterrupt:
        return 0
    except TimeoutError:
        print("The story broke off: the bot did not answer in time.", file=sys.stderr)
        return 1
    except OSError as exc:
        print(f"The demo cannot listen: {exc.strerror or exc}. Name another port with --port.", file=sys.stderr)
        return 1


async def _demo(port: int | None, *, once: bool, browser: bool) -> int:
    clock = StoryClock()
    telegram = Telegram(now=lambda: clock().timestamp())
    telegram.bot(TOKEN, username="botcrm_demo_bot", name="botcrm")
    simulator = Simulator(telegram)
    url = await _listen(simulator, 0 if once else port)
    print(f"Telegram simulator with a chat page: {url}\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="botcrm-demo-") as folder:
        settings = Settings(
            token=SecretStr(TOKEN),
            telegram_api=url,
            database_url=f"sqlite://{Path(folder) / 'demo.sqlite3'}",
            working_hours="Mon-Sun 09:00-18:00",
            region="PL",
            http_port=_free_port(),
            **_plugins_chosen(),
        )
        clock.rewind(settings.timezone)
        app = App(settings, now=clock)
        await app.start()
        form = await build_company(app, telegram)
        bot = await start_bot(app, settings)
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        web = build_app(app, routes=plugin_routes(app))
        try:
            async with serving(web, settings.http_host, settings.http_port):
                pause = 0.0 if once else 0.7
                story = asyncio.create_task(Story(app, bot.process, telegram, clock, pause=pause, form=form).play())
                stopping = asyncio.create_task(ended.wait())
                await asyncio.wait({story, stopping, bot.polling}, return_when=asyncio.FIRST_COMPLETED)
                if story.done():
                    story.result()
                    if not once:
                        await show_administrator(app, telegram)
                        await bot.process.show_menus()
                        print(_farewell(url, form), flush=True)
                        if browser:
                            with contextlib.suppress(webbrowser.Error):
                                webbrowser.open(url)
                        await asyncio.wait({stopping, bot.polling}, return_when=asyncio.FIRST_COMPLETED)
                for task in (story, stopping):
                    task.cancel()
                await asyncio.gather(story, stopping, return_exceptions=True)
        finally:
            await bot.stop()
            await app.stop()
            await simulator.stop()
    return 0


async def _listen(simulator: Simulator, port: int | None) -> str:
    if port is not None:
        return await simulator.start(port=port)
    try:
        return await simulator.start(port=PORT)
    except OSError:
        return await simulator.start(port=0)


def _plugins_chosen() -> dict[str, Any]:
    """Return which plugins the environment says to load, as for `botcrm run`: an author's own can be tried here."""
    names = ("BOTCRM_PLUGINS", "BOTCRM_PLUGINS_DIR", "BOTCRM_BLOCKED_PLUGINS")
    chosen = load_settings({name: os.environ[name] for name in names if name in os.environ}, None)
    return {
        "plugins": chosen.plugins,
        "plugins_dir": chosen.plugins_dir,
        "blocked_plugins": chosen.blocked_plugins,
    }


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _farewell(url: str, form: str) -> str:
    return (
        f"\nThe story is over; the company is yours now. Chat as Anna (rep), Maria (manager) and Jan (client) at\n\n    {url}\n\n"
        f"A form on the web, whose leads come to Maria:\n\n    {form}\n\n"
        "Try: deal Bolt 3k new gate next tomorrow 9:00 measure · today · undo · help. Ctrl+C ends the demo; nothing is kept."
    )
