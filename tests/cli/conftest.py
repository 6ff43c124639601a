"""A command line in a clean environment, on a database of its own."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from botcrm.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command ended with and wrote."""

    code: int
    out: str
    err: str


Run = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("BOTCRM_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.fixture
def alone(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run commands that need no database."""

    def run(*words: str) -> Answer:
        capsys.readouterr()
        code = main(words)
        written = capsys.readouterr()
        return Answer(code, written.out, written.err)

    return run


@pytest.fixture
def botcrm(migrated_url: str, alone: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands on a database that is up to date."""
    monkeypatch.setenv("BOTCRM_DATABASE_URL", migrated_url)
    return alone
