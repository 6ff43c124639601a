"""How well and how fast duplicates are found: febrl's sets and a synthetic one, beside splink and recordlinkage in the same run.

    python benchmarks/duplicates.py --data DIR [--sizes 10000,100000,1000000] [--peers-python PATH]

Each finder runs in a process of its own; what is told of it is the time and the peak of memory of that process. The peers and
febrl need `pip install botcrm[benchmark]`, best in an environment of its own (`--peers-python`); without them they are left out.
"""

import argparse
import asyncio
import csv
import itertools
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from benchmarks import duplicates_data  # noqa: E402
from botcrm.core import schema  # noqa: E402
from botcrm.core.domain.facts import keys_of  # noqa: E402
from botcrm.core.domain.phones import normal_phone  # noqa: E402
from botcrm.core.domain.text import fold, terms  # noqa: E402

PEERS = HERE / "duplicates_peers.py"
REGION = "PL"
WANTED_FEBRL, WANTED_F1, WANTED_SECONDS, WANTED_MB, WANTED_CHECK_MS = 0.999, 0.95, 120.0, 2048.0, 20.0
_ENV = {"BOTCRM_TIMEZONE": "UTC", "BOTCRM_REGION": REGION, "BOTCRM_LOG_LEVEL": "WARNING"}
_FIELDS = ("phone", "email", "birth_date", "street", "city", "postcode", "region", "tax_id")
Pairs = set[tuple[str, str]]


@dataclass
class Ran:
    """One finder on one set."""

    finder: str
    data: str
    precision: float
    recall: float
    f1: float
    seconds: float
    cpu: float
    peak_mb: float
    note: str = ""


# --- running ---------------------------------------------------------------------------------------------------------


def measured(command: Sequence[str], env: dict[str, str] | None = None) -> tuple[float, float, float]:
    """Run a process to its end; returns seconds, processor seconds and peak memory in MB, its own processes included.

    :raises SystemExit: it failed
    """
    started = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, **(env or {})}, cwd=ROOT, stderr=subprocess.PIPE)
    assert process.stderr is not None
    watcher = _Memory(process.pid)
    watcher.start()
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    seconds = time.monotonic() - started
    watcher.ended.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said.decode()[-3000:]}")
    # Not ru_maxrss: a process that was just forked counts as large as the one it was forked from.
    return seconds, usage.ru_utime + usage.ru_stime, watcher.peak_mb


class _Memory(threading.Thread):
    """Adds up, five times a second, what a process and those it started hold in memory."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_mb = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.2):
            self.peak_mb = max(self.peak_mb, sum(map(_resident_mb, _family(self.pid))))


def _family(pid: int) -> list[int]:
    try:
        own = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        own = []
    return [pid, *(member for child in own for member in _family(int(child)))]


def _resident_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def pairs_of(groups: Iterable[Sequence[str]]) -> Pairs:
    """Return all pairs of groups of ids."""
    return {pair for group in groups for pair in itertools.combinations(sorted(group), 2)}


def judged(found: Pairs, truth: Pairs) -> tuple[float, float, float]:
    """Return precision, recall and F1."""
    right = len(found & truth)
    precision, recall = right / max(1, len(found)), right / max(1, len(truth))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


# --- botcrm ----------------------------------------------------------------------------------------------------------


def load_by_import(source: Path, path: Path) -> float:
    """Import the file as anybody would; returns the seconds."""
    command = [sys.executable, "-m", "botcrm", "import", "contacts", str(source), "--rule", "create"]
    return measured(command, {**_ENV, "BOTCRM_DATABASE_URL": f"sqlite://{path}"})[0]


def load_by_sql(rows: Sequence[dict[str, str]], path: Path) -> float:
    """Write the file's rows into an empty base by SQL, in the state that importing them leaves; returns the seconds."""
    started = time.monotonic()
    asyncio.run(schema.migrate(f"sqlite://{path}"))
    base = sqlite3.connect(path)
    base.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
    now = datetime.now(UTC).isoformat(" ")
    companies: dict[str, int] = {}
    people, refs, entries, words, keys = [], [], [], [], []
    for number, row in enumerate(rows, 1):
        values: dict[str, Any] = {name: row.get(name) or None for name in _FIELDS}
        values["name"] = row["name"][:300]
        values["phone"] = normal_phone(row["phone"], REGION) if row.get("phone") else None
        values["email"] = values["email"].lower() if values["email"] else None
        company = companies.setdefault(row["company"], len(companies) + 1) if row.get("company") else None
        people.append((number, now, now, 1, values["name"], company, *(values[name] for name in _FIELDS)))
        refs.append(("contact", number, "", row["external_id"]))
        entries.append((number, "contact", number, 0, values["name"], fold(values["name"]), 1, now))
        words += [(word[:64], 0, number) for word in terms(f"{values['name']} {row.get('company') or ''}")]
        keys += [("contact", key, number) for key in keys_of("contact", values)]
    base.executemany(
        "INSERT INTO company (id, created_at, updated_at, version, name) VALUES (?, ?, ?, 1, ?)",
        [(number, now, now, name) for name, number in companies.items()],
    )
    marks = ", ".join("?" * (6 + len(_FIELDS)))
    base.executemany(
        f"INSERT INTO contact (id, created_at, updated_at, version, name, company_id, {', '.join(_FIELDS)}) VALUES ({marks})",
        people,
    )
    base.executemany("INSERT INTO external_ref (entity, record_id, source, external_id) VALUES (?, ?, ?, ?)", refs)
    base.executemany(
        "INSERT INTO search_entry (id, entity, record_id, owner_id, name, folded, open, touched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        entries,
    )
    base.executemany("INSERT INTO search_term (term, owner_id, entry_id) VALUES (?, ?, ?)", sorted(words))
    base.executemany("INSERT INTO record_key (entity, key, record_id) VALUES (?, ?, ?)", sorted(keys))
    vocabulary = sorted({word for word, _, _ in words if len(word) >= 3 and word.isalpha()})
    base.executemany("INSERT INTO search_word (word) VALUES (?)", [(word,) for word in vocabulary])
    base.execute(
        "INSERT INTO setting (key, user_id, value) VALUES ('derived.kept', 0, '99') ON CONFLICT (key, user_id) DO UPDATE SET value = '99'"
    )
    base.commit()
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    base.close()
    return time.monotonic() - started


