"""How fast the bot answers, beside a plain aiogram echo bot in the same run, with few deals and with very many.

    python benchmarks/commands.py --data DIR [--sizes 10000 1000000] [--updates 3000] [--seconds 20]

Prints tables; README.md explains the columns. Each bot is a fresh process on a fresh copy of the data.
"""

import argparse
import asyncio
import contextlib
import importlib.metadata
import json
import os
import platform
import random
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

import make_data  # noqa: E402

COMMANDS = ("/deal", "/call", "/today", "/find")
WARM_UP = 200
RATE = 50.0
_NEXT = ("next tomorrow 15:00 send offer", "next mon 10:00 site visit", "next in 3 days call again")
WANTED_RATIO, WANTED_P95, WANTED_POLL, WANTED_MB, WANTED_GROWTH, WANTED_SERVICE = 0.5, 30.0, 2.0, 200.0, 1.5, 50.0


# --- what is typed ----------------------------------------------------------------------------------------------------


def _typo(name: str, dice: random.Random) -> str:
    at = dice.randrange(1, max(2, len(name) - 2))
    return name[:at] + name[at + 1 :]


def line_of(command: str, rep: dict[str, Any], dice: random.Random) -> str:
    """Write a line as a rep would, about a record of theirs."""
    company, contact = dice.choice(rep["companies"]), dice.choice(rep["contacts"])
    match command:
        case "/deal":
            return f"/deal {company} {dice.randrange(2, 90)}k roof repair {dice.choice(_NEXT)}"
        case "/call":
            return f"/call {contact} {dice.randrange(2, 40)}m ok wants two variants {dice.choice(_NEXT)}"
        case "/find":
            # Half whole names, three in ten starts of words, two in ten with a letter missing.
            chance = dice.random()
            if chance < 0.5:
                return f"/find {dice.choice((company, contact))}"
            words = dice.choice((company, contact)).split()
            return "/find " + (words[0][:4] + " " + words[1][:3] if chance < 0.8 else _typo(words[0], dice))
        case _:
            return command


