"""Run a bot against the mock Bot API and measure it: what is typed, the processes, the loads."""

import contextlib
import ctypes
import json
import mmap
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
COMMANDS = ("/deal", "/call", "/today", "/find")
WARM_UP = 200
RATE = 50.0
# A load is played in so many parts, each beside one of the echo bot: a shared machine changes its speed within seconds.
_PARTS = 3
_NEXT = ("next tomorrow 15:00 send offer", "next mon 10:00 site visit", "next in 3 days call again")


# --- what is typed ----------------------------------------------------------------------------------------------------


def with_typo(name: str, dice: random.Random) -> str:
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
            return "/find " + (words[0][:4] + " " + words[1][:3] if chance < 0.8 else with_typo(words[0], dice))
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
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT, env={**os.environ, **(env or {})}
        )
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
        with urllib.request.urlopen(
            urllib.request.Request(f"{self.url}/control/{path}", data=data), timeout=timeout
        ) as answer:
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


def _resident_mb(pid: int, which: str = "VmRSS") -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(which))
    return int(line.split()[1]) / 1024


# --- measuring --------------------------------------------------------------------------------------------------------


@dataclass
class Load:
    """What one load gave: seconds per update at the bot and from the offer on."""

    count: int = 0
    lost: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    at_bot: list[float] = field(default_factory=list)
    since_offer: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return replies a second."""
        return self.count / self.seconds if self.seconds else 0.0

    @property
    def cpu(self) -> float:
        """Return seconds of processor time an update."""
        return self.cpu_seconds / self.count if self.count else 0.0

    def add(self, other: "Load") -> None:
        """Take in another part of the load."""
        self.count += other.count
        self.lost += other.lost
        self.seconds += other.seconds
        self.cpu_seconds += other.cpu_seconds
        self.at_bot += other.at_bot
        self.since_offer += other.since_offer


@dataclass
class Result:
    """One bot with one set of data.

    :ivar own_mb: of `busy_mb`, without the pages of files that are mapped, which the system takes back when it needs them
    :ivar beside: what the echo bot gave beside each load of `full`, part for part
    """

    name: str
    first_poll: float = 0.0
    idle_mb: float = 0.0
    busy_mb: float = 0.0
    own_mb: float = 0.0
    full: dict[str, Load] = field(default_factory=dict)
    beside: dict[str, Load] = field(default_factory=dict)
    paced: dict[str, Load] = field(default_factory=dict)

    def of_echo(self, label: str) -> float:
        """Return a load's rate as a share of the echo bot's beside it."""
        return self.full[label].rate / self.beside[label].rate if self.beside[label].rate else 0.0


@dataclass
class Bot:
    """A bot that runs, and the mock it talks to."""

    name: str
    mock: Mock
    process: subprocess.Popen[bytes]
    log: Path
    first_poll: float

    def play(self, updates: list[list[Any]], per_second: float = 0) -> Load:
        """Offer updates and measure the replies."""
        before = _cpu_seconds(self.process.pid)
        notes = self.mock.ask("load", {"updates": updates, "per_second": per_second}, timeout=900)
        cpu = _cpu_seconds(self.process.pid) - before
        done = [(offered, handed, replied) for _, offered, handed, replied in notes if replied]
        return Load(
            len(done),
            len(notes) - len(done),
            max(item[2] for item in done) - min(item[1] for item in done) if done else 0.0,
            cpu,
            [replied - handed for _, handed, replied in done],
            [replied - offered for offered, _, replied in done],
        )

    def warm_up(self, updates: list[list[Any]]) -> None:
        """Have it answer once.

        :raises SystemExit: it does not
        """
        if self.play(updates).lost:
            raise SystemExit(
                f"{self.name} left updates of the warm-up without a reply:\n{self.log.read_text()[-3000:]}"
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


@contextlib.contextmanager
def started(name: str, command: list[str], env: dict[str, str], plan: Plan, folder: Path) -> Iterator[Bot]:
    """Run a bot against a mock of its own until it polls, for the length of a block."""
    folder = folder / name.replace(" ", "-")
    folder.mkdir(exist_ok=True)
    log = folder / "bot.log"
    with mocked(folder, plan.latency) as mock:
        env = {name: value.replace("MOCK", mock.url) for name, value in env.items()}
        begun = time.monotonic()
        with running([part.replace("MOCK", mock.url) for part in command], log, env) as process:
            yield Bot(name, mock, process, log, mock.wait_for_poll(process, log) - begun)


def measure(bot: Bot, echo: Bot, reps: list[dict[str, Any]], plan: Plan, kinds: tuple[str, ...]) -> Result:
    """Measure a bot beside the echo bot."""
    result = Result(bot.name, bot.first_poll)
    time.sleep(plan.idle)
    result.idle_mb = _resident_mb(bot.process.pid)
    bot.warm_up(script_of(kinds, reps, WARM_UP, 1))
    sets = [*((kind, (kind,)) for kind in kinds), *([("mixed", kinds)] if len(kinds) > 1 else [])]
    for seed, (label, which) in enumerate(sets):
        if plan.updates:
            result.full[label], result.beside[label] = Load(), Load()
            for part in range(_PARTS):
                for one, load, said in (
                    (echo, result.beside[label], ("echo",)),
                    (bot, result.full[label], which),
                ):
                    load.add(one.play(script_of(said, reps, plan.updates // _PARTS, 10 + seed + 100 * part)))
                    time.sleep(0.5)
            _say(bot.name, label, result.full[label], f"; echo beside it {result.beside[label].rate:.0f}/s")
    for seed, (label, which) in enumerate(sets):
        if plan.seconds:
            script = script_of(which, reps, int(plan.seconds * RATE), 20 + seed)
            result.paced[label] = bot.play(script, RATE)
            _say(bot.name, f"{label} at {RATE:.0f}/s", result.paced[label])
    result.busy_mb, result.own_mb = _resident_mb(bot.process.pid), _resident_mb(bot.process.pid, "RssAnon")
    return result


def measure_echo(echo: Bot, reps: list[dict[str, Any]], plan: Plan) -> Result:
    """Measure the echo bot by itself."""
    result = Result(echo.name, echo.first_poll)
    time.sleep(plan.idle)
    result.idle_mb = _resident_mb(echo.process.pid)
    echo.warm_up(script_of(("echo",), reps, WARM_UP, 1))
    if plan.seconds:
        result.paced["echo"] = echo.play(script_of(("echo",), reps, int(plan.seconds * RATE), 20), RATE)
    result.busy_mb, result.own_mb = _resident_mb(echo.process.pid), _resident_mb(echo.process.pid, "RssAnon")
    return result


def _say(name: str, label: str, load: Load, more: str = "") -> None:
    lost = f"  LOST {load.lost}" if load.lost else ""
    print(
        f"  … {name}, {label}: {load.rate:.0f}/s, {load.cpu * 1000:.2f} ms CPU{more}{lost}", file=sys.stderr, flush=True
    )


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
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "work.sqlite3"
    for rest in folder.glob("work.sqlite3*"):
        rest.unlink()
    with contextlib.closing(sqlite3.connect(source)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copyfile(source, target)
    # Without this the kernel goes on writing the copy during the first loads, and every commit's fsync waits behind it.
    with target.open("rb+") as copy:
        os.fsync(copy.fileno())
    return target


@contextlib.contextmanager
def held_in_memory(path: Path) -> Iterator[bool]:
    """Keep a file in the page cache for the length of a block, as a machine with memory to spare does; yields whether it is.

    A virtual machine whose host takes back what the page cache holds reads a large file from the disk again and again.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype, libc.mmap.argtypes = ctypes.c_void_p, (
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long
    )  # fmt: skip
    libc.mlock.argtypes = libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    size = path.stat().st_size
    with path.open("rb") as file:
        start = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, file.fileno(), 0)
        if start == ctypes.c_void_p(-1).value:
            yield False
            return
        try:
            yield libc.mlock(start, size) == 0
        finally:
            libc.munmap(start, size)