def botcrm(name: str, folder: Path, truth: Pairs, *, load: str, keep: bool) -> tuple[Ran, Path]:
    """Load a set, search it by the command, judge the groups."""
    path = folder / f"{name}.sqlite3"
    kept = keep and path.exists()
    for rest in folder.glob(f"{name}.sqlite3*"):
        if not kept:
            rest.unlink()
    source = folder / f"{name}.csv"
    seconds = 0.0
    if kept:
        pass
    elif load == "import":
        seconds = load_by_import(source, path)
    else:
        with source.open(encoding="utf-8", newline="") as file:
            seconds = load_by_sql(list(csv.DictReader(file)), path)
    print(f"  {name}: loaded by {load} in {seconds:.1f} s", file=sys.stderr, flush=True)
    out = folder / f"{name}.found.csv"
    command = [sys.executable, "-m", "botcrm", "duplicates", "contacts", "--format", "csv", "--output", str(out)]
    took, cpu, peak = measured(command, {**_ENV, "BOTCRM_DATABASE_URL": f"sqlite://{path}"})
    groups: dict[str, list[str]] = {}
    with out.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["group"], []).append(row["external_id"])
    return Ran("botcrm", name, *judged(pairs_of(groups.values()), truth), took, cpu, peak), path


async def _checks(path: Path, rounds: int) -> list[float]:
    """Return how many milliseconds each check of a newly added person takes."""
    from botcrm.app import App
    from botcrm.core.models import Contact
    from botcrm.core.services import records
    from botcrm.core.services.duplicates.alike import look_alikes
    from botcrm.settings import Settings

    app = App(Settings(database_url=f"sqlite://{path}", timezone="UTC", region=REGION))
    await app.start()
    taken = []
    try:
        step = max(1, (await Contact.all().count()) // rounds)
        for number in range(rounds + 20):
            like = await Contact.get(id=1 + number * step % (step * rounds))
            try:
                async with app.work() as work:
                    name = like.name if number % 2 else like.name[:-2] + like.name[-1]
                    made = await records.add_contact(work, name, phone=like.phone if number % 3 else None)
                    await work.flush()
                    start = time.perf_counter()
                    await look_alikes(work, "contact", made)
                    taken.append((time.perf_counter() - start) * 1000)
                    raise _Enough
            except _Enough:
                pass
    finally:
        await app.stop()
    return taken[20:]


class _Enough(Exception):
    """What was added goes back."""


# --- the peers -------------------------------------------------------------------------------------------------------


def peer(python: str, finder: str, name: str, folder: Path, truth: Pairs) -> list[Ran]:
    """Run a peer; it writes its pairs with a likelihood each, and is judged at its default and at the best threshold there is."""
    out = folder / f"{name}.{finder}.csv"
    try:
        took, cpu, peak = measured([python, str(PEERS), finder, str(folder / f"{name}.csv"), str(out)])
    except SystemExit as error:
        print(f"  {finder} on {name}: {error}", file=sys.stderr, flush=True)
        return []
    with out.open(encoding="utf-8", newline="") as file:
        found = [(tuple(sorted(row[:2])), float(row[2])) for row in csv.reader(file)]
    default = judged({(a, b) for (a, b), score in found if score >= 0.5}, truth)
    ran = [Ran(finder, name, *default, took, cpu, peak, "its default")]
    best, threshold = max(
        ((judged({(a, b) for (a, b), score in found if score >= least}, truth), least) for least in _thresholds(found)),
        key=lambda one: one[0][2],
        default=((0.0, 0.0, 0.0), 0.0),
    )
    return [*ran, Ran(finder, name, *best, took, cpu, peak, f"threshold picked on the truth: {threshold:.4g}")]


def _thresholds(found: Sequence[tuple[Any, float]]) -> list[float]:
    scores = sorted({score for _, score in found})
    return scores[:: max(1, len(scores) // 60)]


def febrl(python: str, folder: Path) -> list[tuple[str, Pairs]]:
    """Have a peer's library write febrl's four sets; returns their names and pairs, none without the library."""
    try:
        measured([python, str(PEERS), "febrl", str(folder), "-"])
    except SystemExit as error:
        print(f"  febrl is left out: {str(error).strip().splitlines()[-1]}", file=sys.stderr)
        return []
    sets = []
    for number in (1, 2, 3, 4):
        pairs = json.loads((folder / f"febrl{number}.json").read_text())
        sets.append((f"febrl{number}", {(min(pair), max(pair)) for pair in pairs}))
    return sets


def synthetic(size: int, seed: int, surnames: int, folder: Path) -> tuple[str, Pairs]:
    """Make a synthetic set, or take the one made before; returns its name and pairs."""
    name = f"people-{size}-{seed}" + (f"-{surnames}" if surnames != 6000 else "")
    truth = folder / f"{name}.json"
    if not truth.exists():
        rows, same = duplicates_data.make(size, seed, surnames)
        duplicates_data.write(folder / f"{name}.csv", rows)
        truth.write_text(json.dumps(same))
    return name, pairs_of(json.loads(truth.read_text()))


# --- the table -------------------------------------------------------------------------------------------------------


def main() -> int:
    """Print tables; returns 1 where something wanted is not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder for the files; two GB for a million")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--seed", type=int, default=20261122, help="never 1: the threshold was fixed with that one")
    parser.add_argument(
        "--surnames", type=int, default=6000, help="different ones in each language; few: more namesakes"
    )
    parser.add_argument("--load", choices=("import", "sql"), default="import")
    parser.add_argument(
        "--peers-python", default=sys.executable, help="an interpreter that has splink and recordlinkage"
    )
    parser.add_argument("--peers", default="splink,recordlinkage", help="empty: botcrm alone")
    parser.add_argument("--peers-most", type=int, default=1_000_000, help="peers run up to this size")
    parser.add_argument("--keep", action="store_true", help="keep the loaded bases, and take those that are there")
    parser.add_argument("--no-febrl", action="store_true")
    options = parser.parse_args()
    options.data.mkdir(parents=True, exist_ok=True)
    sizes = [int(size) for size in options.sizes.split(",") if size]
    sets = [] if options.no_febrl else febrl(options.peers_python, options.data)
    sets += [synthetic(size, options.seed, options.surnames, options.data) for size in sizes]
    ran: list[Ran] = []
    failed = False
    for name, truth in sets:
        ours, path = botcrm(name, options.data, truth, load=options.load, keep=options.keep)
        ran.append(ours)
        size = int(name.split("-")[1]) if name.startswith("people") else 0
        wanted = WANTED_F1 if size else WANTED_FEBRL
        failed |= round(ours.f1, 3) < wanted or (
            size == 1_000_000 and (ours.seconds > WANTED_SECONDS or ours.peak_mb > WANTED_MB)
        )
        if size:
            failed |= _say_checks(path, size)
        if not options.keep:
            path.unlink()
        if size <= options.peers_most:
            for finder in filter(None, options.peers.split(",")):
                if finder == "recordlinkage" and size > 100_000:
                    continue  # it holds all pairs in memory
                ran += peer(options.peers_python, finder, name, options.data, truth)
        shutil.rmtree(options.data / "tmp", ignore_errors=True)
    print("\n| set | finder | precision | recall | F1 | s | CPU s | peak MB | |\n|---|---|---|---|---|---|---|---|---|")
    for one in ran:
        print(
            f"| {one.data} | {one.finder} | {one.precision:.4f} | {one.recall:.4f} | {one.f1:.4f} | {one.seconds:.1f} | "
            f"{one.cpu:.1f} | {one.peak_mb:.0f} | {one.note} |"
        )
    print(f"\nthis script's own peak: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return int(failed)


def _say_checks(path: Path, size: int) -> bool:
    taken = sorted(asyncio.run(_checks(path, 300)))
    p95 = taken[int(len(taken) * 0.95)]
    print(f"check of a new contact at {size:,}: p50 {taken[len(taken) // 2]:.1f} ms, p95 {p95:.1f} ms", flush=True)
    return p95 > WANTED_CHECK_MS


if __name__ == "__main__":
    raise SystemExit(main())
