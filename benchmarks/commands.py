"""How fast the bot answers, beside a plain aiogram echo bot in the same run, with few deals and with very many.

    python benchmarks/commands.py --data DIR [--sizes 10000 1000000] [--updates 3000] [--seconds 20]

Prints tables; README.md explains the columns. Each bot is a fresh process on a fresh copy of the data.
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import make_data
from benchmarks.measuring import (
    COMMANDS,
    HERE,
    RATE,
    ROOT,
    Plan,
    Result,
    botcrm_env,
    copied,
    held_in_memory,
    measure,
    measure_echo,
    started,
)

# How often the services are timed at each size, the sizes taking turns.
_TURNS = 3
WANTED_RATIO, WANTED_P95, WANTED_POLL, WANTED_MB, WANTED_GROWTH, WANTED_SERVICE = 0.5, 30.0, 2.0, 200.0, 1.5, 50.0


def services(paths: dict[int, Path]) -> dict[int, dict[str, list[float]]]:
    """Time the services at every size, in fresh processes that take turns: {size: {label: ms of each call}}."""
    taken: dict[int, dict[str, list[float]]] = {size: {} for size in paths}
    for _ in range(_TURNS):
        for size, path in paths.items():
            command = [sys.executable, str(HERE / "service_times.py"), str(path)]
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
            if done.returncode:
                raise SystemExit(done.stderr[-3000:])
            for label, times in json.loads(done.stdout.splitlines()[-1]).items():
                taken[size].setdefault(label, []).extend(times)
    return taken


# --- tables -----------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, numbers to the right."""
    widths = [max(len(line[n]) for line in (head, *rows)) for n in range(len(head))]
    for line in (head, ["-" * width for width in widths], *rows):
        cells = zip(line, widths, strict=True)
        print(
            "  ".join(
                cell.ljust(width) if n < 2 else cell.rjust(width) for n, (cell, width) in enumerate(cells)
            ).rstrip()
        )
    print(flush=True)


def part(values: Sequence[float], share: float) -> float:
    """Return a percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def heading() -> None:
    """Print the machine and the versions."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    cpu = models[0].partition(":")[2].strip() if models else platform.machine()
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    versions = [
        f"{name} {importlib.metadata.version(name)}" for name in ("aiogram", "aiohttp", "tortoise-orm", "aiosqlite")
    ]
    print(f"Machine: {cpu}, {os.cpu_count()} cores, {memory:.0f} GB; load when started {os.getloadavg()[0]:.2f}")
    print(
        f"Versions: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {', '.join(versions)}\n",
        flush=True,
    )


def show_loads(results: list[Result]) -> None:
    """Print throughput, latency and the process's own figures."""
    print("Throughput: all updates offered at once, the echo bot beside each")
    table(
        ("bot", "command", "updates", "lost", "upd/s", "CPU ms/upd", "echo upd/s", "of echo"),
        [
            (
                r.name,
                label,
                str(load.count),
                str(load.lost),
                f"{load.rate:.0f}",
                f"{load.cpu * 1000:.2f}",
                f"{r.beside[label].rate:.0f}",
                f"{r.of_echo(label):.2f}",
            )
            for r in results
            for label, load in r.full.items()
        ],
    )
    print(
        f"Latency at {RATE:.0f} updates/s, ms: at the bot (from the answer to its poll to the arrival of its reply), and since the offer"
    )
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
        ("bot", "", "first poll s", "idle MB", "MB after the load", "its own of it"),
        [
            (r.name, "", f"{r.first_poll:.2f}", f"{r.idle_mb:.0f}", f"{r.busy_mb:.0f}", f"{r.own_mb:.0f}")
            for r in results
        ],
    )


def show_services(sizes: list[int], taken: dict[int, dict[str, list[float]]]) -> None:
    """Print the services' own times at every size."""
    print(
        "The services alone, in process, ms per call (the sizes taking turns; the first calls, which fill the page cache, left out)"
    )
    rows = []
    for label in taken[sizes[0]]:
        for size in sizes:
            warm = taken[size][label]
            base, middle = statistics.median(taken[sizes[0]][label]), statistics.median(warm)
            rows.append(
                (
                    label,
                    f"{size:,} deals",
                    *(f"{part(warm, share):.2f}" for share in (0.5, 0.95, 1.0)),
                    f"{middle / base:.2f}",
                )
            )
    table(("service", "data", "p50", "p95", "max", "times the first"), rows)


