"""`botcrm import`: looked through, taken in, broken off by kill -9 and gone on with, taken back; and `botcrm export` beside it."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from openpyxl import load_workbook

from botcrm.cli.parser import EXPORTS, IMPORT_RULES, IMPORTS
from botcrm.core.services.exporting import export
from botcrm.core.services.importing.piece import RULES
from tests.cli.conftest import Answer

Botcrm = Callable[..., Answer]
PEOPLE = "Name;Phone;E-mail\nAnna Nowak;+48601234567;anna@example.pl\nJan;602;jan@\n"


def test_the_words_of_the_parser_are_those_of_the_services() -> None:
    assert set(EXPORTS) == set(export.KINDS)
    assert {export.ENTITY_OF[kind] for kind in IMPORTS} == {"contact", "company", "lead", "deal"}
    assert set(IMPORT_RULES) < set(RULES)


def test_a_dry_run_says_every_problem_and_writes_nothing(botcrm: Botcrm, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    answer = botcrm("import", "contacts", str(file), "--dry-run", "--map", "Name=Job title", "--map", "Phone=name")
    assert "Name -> job_title" in answer.err
    answer = botcrm("import", "contacts", str(file), "--dry-run")
    assert answer.code == 0
    assert answer.out.splitlines()[0] == "2 rows: 1 new, 0 there already, 1 with problems. Nothing was written."
    assert "row 2: Phone: “602” is no phone number. E-mail: “jan@” is no e-mail address." in answer.out
    assert botcrm("export", "contacts").out == "[]\n"
    assert list(tmp_path.glob("*.problems.csv")) == []


def test_in_and_out_and_taken_back(botcrm: Botcrm, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    answer = botcrm("import", "contacts", str(file))
    assert (answer.code, "2 rows: 1 new, 1 with problems." in answer.out) == (0, True)
    problems = (tmp_path / "people.problems.csv").read_text(encoding="utf-8-sig")
    assert (
        problems.splitlines()[1] == "Jan;602;jan@;Phone: “602” is no phone number. E-mail: “jan@” is no e-mail address."
    )
    book = tmp_path / "out.xlsx"
    assert botcrm("export", "contacts", "--format", "xlsx", "--output", str(book)).code == 0
    sheet = load_workbook(book).active
    assert sheet is not None
    assert [row[1].value for row in sheet.iter_rows()] == ["name", "Anna Nowak"]
    assert "1 there already" in botcrm("import", "contacts", str(file)).out
    assert "botcrm journal --undo 1" in answer.err
    assert botcrm("journal", "--undo", "1").code == 0
    assert botcrm("export", "contacts").out == "[]\n"


def test_what_cannot_be_done_is_said_in_a_line(botcrm: Botcrm, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    binary = tmp_path / "odd.csv"
    binary.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    for words, said in (
        (("contacts", str(tmp_path / "none.csv")), "there is no file"),
        (("contacts", str(binary)), "it is no table"),
        (("contacts", str(file), "--map", "Nme=name"), "The file has no column Nme."),
        (("contacts", str(file), "--map", "Name=shoe"), "shoe is no field of a contact"),
        (("contacts", str(file), "--map", "Name"), "--map is written"),
        (("contacts", str(file), "--delimiter", "::"), "a delimiter is one character"),
        (("contacts", str(file), "--owner", "Zdzich"), "nobody, or more than one, is called"),
        (
            ("deals", str(file), "--map", "Name=skip", "--map", "Phone=skip", "--map", "E-mail=skip"),
            "no column holds the names",
        ),
    ):
        answer = botcrm("import", *words)
        assert answer.code
        assert said in answer.err, (words, answer.err)


def test_killed_and_begun_again_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    file, database = tmp_path / "people.csv", tmp_path / "crm.sqlite3"
    count = 12_000
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(("external_id", "Name", "Phone", "Company"))
        writer.writerows((f"x{n}", f"Person {n}", f"+4860{n:07d}", f"Firma {n % 97}") for n in range(count))
    words = [sys.executable, "-m", "botcrm", "import", "contacts", str(file)]
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"BOTCRM_DATABASE_URL": f"sqlite://{database}", "PYTHONPATH": root}
    kills = 0
    while True:
        process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if kills < 2:
            _until_more_than(database, kills * 4_000, process)
            process.send_signal(signal.SIGKILL)
            kills += 1
        said = process.communicate()[0].decode()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, said
    with sqlite3.connect(database) as stored:
        for sql, wanted in (
            ("SELECT count(*) FROM contact", count),
            ("SELECT count(DISTINCT external_id) FROM external_ref", count),
            ("SELECT count(*) FROM event WHERE type = 'ContactCreated'", count),
            ("SELECT count(DISTINCT record_id) FROM search_entry WHERE entity = 'contact'", count),
            ("SELECT count(*) FROM company", 97),
        ):
            assert stored.execute(sql).fetchone()[0] == wanted, sql


def _until_more_than(database: Path, rows: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until so many contacts are in; as long as that takes."""
    while process.poll() is None:
        time.sleep(0.05)
        try:
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as stored:
                if stored.execute("SELECT count(*) FROM contact").fetchone()[0] > rows:
                    return
        except sqlite3.Error:
            continue


