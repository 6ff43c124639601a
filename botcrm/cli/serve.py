"""Commands that run until they are stopped."""

import asyncio
import signal
from argparse import Namespace
from typing import TYPE_CHECKING

from botcrm.cli.failures import Failure
from botcrm.settings import Settings

if TYPE_CHECKING:
    from botcrm.app import App
    from botcrm.telegram.run import Running


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
    from botcrm.hooks.tasks import new_loop

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_until_stopped(settings))
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
    from botcrm.telegram.run import start_bot

    app = App(settings)
    try:
        await app.open()
        running = await start_bot(app, settings, app.metrics)
        try:
            await _serve(app, running)
        finally:
            await running.stop()
    finally:
        await app.stop()


async def _serve(app: "App", running: "Running") -> None:
    """Serve health, metrics, the web hook and what plugins answer for as long as updates come in."""
    # Imported when the bot is at work already, so that its first poll need not wait for a web server.
    from botcrm.web.calendar import calendar_routes
    from botcrm.web.health import build_app
    from botcrm.web.hooks import web_hook
    from botcrm.web.plugins import plugin_routes
    from botcrm.web.server import serving

    settings = app.settings
    url = settings.webhook_url
    hooks = [web_hook(url, settings.webhook_key(), running.process.inbox.store)] if url else []
    async with serving(
        build_app(app, routes=[*hooks, *calendar_routes(app), *plugin_routes(app)]),
        settings.http_host,
        settings.http_port,
    ) as address:
        if url and address is None:
            raise Failure("the web hook has no port to listen at: see BOTCRM_HTTP_HOST and BOTCRM_HTTP_PORT")
        await running.polling


def demo(options: Namespace) -> int:
    """Play the story in a local Telegram."""
    from botcrm.demo import main

    argv = ["--once"] * options.once + ["--no-browser"] * options.no_browser
    return main(argv if options.port is None else [*argv, "--port", str(options.port)])
