"""`botcrm report`: listed, shown, written."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_reports_are_listed(botcrm: Run) -> None:
    answer = botcrm("report")
    assert answer.code == 0
    assert [line.split()[0] for line in answer.out.splitlines()] == ["activities", "funnel"]


def test_a_report_is_shown_as_a_table(botcrm: Run) -> None:
    botcrm("user", "add", "--name", "Anna", "--role", "rep", "--telegram-id", "5")
    answer = botcrm("report", "funnel", "--since", "2026-10-01", "--until", "2026-10-31", "--actor", "Anna")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[0].startswith("Funnel: ")
    assert lines[2].split() == ["Stage", "Deals", "Next", "Amount", "Days"]
    assert lines[4].split()[:2] == ["New", "0"]


def test_a_report_is_written_to_a_file(botcrm: Run, tmp_path: Path) -> None:
    for form, start in (("csv", b"\xef\xbb\xbfstage,entered,"), ("xlsx", b"PK"), ("png", b"\x89PNG")):
        path = tmp_path / f"out.{form}"
        answer = botcrm("report", "funnel", "last", "month", "--format", form, "--output", str(path))
        assert answer.code == 0, answer.err
        assert path.read_bytes().startswith(start)


def test_what_cannot_be_done_is_said(botcrm: Run) -> None:
    assert "There is no report “zzz”" in botcrm("report", "zzz").err
    assert "“wat” is not understood" in botcrm("report", "funnel", "wat").err
    assert botcrm("report", "funnel", "--format", "png").code == 2
    assert botcrm("report", "funnel", "--since", "2026-10-02", "--until", "2026-10-01").code == 2
    assert botcrm("report", "funnel", "--since", "soon").code == 2
    assert "nobody" in botcrm("report", "funnel", "--actor", "Nobody").err
