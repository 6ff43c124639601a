"""A million rows in by `botcrm import`: how fast, in how much memory, and what a kill half-way costs.

    python benchmarks/importing.py [--rows 1000000] [--naive 10000] [--data DIR]

Three things in one run, each in processes of its own on an SQLite file of its own, everything durable as the bot has it:

1. the rows imported in one go: rows a second for each tenth of the way, since indexes grow, and the most memory of both processes;
2. the same file once more into the same base: each row is known by its ID, none is doubled;
3. the import killed with -9 half-way and begun again: every row there once, and none missing;
4. beside them what a loop over the services does, a record a transaction, as a script of one's own would: --naive rows of it.

The file holds names, phones in several notations, e-mails, companies (one for ten people), cities and an ID; one row in a hundred has a
problem, one in twenty the phone and name of an earlier one under an ID of its own.
"""

import argparse
import asyncio
import csv
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.commands import heading, table
from botcrm.app import App
from botcrm.core.services.records import add_contact
from botcrm.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
WANTED_RATE, WANTED_MB = 5_000, 600
_BAD, _AGAIN = 0.01, 0.05
_FIRST = ("Anna", "Jan", "Ewa", "Piotr", "Ola", "Łukasz", "Иван", "Мария", "Zofia", "Adam", "Julia", "Tomasz")
# How mobile numbers begin in Poland.
_MOBILE = ("50", "51", "53", "57", "60", "66", "69", "72", "73", "78", "79", "88")
_CITIES = ("Kraków", "Łódź", "Gdańsk", "Radom", "Lublin", "Poznań")


def make_file(path: Path, rows: int) -> int:
    """Write the file and return how many of its rows have a problem."""
    dice = random.Random(11)
    syllables = ("ba", "ko", "ri", "ne", "mar", "tel", "vo", "sun", "lin", "dor", "pa", "wes", "ka", "mi", "tan", "gor")
    last = ["".join(dice.choices(syllables, k=dice.choice((2, 3, 3)))).capitalize() + "ski" for _ in range(20_000)]
    bad = 0
    before = ("Anna", "Nowak", 500_000_000)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("external_id", "First name", "Last name", "Phone", "E-mail", "Company", "City"))
        for number in range(rows):
            person = (dice.choice(_FIRST), dice.choice(last), int(dice.choice(_MOBILE)) * 10**7 + dice.randrange(10**7))
            if dice.random() < _AGAIN:
                person = before
            before = person
            first, surname, digits = person
            phone = (
                f"+48 {digits // 10**6} {digits // 1000 % 1000:03d} {digits % 1000:03d}",
                f"0048{digits}",
                f"{digits}",
            )[number % 3]
            email = f"{surname.lower()}{dice.randrange(10**6)}@mail{dice.randrange(300)}.example"
            if dice.random() < _BAD:
                bad, email = bad + 1, "no mail at all"
            firm = f"Firma {dice.randrange(rows // 10 + 1)}" if number % 2 else ""
            writer.writerow((f"r{number}", first, surname, phone, email, firm, dice.choice(_CITIES)))
    return bad


@dataclass
class Run:
    """What was seen of one import."""

    seconds: float = 0.0
    megabytes: float = 0.0
    told: list[tuple[float, int]] = field(default_factory=list)
    code: int | None = None


def _memory(pid: int) -> float:
    """Return the megabytes that a process and its children have for their own now, without mapped files."""
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            status = Path(f"/proc/{one}/status").read_text()
            waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except OSError:
            continue
        found = re.search(r"RssAnon:\s+(\d+)", status)
        total += int(found[1]) / 1024 if found else 0.0
    return total


def run_import(database: Path, file: Path, *, kill_at: int | None = None) -> Run:
    """Run the command; with `kill_at` it is killed once it has told of so many rows."""
    environment = os.environ | {
        "BOTCRM_DATABASE_URL": f"sqlite://{database}",
        "BOTCRM_REGION": "PL",
        "BOTCRM_TIMEZONE": "Europe/Warsaw",
        "PYTHONPATH": str(ROOT),
    }
    found = Run()
    log = file.with_suffix(".log")
    began = time.monotonic()
    with log.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "botcrm", "import", "contacts", str(file)], env=environment, stdout=said, stderr=said
        )
        while process.poll() is None:
            time.sleep(0.2)
            found.megabytes = max(found.megabytes, _memory(process.pid))
            rows = [int(n.replace(",", "")) for n in re.findall(r"^([\d,]+) of ", log.read_text(), re.MULTILINE)]
            if rows and (not found.told or rows[-1] != found.told[-1][1]):
                found.told.append((time.monotonic() - began, rows[-1]))
            if kill_at is not None and rows and rows[-1] >= kill_at:
                process.send_signal(signal.SIGKILL)
    found.seconds, found.code = time.monotonic() - began, process.returncode
    if found.code and kill_at is None:
        raise SystemExit(log.read_text()[-2000:])
    return found


