"""Commands that run until they are stopped."""

import asyncio
import contextlib
import signal
from argparse import Namespace
from typing import TYPE_CHECKING

from botcrm.cli.failures import Failure
from botcrm.settings import Settings

if TYPE_CHECKING:
    from botcrm.app import App


def run(options: Namespace) -> int:
    """Run the bot until Ctrl+C or a SIGTERM."""
    from botcrm.cli.session import read_settings
    from botcrm.logs import setup_logging

    settings = read_settings()
    if settings.token is None:
        raise Failure(
            "BOTCRM_TOKEN is not set: get a token from @BotFather, or try `botcrm demo`. "
            "Example: BOTCRM_TOKEN=123456:ABC-DEF1234ghIkl",
            code=2,
        )
    if options.no_plugins:
        settings = settings.model_copy(update={"plugins": False})
    setup_logging(settings.log_level, settings.log_format, settings.secrets())
    asyncio.run(_until_stopped(settings))
    return 0


async def _until_stopped(settings: Settings) -> None:
    """Run the bot; the first signal ends it in order, a second one at once."""
    loop = asyncio.get_running_loop()
    bot = asyncio.create_task(_run(settings))
    stopped = False

    def stop(number: signal.Signals) -> None:
        nonlocal stopped
        stopped = True
        loop.remove_signal_handler(number)
        bot.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        await bot
    except asyncio.CancelledError:
        if not stopped:
            raise


async def _run(settings: Settings) -> None:
    from botcrm.app import App
    from botcrm.telegram.run import run_bot

    app = App(settings)
    try:
        await app.start()
        pages = asyncio.create_task(_serve(app))
        try:
            await run_bot(app, settings)
        finally:
            pages.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pages
    finally:
        await app.stop()


async def _serve(app: "App") -> None:
    # Imported and started beside the bot, so that its first poll need not wait for a web server.
    from botcrm.web.health import build_app
    from botcrm.web.server import serving

    async with serving(build_app(app), app.settings.http_host, app.settings.http_port):
        await asyncio.Event().wait()


def demo(options: Namespace) -> int:
    """Play the story in a local Telegram."""
    from botcrm.demo import main

    argv = ["--once"] * options.once + ["--no-browser"] * options.no_browser
    return main(argv if options.port is None else [*argv, "--port", str(options.port)])
