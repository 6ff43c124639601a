"""`botcrm plugin check`: read a plugin's source, run the contract suites on what it registers, and run its own tests."""

import importlib.util
import inspect
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import botcrm
from botcrm.testing.findings import Finding
from botcrm.testing.projects import Project, check_project

PLACE = "BOTCRM_PLUGIN_UNDER_TEST"
# Seconds: a suite that takes longer hangs.
DEADLINE = 600


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a check.

    :ivar passed: how many things were found in order
    """

    title: str
    passed: int
    findings: list[Finding]

    @property
    def sound(self) -> bool:
        """Tell whether nothing grave was found."""
        return not any(finding.grave for finding in self.findings)


def check(project: Project, *, run: bool = True) -> Iterator[Step]:
    """Check a plugin, step by step; what runs the plugin's code is left out where its source is not sound.

    :param run: False reads the source only
    """
    source = Step("source", len(project.sources) + len(project.tests), check_project(project))
    yield source
    if not run or not source.sound:
        return
    if importlib.util.find_spec("pytest") is None or importlib.util.find_spec("pytest_asyncio") is None:
        fix = "pip install 'botcrm[testing]'"
        yield Step("contracts", 0, [Finding("pytest", "the contract suites need pytest and pytest-asyncio", fix)])
        return
    yield _suite(project)
    if project.tests:
        yield _own_tests(project)


def _suite(project: Project) -> Step:
    """Run the contract suites on what the plugin registers."""
    spec = importlib.util.find_spec("botcrm.testing.suite")
    assert spec is not None and spec.origin is not None
    place = str(project.root if project.settings else project.place)
    with tempfile.TemporaryDirectory(prefix="botcrm-check-") as folder:
        options = [
            *("-p", "botcrm.testing.fixtures", "--import-mode=importlib", "-o", "asyncio_mode=auto"),
            *("-o", "asyncio_default_fixture_loop_scope=function"),
            *("-W", "error", "-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={folder}"),
        ]
        return _pytest("contracts", [*options, spec.origin], Path(folder), {PLACE: place})


def _own_tests(project: Project) -> Step:
    return _pytest("its own tests", ["-p", "no:cacheprovider"], project.root, {})


def _pytest(title: str, options: list[str], folder: Path, more: dict[str, str]) -> Step:
    """Run pytest in a process of its own and read its report."""
    with tempfile.TemporaryDirectory(prefix="botcrm-check-") as scratch:
        report = Path(scratch) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *options]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **_this_botcrm(), **more}
        try:
            done = subprocess.run(  # noqa: S603 - the author's own tests, on the author's own machine
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False
            )
        except subprocess.TimeoutExpired:
            finding = Finding(title, f"it took longer than {DEADLINE} s", "look for a wait without an end")
            return Step(title, 0, [finding])
        if not report.exists():
            said = (done.stdout + done.stderr).strip()[-2_000:]
            return Step(title, 0, [Finding(title, f"pytest could not run:\n{said}", "run pytest in its folder")])
        return _read(title, report, done.stdout, _promises() if more else {})


def _this_botcrm() -> dict[str, str]:
    """Have the process import the botcrm that runs here, also where that is a checkout that nobody installed."""
    home = str(Path(botcrm.__file__).resolve().parents[1])
    if home in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))}


def _read(title: str, report: Path, said: str, promises: dict[str, str]) -> Step:
    passed, findings = 0, []
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - written by pytest a moment ago
        trouble = case.find("failure")
        trouble = case.find("error") if trouble is None else trouble
        if trouble is None:
            passed += case.find("skipped") is None
            continue
        test, _, variant = (case.get("name") or "").partition("[")
        where = f"{(case.get('classname') or '').rpartition('.')[2]}.{test}{'[' if variant else ''}{variant}"
        what = _first_line(trouble.get("message") or "")
        if what == "collection failure":  # what it failed of is the last line of the story
            what = _first_line("\n".join((trouble.text or "").strip().splitlines()[-1:]))
        findings.append(Finding(where, what, promises.get(test) or "run pytest there for the whole story"))
    if not passed and not findings:
        findings.append(
            Finding(title, f"no test was found:\n{said[-1_000:]}", "name files test_*.py and functions test_*")
        )
    return Step(title, passed, findings)


def _first_line(message: str) -> str:
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    return (lines[0] if lines else "it failed").removeprefix("AssertionError: ").removeprefix("assert ")[:500]


def _promises() -> dict[str, str]:
    """Return what each test of the contracts and of the suite demands, by the test's name."""
    from botcrm.testing import contracts, suite

    tests = [*vars(suite).items()]
    for name in contracts.__all__:
        tests += [(test, getattr(getattr(contracts, name), test)) for test in dir(getattr(contracts, name))]
    return {
        name: f"what has to hold: {inspect.getdoc(test)}"
        for name, test in tests
        if name.startswith("test_") and inspect.getdoc(test)
    }
