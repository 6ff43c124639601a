"""`botcrm run` as a process of its own, against the simulator."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp

from botcrm.simulator.server import Simulator
from tests.ports import free_port

ROOT = Path(__file__).parents[2]


async def test_run_serves_health_and_stops_in_order(tmp_path: Path) -> None:
    port = free_port()
    simulator = Simulator()
    url = await simulator.start()
    variables = {
        "BOTCRM_TOKEN": "123456:SECRET",
        "BOTCRM_TELEGRAM_API": url,
        "BOTCRM_DATABASE_URL": f"sqlite://{tmp_path / 'crm.sqlite3'}",
        "BOTCRM_HTTP_PORT": str(port),
    }
    bot = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "botcrm",
        "run",
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("BOTCRM_")} | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert bot.stdout
        assert bot.stderr
        async with asyncio.timeout(600):
            log = b""
            while b"health and metrics are at" not in log:
                line = await bot.stderr.readline()
                assert line, log
                log += line
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/healthz") as answer,
            ):
                assert (answer.status, await answer.json()) == (200, {"status": "ok"})
            bot.send_signal(signal.SIGTERM)
            out, rest = await bot.communicate()
        assert bot.returncode == 0, (log + rest).decode()
        assert b"SECRET" not in out + log + rest
        assert b"Traceback" not in log + rest, (log + rest).decode()
    finally:
        if bot.returncode is None:
            bot.kill()
            await bot.wait()
        await simulator.stop()