def check(database: Path, rows: int, bad: int) -> list[tuple[str, str, str]]:
    """Return what is stored of what should be, as (what, found, verdict)."""
    facts = (
        ("contacts", "SELECT count(*) FROM contact WHERE deleted_at IS NULL", rows - bad),
        ("different IDs", "SELECT count(DISTINCT external_id) FROM external_ref WHERE entity = 'contact'", rows - bad),
        ("events of them", "SELECT count(*) FROM event WHERE type = 'ContactCreated'", rows - bad),
        ("found by search", "SELECT count(*) FROM search_entry WHERE entity = 'contact'", rows - bad),
        ("with keys", "SELECT count(DISTINCT record_id) FROM record_key WHERE entity = 'contact'", rows - bad),
        ("companies doubled", "SELECT count(*) FROM (SELECT 1 FROM company GROUP BY name HAVING count(*) > 1)", 0),
    )
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as stored:
        found = [(what, stored.execute(sql).fetchone()[0], wanted) for what, sql, wanted in facts]
    return [(what, f"{n:,}", "✓" if n == wanted else f"✗ wanted {wanted:,}") for what, n, wanted in found]


async def naive(folder: Path, file: Path, count: int) -> float:
    """Return the rows a second of a loop over the services."""
    app = App(Settings(database_url=f"sqlite://{folder / 'naive.sqlite3'}", region="PL"))
    await app.start()
    began = time.monotonic()
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            for row, _ in zip(csv.DictReader(lines), range(count), strict=False):
                async with app.work() as work:
                    email = row["E-mail"] if "@" in row["E-mail"] else None
                    await add_contact(work, f"{row['First name']} {row['Last name']}", phone=row["Phone"], email=email)
    finally:
        await app.stop()
    return count / (time.monotonic() - began)


def _tenths(run: Run, rows: int) -> list[str]:
    """Return the rows a second of each tenth of the way, as far as they were told."""
    said, last = [], (0.0, 0)
    for at, seen in run.told:
        if seen - last[1] >= rows / 10:
            said.append(f"{(seen - last[1]) / (at - last[0]):,.0f}")
            last = (at, seen)
    return said


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--naive", type=int, default=10_000)
    parser.add_argument("--data", type=Path, help="folder for the files; it needs about 6 GB for a million rows")
    options = parser.parse_args()
    heading()
    with tempfile.TemporaryDirectory(dir=options.data) as name:
        folder = Path(name)
        file = folder / "people.csv"
        bad = make_file(file, options.rows)
        print(f"{options.rows:,} rows, {file.stat().st_size / 2**20:,.0f} MB, {bad:,} with a problem\n", flush=True)
        whole = folder / "whole.sqlite3"
        first = run_import(whole, file)
        print("by tenths:", json.dumps(_tenths(first, options.rows)), flush=True)
        again = run_import(whole, file)
        broken = folder / "broken.sqlite3"
        part = run_import(broken, file, kill_at=options.rows // 2)
        rest = run_import(broken, file)
        rate = asyncio.run(naive(folder, file, options.naive))
        killed = part.told[-1][1] if part.told else 0
        table(
            ("run", "rows", "seconds", "rows/s", "most MB"),
            [
                (
                    "imported",
                    f"{options.rows:,}",
                    f"{first.seconds:,.0f}",
                    f"{options.rows / first.seconds:,.0f}",
                    f"{first.megabytes:,.0f}",
                ),
                (
                    "once more, all known",
                    f"{options.rows:,}",
                    f"{again.seconds:,.0f}",
                    f"{options.rows / again.seconds:,.0f}",
                    f"{again.megabytes:,.0f}",
                ),
                ("killed with -9", f"{killed:,}", f"{part.seconds:,.0f}", "", f"{part.megabytes:,.0f}"),
                ("begun again", f"{options.rows - killed:,}", f"{rest.seconds:,.0f}", "", f"{rest.megabytes:,.0f}"),
                ("loop over the services", f"{options.naive:,}", f"{options.naive / rate:,.0f}", f"{rate:,.0f}", ""),
            ],
        )
        print()
        table(
            ("after", "what", "found", ""),
            [("one go", *row) for row in check(whole, options.rows, bad)]
            + [("kill", *row) for row in check(broken, options.rows, bad)],
        )
        print()
        done = options.rows / first.seconds
        table(
            ("wanted", "measured", ""),
            [
                (f"over {WANTED_RATE:,} rows/s", f"{done:,.0f}", "✓" if done > WANTED_RATE else "✗"),
                (
                    f"constant memory, under {WANTED_MB} MB",
                    f"{first.megabytes:,.0f}",
                    "✓" if first.megabytes < WANTED_MB else "✗",
                ),
            ],
        )


if __name__ == "__main__":
    main()
