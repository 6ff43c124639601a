"""The package that was written from the guide alone is in order, works when it is loaded, and passes its own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from botcrm.testing.projects import check_project, find_project
from tests.docs.pages import ROOT

SHOWROOM = ROOT / "tests/docs/showroom"


def test_the_showroom_is_in_order() -> None:
    project = find_project(str(SHOWROOM))
    assert [finding for finding in check_project(project) if finding.grave] == []


def test_the_showroom_passes_its_own_tests(tmp_path: Path) -> None:
    shutil.copytree(SHOWROOM, tmp_path / "showroom")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("BOTCRM_TEST_POSTGRES", None)
    done = subprocess.run(
        command, cwd=tmp_path / "showroom", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