def show_verdict(results: list[Result], sizes: list[int], taken: dict[int, dict[str, list[float]]]) -> None:
    """Print wanted beside measured."""
    rows: list[tuple[str, str, str, str]] = []

    def judge(what: str, wanted: str, measured: str, good: bool) -> None:
        rows.append(("✓" if good else "✗", what, wanted, measured))

    bots = results[1:]
    for bot in bots:
        if "mixed" in bot.full:
            ratio = bot.of_echo("mixed")
            judge(
                f"{bot.name}: rate, mixed commands, of the echo bot's",
                f"≥ {WANTED_RATIO}",
                f"{ratio:.2f}",
                ratio >= WANTED_RATIO,
            )
        for label, load in bot.paced.items():
            p95 = part(load.at_bot, 0.95) * 1000
            judge(
                f"{bot.name}: p95 of {label} at {RATE:.0f}/s",
                f"< {WANTED_P95:.0f} ms",
                f"{p95:.1f} ms",
                not load.lost and p95 < WANTED_P95,
            )
        lost = sum(load.lost for load in (*bot.full.values(), *bot.paced.values()))
        judge(f"{bot.name}: updates without a reply", "0", str(lost), lost == 0)
        judge(
            f"{bot.name}: first poll", f"< {WANTED_POLL:.0f} s", f"{bot.first_poll:.2f} s", bot.first_poll < WANTED_POLL
        )
        judge(f"{bot.name}: idle memory", f"< {WANTED_MB:.0f} MB", f"{bot.idle_mb:.0f} MB", bot.idle_mb < WANTED_MB)
    for label in ("/today", "/find"):
        if len(bots) > 1 and all(label in bot.paced for bot in bots):
            few, many = (statistics.median(bot.paced[label].at_bot) for bot in (bots[0], bots[-1]))
            what = f"{label} at {RATE:.0f}/s: {sizes[-1]:,} against {sizes[0]:,} deals"
            judge(what, f"≤ {WANTED_GROWTH}", f"{many / few:.2f}", many / few <= WANTED_GROWTH)
    if taken:
        for label in ("/today", "/find"):
            small, large = (taken[size][label] for size in (sizes[0], sizes[-1]))
            growth = statistics.median(large) / statistics.median(small)
            if len(sizes) > 1:
                what = f"{label} service: {sizes[-1]:,} against {sizes[0]:,} deals"
                judge(what, f"≤ {WANTED_GROWTH}", f"{growth:.2f}", growth <= WANTED_GROWTH)
            p95 = part(large, 0.95)
            judge(
                f"{label} service: p95 at {sizes[-1]:,} deals",
                f"< {WANTED_SERVICE:.0f} ms",
                f"{p95:.1f} ms",
                p95 < WANTED_SERVICE,
            )
    print("Wanted and measured")
    table(("", "what", "wanted", "measured"), rows)


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder for the generated data and the logs")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000], help="deals (default %(default)s)")
    parser.add_argument(
        "--updates", type=int, default=3000, help="updates a throughput run (0: none; default %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="length of a paced run (0: none; default %(default)s)"
    )
    parser.add_argument("--chats", type=int, default=100, help="reps who write (at most 200; default %(default)s)")
    parser.add_argument(
        "--latency", type=float, default=0.05, help="seconds the mock takes for a send (default %(default)s)"
    )
    parser.add_argument(
        "--idle", type=float, default=10.0, help="seconds to rest before memory is read (default %(default)s)"
    )
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=COMMANDS)
    parser.add_argument("--no-services", action="store_true", help="leave the in-process part out")
    parser.add_argument("--cold", action="store_true", help="leave it to the kernel what stays of the file in memory")
    options = parser.parse_args()
    folder = options.data.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(options.updates, options.seconds, options.chats, options.latency, options.idle, tuple(options.commands))
    sources = {size: make_data.ensure(folder, size) for size in options.sizes}
    heading()
    reps = make_data.chats(sources[options.sizes[0]], plan.chats, 30)
    with contextlib.ExitStack() as stack:
        paths = {size: copied(source, folder / str(size)) for size, source in sources.items()}
        for size, path in paths.items():
            if not options.cold and not stack.enter_context(held_in_memory(path)):
                print(f"{size:,} deals: the file may not be locked in memory; the kernel keeps what it likes of it\n")
        taken = {} if options.no_services else services(paths)
        command = [sys.executable, str(HERE / "echo_bot.py"), "MOCK"]
        echo = stack.enter_context(started("aiogram echo", command, {}, plan, folder))
        results = [measure_echo(echo, reps, plan)]
        for size, path in paths.items():
            reps = make_data.chats(sources[size], plan.chats, 30)
            command = [sys.executable, "-m", "botcrm", "run"]
            with started(f"botcrm {size:,} deals", command, botcrm_env(path), plan, folder) as bot:
                results.append(measure(bot, echo, reps, plan, plan.commands))
    for path in paths.values():
        shutil.rmtree(path.parent)
    show_loads(results)
    if taken:
        show_services(list(sources), taken)
    show_verdict(results, list(sources), taken)


if __name__ == "__main__":
    main()
