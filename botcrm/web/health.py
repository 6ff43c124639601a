"""`/healthz` for whoever restarts a bot that hangs, `/metrics` for Prometheus."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiohttp import web

from botcrm.app import App
from botcrm.core.services.doctor import ALIVE, queues
from botcrm.metrics import CONTENT_TYPE

log = logging.getLogger(__name__)

Probe = Callable[[], Awaitable[str | None]]
"""Looks at one more thing: returns what is wrong with it, None where nothing is."""

# Seconds the database, and each probe, may take before it counts as not answering.
DEADLINE = 2.0


def build_app(
    app: App, probes: Mapping[str, Probe] | None = None, routes: Iterable[web.AbstractRouteDef] = ()
) -> web.Application:
    """Return the HTTP application of a running bot.

    `/healthz` answers 200 with {"status": "ok"}, or 503 with {"status": "failing", "reasons": {name: text}} when the
    database does not answer, an update waits for over a minute, or a probe finds something. Both pages are made for
    machines and tell nothing of what is in the base.

    :param probes: further things to look at, by name
    :param routes: further pages, e.g. the web hook
    """
    checks = dict(probes or {})

    async def health(_: web.Request) -> web.Response:
        reasons = await _reasons(app, checks)
        if reasons:
            return web.json_response({"status": "failing", "reasons": reasons}, status=503)
        return web.json_response({"status": "ok"})

    async def metrics(_: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(DEADLINE):
                app.metrics.show_queues(await queues(app.now()))
        except Exception:
            # Old numbers would look alive; Prometheus has its own sign for a page that fails.
            log.warning("the queues cannot be measured", exc_info=True)
            return web.Response(status=503, text="the database does not answer\n")
        return web.Response(body=app.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    server = web.Application()
    server.add_routes([web.get("/healthz", health), web.get("/metrics", metrics), *routes])
    return server


async def _reasons(app: App, probes: Mapping[str, Probe]) -> dict[str, str]:
    looked = await asyncio.gather(
        _ask("database", lambda: _waiting(app)), *(_ask(name, probe) for name, probe in probes.items())
    )
    return {name: reason for name, reason in looked if reason}


async def _ask(name: str, probe: Probe) -> tuple[str, str | None]:
    try:
        async with asyncio.timeout(DEADLINE):
            return name, await probe()
    except Exception:
        log.warning("%s does not answer", name, exc_info=True)
        return name, "does not answer"


async def _waiting(app: App) -> str | None:
    seconds = (await queues(app.now())).inbox_oldest_seconds
    return f"an update waits for {seconds:.0f} s" if seconds > ALIVE.total_seconds() else None