def script_of(commands: Sequence[str], reps: list[dict[str, Any]], count: int, seed: int) -> list[list[Any]]:
    """Return [label, chat, text] of `count` updates, the chats taking turns."""
    dice = random.Random(seed)
    updates = []
    for n in range(count):
        rep, command = reps[n % len(reps)], commands[(n // len(reps) + n) % len(commands)]
        updates.append([command, rep["chat"], line_of(command, rep, dice)])
    return updates


# --- processes --------------------------------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], log: Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process for the length of a block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT, env={**os.environ, **(env or {})})
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass
class Mock:
    """The mock's control side."""

    url: str

    def ask(self, path: str, body: dict[str, Any] | None = None, timeout: float = 10.0) -> Any:
        """Make a control call."""
        data = json.dumps(body).encode() if body else None
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/control/{path}", data=data), timeout=timeout) as answer:
            return json.load(answer)

    def wait_for_poll(self, process: subprocess.Popen[bytes], log: Path) -> float:
        """Wait until the bot polls; returns when that was.

        :raises SystemExit: the bot ended first, or never polled
        """
        for _ in range(1200):
            first = float(self.ask("poll")["first_poll"])
            if first:
                return first
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"the bot never polled:\n{log.read_text()[-3000:]}")


@contextlib.contextmanager
def mocked(folder: Path, latency: float) -> Iterator[Mock]:
    """Run a mock Bot API."""
    mock = Mock(f"http://127.0.0.1:{(port := _free_port())}")
    command = [sys.executable, str(HERE / "mock_api.py"), "--port", str(port), "--latency", str(latency)]
    with running(command, folder / "mock.log") as process:
        for _ in range(200):
            with contextlib.suppress(OSError):
                mock.ask("poll")
                break
            if process.poll() is not None:
                raise SystemExit((folder / "mock.log").read_text())
            time.sleep(0.05)
        yield mock


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


# --- measuring --------------------------------------------------------------------------------------------------------


@dataclass
class Load:
    """What one load gave: seconds per update at the bot and from the offer on."""

    count: int
    lost: int
    rate: float
    cpu: float
    at_bot: list[float]
    since_offer: list[float]


@dataclass
class Result:
    """One bot with one set of data."""

    name: str
    first_poll: float = 0.0
    idle_mb: float = 0.0
    busy_mb: float = 0.0
    full: dict[str, Load] = field(default_factory=dict)
    paced: dict[str, Load] = field(default_factory=dict)


def play(mock: Mock, pid: int, updates: list[list[Any]], per_second: float = 0) -> Load:
    """Offer updates and measure the replies."""
    before = _cpu_seconds(pid)
    notes = mock.ask("load", {"updates": updates, "per_second": per_second}, timeout=900)
    cpu = _cpu_seconds(pid) - before
    done = [(offered, handed, replied) for _, offered, handed, replied in notes if replied]
    if not done:
        return Load(0, len(notes), 0.0, cpu, [0.0], [0.0])
    seconds = max(item[2] for item in done) - min(item[1] for item in done)
    return Load(
        len(done),
        len(notes) - len(done),
        len(done) / seconds,
        cpu / len(done),
        [replied - handed for _, handed, replied in done],
        [replied - offered for offered, _, replied in done],
    )


@dataclass
class Plan:
    """What to run on each bot."""

    updates: int
    seconds: float
    chats: int
    latency: float
    idle: float
    commands: tuple[str, ...]


def measure(
    name: str, command: list[str], env: dict[str, str], reps: list[dict[str, Any]], plan: Plan, folder: Path, kinds: tuple[str, ...]
) -> Result:
    """Start a bot against a mock, measure it, stop it."""
    result = Result(name)
    log = folder / f"{name.replace(' ', '-')}.log"
    with mocked(folder, plan.latency) as mock:
        env = {name: value.replace("MOCK", mock.url) for name, value in env.items()}
        started = time.monotonic()
        with running([part.replace("MOCK", mock.url) for part in command], log, env) as bot:
            result.first_poll = mock.wait_for_poll(bot, log) - started
            time.sleep(plan.idle)
            result.idle_mb = _resident_mb(bot.pid)
            if play(mock, bot.pid, script_of(kinds, reps, WARM_UP, 1)).lost:
                raise SystemExit(f"{name} left updates of the warm-up without a reply:\n{log.read_text()[-3000:]}")
            sets = [*((kind, (kind,)) for kind in kinds), *([("mixed", kinds)] if len(kinds) > 1 else [])]
            for seed, (label, which) in enumerate(sets):
                if plan.updates:
                    result.full[label] = play(mock, bot.pid, script_of(which, reps, plan.updates, 10 + seed))
                    _say(name, label, result.full[label])
                    time.sleep(0.5)
            for seed, (label, which) in enumerate(sets):
                if plan.seconds:
                    script = script_of(which, reps, int(plan.seconds * RATE), 20 + seed)
                    result.paced[label] = play(mock, bot.pid, script, RATE)
                    _say(name, f"{label} at {RATE:.0f}/s", result.paced[label])
            result.busy_mb = _resident_mb(bot.pid)
    return result


def _say(name: str, label: str, load: Load) -> None:
    lost = f"  LOST {load.lost}" if load.lost else ""
    print(f"  … {name}, {label}: {load.rate:.0f}/s, {load.cpu * 1000:.2f} ms CPU{lost}", file=sys.stderr, flush=True)


def botcrm_env(data: Path) -> dict[str, str]:
    """Return the environment of a real `botcrm run` against the mock."""
    return {
        "BOTCRM_TOKEN": "1:x",
        "BOTCRM_TELEGRAM_API": "MOCK",
        "BOTCRM_DATABASE_URL": f"sqlite://{data}",
        "BOTCRM_TIMEZONE": "UTC",
        "BOTCRM_HTTP_PORT": "0",
        "BOTCRM_LOG_LEVEL": "WARNING",
    }


def copied(source: Path, folder: Path) -> Path:
    """Return a copy to run on, so that each run finds the same."""
    target = folder / "work.sqlite3"
    for rest in folder.glob("work.sqlite3*"):
        rest.unlink()
    with contextlib.closing(sqlite3.connect(source)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copyfile(source, target)
    return target


# --- the services alone -----------------------------------------------------------------------------------------------


async def _services(path: Path, reps: list[dict[str, Any]], rounds: int) -> dict[str, list[float]]:
    from botcrm.app import App
    from botcrm.core.services.home import home
    from botcrm.core.services.people import actor_by_telegram
    from botcrm.core.services.subjects import search
    from botcrm.settings import Settings

    dice = random.Random(3)
    app = App(Settings(database_url=f"sqlite://{path}", timezone="UTC"))
    await app.start()
    taken: dict[str, list[float]] = {"/today": [], "/find": [], "/find name": [], "/find start": [], "/find typo": []}
    try:
        for n in range(rounds):
            rep = reps[n % len(reps)]
            name = dice.choice((*rep["companies"], *rep["contacts"]))
            first, second = name.split()[:2]
            async with app.work() as work:
                actor = await actor_by_telegram(app.defaults, rep["chat"])
                assert actor is not None
                mine = work.acting_as(actor)
                calls: dict[str, Callable[[], Any]] = {
                    "/today": lambda mine=mine: home(mine),
                    "/find name": lambda mine=mine, name=name: search(mine, name),
                    "/find start": lambda mine=mine, text=f"{first[:4]} {second[:3]}": search(mine, text),
                    "/find typo": lambda mine=mine, text=_typo(first, dice): search(mine, text),
                }
                for label, call in calls.items():
                    start = time.perf_counter()
                    await call()
                    taken[label].append((time.perf_counter() - start) * 1000)
    finally:
        await app.stop()
    taken["/find"] = [ms for label in ("/find name", "/find start", "/find typo") for ms in taken[label]]
    return taken


def services(path: Path, folder: Path) -> dict[str, list[float]]:
    """Time the services in a fresh process: {label: ms of each call}."""
    command = [sys.executable, str(HERE / "commands.py"), "--services", str(path), "--data", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    taken: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return taken


# --- tables -----------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, numbers to the right."""
    widths = [max(len(line[n]) for line in (head, *rows)) for n in range(len(head))]
    for line in (head, ["-" * width for width in widths], *rows):
        print("  ".join(cell.ljust(width) if n < 2 else cell.rjust(width) for n, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip())
    print(flush=True)


def part(values: Sequence[float], share: float) -> float:
    """Return a percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def heading() -> None:
    """Print the machine and the versions."""
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), platform.machine())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("aiogram", "aiohttp", "tortoise-orm", "aiosqlite")]
    print(f"Machine: {cpu}, {os.cpu_count()} cores, {memory:.0f} GB; load when started {os.getloadavg()[0]:.2f}")
    print(f"Versions: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {', '.join(versions)}\n", flush=True)


def show_loads(results: list[Result]) -> None:
    """Print throughput, latency and the process's own figures."""
    echo = results[0].full.get("echo")
    base = echo.rate if echo else 0.0
    print("Throughput: all updates offered at once")
    table(
        ("bot", "command", "updates", "lost", "upd/s", "of echo", "CPU ms/upd"),
        [
            (r.name, label, str(load.count), str(load.lost), f"{load.rate:.0f}", f"{load.rate / base:.2f}" if base else "", f"{load.cpu * 1000:.2f}")
            for r in results
            for label, load in r.full.items()
        ],
    )
    print(f"Latency at {RATE:.0f} updates/s, ms: at the bot (from the answer to its poll to the arrival of its reply), and since the offer")
    table(
        ("bot", "command", "updates", "lost", "p50", "p95", "max", "p50 offer", "p95 offer", "CPU ms/upd"),
        [
            (
                r.name, label, str(load.count), str(load.lost),
                *(f"{part(load.at_bot, share) * 1000:.1f}" for share in (0.5, 0.95, 1.0)),
                *(f"{part(load.since_offer, share) * 1000:.1f}" for share in (0.5, 0.95)),
                f"{load.cpu * 1000:.2f}",
            )
            for r in results
            for label, load in r.paced.items()
        ],
    )  # fmt: skip
    print("The process")
    table(
        ("bot", "", "first poll s", "idle MB", "MB after the load"),
        [(r.name, "", f"{r.first_poll:.2f}", f"{r.idle_mb:.0f}", f"{r.busy_mb:.0f}") for r in results],
    )


def show_services(sizes: list[int], taken: dict[int, dict[str, list[float]]]) -> None:
    """Print the services' own times at every size."""
    print("The services alone, in process, ms per call (the first 20 calls, which fill the page cache, left out)")
    rows = []
    for label in taken[sizes[0]]:
        for size in sizes:
            warm = taken[size][label][20:]
            base = statistics.median(taken[sizes[0]][label][20:])
            rows.append(
                (label, f"{size:,} deals", *(f"{part(warm, share):.2f}" for share in (0.5, 0.95, 1.0)), f"{statistics.median(warm) / base:.2f}")
            )
    table(("service", "data", "p50", "p95", "max", "times the first"), rows)


def show_verdict(results: list[Result], sizes: list[int], taken: dict[int, dict[str, list[float]]]) -> None:
    """Print wanted beside measured."""
    rows: list[tuple[str, str, str, str]] = []

    def judge(what: str, wanted: str, measured: str, good: bool) -> None:
        rows.append(("✓" if good else "✗", what, wanted, measured))

    echo, bots = results[0], results[1:]
    for bot in bots:
        if "mixed" in bot.full and "echo" in echo.full:
            ratio = bot.full["mixed"].rate / echo.full["echo"].rate
            judge(f"{bot.name}: rate, mixed commands, of the echo bot's", f"≥ {WANTED_RATIO}", f"{ratio:.2f}", ratio >= WANTED_RATIO)
        for label, load in bot.paced.items():
            p95 = part(load.at_bot, 0.95) * 1000
            judge(f"{bot.name}: p95 of {label} at {RATE:.0f}/s", f"< {WANTED_P95:.0f} ms", f"{p95:.1f} ms", p95 < WANTED_P95)
        lost = sum(load.lost for load in (*bot.full.values(), *bot.paced.values()))
        judge(f"{bot.name}: updates without a reply", "0", str(lost), lost == 0)
        judge(f"{bot.name}: first poll", f"< {WANTED_POLL:.0f} s", f"{bot.first_poll:.2f} s", bot.first_poll < WANTED_POLL)
        judge(f"{bot.name}: idle memory", f"< {WANTED_MB:.0f} MB", f"{bot.idle_mb:.0f} MB", bot.idle_mb < WANTED_MB)
    if taken:
        for label in ("/today", "/find"):
            small, large = (taken[size][label][20:] for size in (sizes[0], sizes[-1]))
            growth = statistics.median(large) / statistics.median(small)
            if len(sizes) > 1:
                judge(f"{label} service: {sizes[-1]:,} against {sizes[0]:,} deals", f"≤ {WANTED_GROWTH}", f"{growth:.2f}", growth <= WANTED_GROWTH)
            p95 = part(large, 0.95)
            judge(f"{label} service: p95 at {sizes[-1]:,} deals", f"< {WANTED_SERVICE:.0f} ms", f"{p95:.1f} ms", p95 < WANTED_SERVICE)
    print("Wanted and measured")
    table(("", "what", "wanted", "measured"), rows)


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder for the generated data and the logs")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000], help="deals (default %(default)s)")
    parser.add_argument("--updates", type=int, default=3000, help="updates a throughput run (0: none; default %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a paced run (0: none; default %(default)s)")
    parser.add_argument("--chats", type=int, default=100, help="reps who write (at most 200; default %(default)s)")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds the mock takes for a send (default %(default)s)")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to rest before memory is read (default %(default)s)")
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=COMMANDS)
    parser.add_argument("--no-services", action="store_true", help="leave the in-process part out")
    parser.add_argument("--services", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.services:
        print(json.dumps(asyncio.run(_services(options.services, make_data.chats(options.services, 100, 30), 300))))
        return
    folder = options.data.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(options.updates, options.seconds, options.chats, options.latency, options.idle, tuple(options.commands))
    sources = {size: make_data.ensure(folder, size) for size in options.sizes}
    heading()
    reps = make_data.chats(sources[options.sizes[0]], plan.chats, 30)
    results = [measure("aiogram echo", [sys.executable, str(HERE / "echo_bot.py"), "MOCK"], {}, reps, plan, folder, ("echo",))]
    taken: dict[int, dict[str, list[float]]] = {}
    for size, source in sources.items():
        reps = make_data.chats(source, plan.chats, 30)
        data = copied(source, folder)
        if not options.no_services:
            taken[size] = services(data, folder)
        run = [sys.executable, "-m", "botcrm", "run"]
        results.append(measure(f"botcrm {size:,} deals", run, botcrm_env(data), reps, plan, folder, plan.commands))
    for rest in folder.glob("work.sqlite3*"):
        rest.unlink()
    show_loads(results)
    if taken:
        show_services(list(sources), taken)
    show_verdict(results, list(sources), taken)


if __name__ == "__main__":
    main()