def test_csv_of_an_export_is_read_back(botcrm: Botcrm, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Name,Phone,Note\n'=1+1,+48601234567,x\n")
    botcrm("import", "contacts", str(file))
    out = botcrm("export", "contacts", "--format", "csv").out
    row = next(csv.DictReader(io.StringIO(out)))
    assert (row["name"], row["phone"]) == ("'=1+1", "+48601234567")
    (tmp_path / "again.csv").write_text(out)
    assert "1 unchanged" in botcrm("import", "contacts", str(tmp_path / "again.csv"), "--overwrite").out


def test_numbers_of_a_system_with_a_name_are_its_own(botcrm: Botcrm, tmp_path: Path) -> None:
    for name, row, more in (
        ("a.csv", "1,Anna Nowak,", ()),
        ("b.csv", "1,Piotr Lis,", ("--source", "OldCRM")),
        ("c.csv", "1,Piotr Wilk,Sopot", ("--source", "oldcrm", "--overwrite")),
    ):
        (tmp_path / name).write_text(f"ID,Name,City\n{row}\n")
        assert botcrm("import", "contacts", str(tmp_path / name), *more).code == 0
    out = botcrm("export", "contacts", "--format", "json").out
    assert [(row["name"], row["city"]) for row in json.loads(out)] == [("Anna Nowak", None), ("Piotr Wilk", "Sopot")]


def test_the_system_of_a_file_is_known_the_next_time(botcrm: Botcrm, tmp_path: Path) -> None:
    for name, row, more in (
        ("a.csv", "1,Anna Nowak,", ("--source", "Old CRM")),
        ("b.csv", "1,Anna Lis,Sopot", ("--overwrite",)),
    ):
        (tmp_path / name).write_text(f"ID,Name,City\n{row}\n")
        answer = botcrm("import", "contacts", str(tmp_path / name), *more)
        assert "from old crm" in answer.err
    assert [row["name"] for row in json.loads(botcrm("export", "contacts", "--format", "json").out)] == ["Anna Lis"]


def test_a_system_that_is_named_says_what_its_columns_are(botcrm: Botcrm, tmp_path: Path) -> None:
    # Too few of its columns for it to be recognised.
    (tmp_path / "a.csv").write_text("Name,HubSpot score\nAnna Nowak,7\n")
    dry = ("import", "contacts", str(tmp_path / "a.csv"), "--dry-run")
    assert "HubSpot score -> a line of the note" in botcrm(*dry).err
    told = botcrm(*dry, "--source", "HubSpot").err
    assert "from HubSpot" in told
    assert "HubSpot score -> skipped" in told
