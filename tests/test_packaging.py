"""What a user installs: the lock files, the wheel, the commands of the Makefile."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
NOT_SHIPPED = {".pyc", ".pyo"}
# In pieces, so that this file does not hold what it looks for.
INDEX_HOSTS = [".".join(pieces) for pieces in (("pypi", "org"), ("files", "pythonhosted"), ("registry", "npmjs"))]


def project_files() -> list[Path]:
    """List what is in git or would be added: everything that is not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in output.split("\0") if name and (path := ROOT / name).is_file()]


def locked(name: str) -> dict[str, str]:
    """Read the pins of a lock file; any other line fails."""
    pins: dict[str, str] = {}
    for line in (ROOT / name).read_text("utf-8").splitlines():
        if line.startswith("#") or line == "-r requirements.lock":
            continue
        found = re.fullmatch(r"([a-z0-9-]+)==([0-9][0-9a-z.+!]*)", line)
        assert found, f"{name}: not an exact version of a package: {line!r}"
        pins[found[1]] = found[2]
    return pins


def wanted() -> tuple[list[Requirement], list[Requirement]]:
    """Read from pyproject.toml what the program needs and what its developers need besides."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = settings["project"]
    runtime = [*project["dependencies"], *settings["build-system"]["requires"]]
    return [Requirement(line) for line in runtime], [
        Requirement(line) for line in project["optional-dependencies"]["dev"]
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_holds_exact_versions_and_nothing_else(name: str) -> None:
    assert locked(name)


def test_the_lock_files_pin_every_dependency_within_its_bounds() -> None:
    runtime, dev = wanted()
    pins = locked("requirements.lock")
    for requirement in runtime:
        version = pins[canonicalize_name(requirement.name)]
        assert version in requirement.specifier, f"{requirement}: make lock"
    pins |= locked("requirements-dev.lock")
    for requirement in dev:
        version = pins[canonicalize_name(requirement.name)]
        assert version in requirement.specifier, f"{requirement}: make lock"


def test_the_two_lock_files_do_not_repeat_each_other() -> None:
    assert not locked("requirements.lock").keys() & locked("requirements-dev.lock").keys()


def test_every_dependency_has_a_lower_bound() -> None:
    runtime, dev = wanted()
    for requirement in runtime + dev:
        assert any(clause.operator == ">=" for clause in requirement.specifier), requirement


def test_no_file_names_a_package_index() -> None:
    for path in project_files():
        text = path.read_bytes()
        for host in INDEX_HOSTS:
            assert host.encode() not in text, f"{path.relative_to(ROOT)} names {host}"


@pytest.mark.parametrize("target", ["demo", "test", "check", "lint", "format", "lock", "clean", "docs"])
def test_the_makefile_has_the_target(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_ci_calls_what_people_call() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text("utf-8").splitlines()[-1] == "make check"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """Build the wheel from a copy of the project, as a fresh clone would."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in project_files():
        copy = folder / "source" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    built = subprocess.run([*command, str(folder / "source")], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("botcrm-*.whl")
    return zipfile.Path(found)


def test_the_wheel_holds_every_file_of_the_package(wheel: zipfile.Path) -> None:
    """Pages, translations and py.typed too: a missing one shows only on a user's machine."""
    package = ROOT / "botcrm"
    expected = {
        str(path.relative_to(ROOT))
        for path in project_files()
        if package in path.parents and path.suffix not in NOT_SHIPPED
    }
    shipped = set(wheel.root.namelist())
    assert "botcrm/py.typed" in expected
    assert any(name.endswith(".html") for name in expected)
    assert expected <= shipped
    assert {name.split("/")[0].split("-")[0] for name in shipped} == {"botcrm"}


def test_the_wheel_installs_the_command(wheel: zipfile.Path) -> None:
    (entry,) = [name for name in wheel.root.namelist() if name.endswith("/entry_points.txt")]
    assert "botcrm = botcrm.cli:main" in wheel.root.read(entry).decode().splitlines()
