"""Every plugin in the guide is written to disk, checked, loaded, and used as its page says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from botcrm.testing import Crm
from botcrm.testing.projects import check_project, find_project
from botcrm.testing.static import specs
from tests.docs.examples import Example, People, examples, guide_pages, load, play, write
from tests.docs.pages import ROOT, blocks

HOOKS = "docs/plugins/hooks.md"
ALL = [example for page in guide_pages() for example in examples(page)]

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


def shown(value: Any) -> str:
    """Name an example in pytest's output."""
    return f"{Path(value.page).stem}-{value.heading.split(' ')[0]}-{value.name}" if isinstance(value, Example) else ""


@pytest.mark.parametrize("example", ALL, ids=shown)
async def test_the_example_works(example: Example, database_url: str, tmp_path: Path) -> None:
    module, called = await load(example, tmp_path / "plugin")
    crm = await Crm.start(database_url, plugins={example.name: module})
    try:
        people = People(crm)
        await people.member("rep")
        assert await play(example, people), "an example without an answer or a test shows nothing"
        assert crm.failures() == 0, crm.last_failure()
        if example.page == HOOKS:
            assert example.heading in crm.listed(example.name).hooks
            await crm.app.hooks.switch(example.name, False)
            await crm.app.hooks.settled()
            assert example.heading in called, f"the example of {example.heading} never has it called"
    finally:
        await crm.stop()
        shutil.rmtree(tmp_path / "plugin")


@pytest.mark.parametrize("example", ALL, ids=shown)
def test_the_example_is_in_order(example: Example, migrated_url: str, tmp_path: Path) -> None:
    found = check_project(find_project(str(write(example, tmp_path))))
    # Their tests stand in the page.
    grave = [finding for finding in found if finding.grave and finding.where != "tests/"]
    assert not grave, "\n".join(map(str, grave))


def test_each_hook_has_an_example_and_each_example_is_used(migrated_url: str) -> None:
    assert {example.heading for example in examples(HOOKS)} == set(specs())


def test_the_first_plugin_is_tested_as_the_guide_says(migrated_url: str, tmp_path: Path) -> None:
    tasting = examples("docs/plugin-guide.md")[0]
    write(tasting, tmp_path / "plugins")
    (conftest,) = (block for block in blocks("docs/plugin-guide.md", "python") if block.label == "python conftest")
    (test,) = (step for step in tasting.steps if step.label == "python test")
    (tmp_path / "conftest.py").write_text(conftest.text, encoding="utf-8")
    (tmp_path / "test_tasting.py").write_text(test.text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert " passed" in done.stdout


def test_the_example_of_a_package_is_toml(migrated_url: str) -> None:
    block = next(block for block in blocks("docs/plugin-guide.md", "toml"))
    assert tomllib.loads(block.text)["project"]["entry-points"]["botcrm"] == {"tasting": "botcrm_tasting"}


def test_blocks_of_python_are_python(migrated_url: str) -> None:
    for page in guide_pages():
        for block in blocks(page, "python"):
            compile(block.text, page, "exec")
