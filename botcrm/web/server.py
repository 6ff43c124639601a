"""Listening beside the bot."""

import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def serving(application: web.Application, host: str, port: int) -> AsyncIterator[str | None]:
    """Serve while the block runs; gives the address, None where the port is 0 or taken.

    A port that somebody else has is no reason for the bot not to run: it is logged, and nothing is served.
    """
    if port == 0:
        yield None
        return
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        address: str | None = f"http://{host}:{port}"
        try:
            await web.TCPSite(runner, host, port).start()
            log.info("health and metrics are at %s", address)
        except OSError as error:
            log.warning("nothing is served at %s: %s", address, error.strerror or error)
            address = None
        yield address
    finally:
        await runner.cleanup()
