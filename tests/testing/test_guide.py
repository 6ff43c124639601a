"""The page about testing is true: its plugin and its tests are run as they stand there."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT, blocks, read


def test_the_example_of_the_page_passes(tmp_path: Path) -> None:
    for block in blocks("docs/plugin-testing.md", "python", "toml"):
        _, _, name = block.label.partition(" ")
        (tmp_path / name).write_text(block.text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_the_page_names_every_fixture_and_contract() -> None:
    from botcrm.testing import contracts, fixtures

    page = read("docs/plugin-testing.md")
    for name in contracts.__all__:
        assert f"`{name}`" in page
    for name, value in vars(fixtures).items():
        if "fixture" in type(value).__name__.lower() and name != "crm_databases":
            assert f"`{name}`" in page, name
