"""What `make check` does to contributed plugins: build, install in a clean environment, test."""

from pathlib import Path

import pytest
from filelock import FileLock

from botcrm.testing.scaffold import KINDS, write_plugin
from tools.contrib import CONTRIB, ROOT, build, main, packages


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build botcrm's wheel once, whichever processes the tests are run by."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder if worker_id == "master" else folder.parent) / "botcrm-wheel"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            build(ROOT, folder)
    (built,) = folder.glob("botcrm-*.whl")
    return built


def test_a_new_plugins_tests_pass_as_they_are_written(
    wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of each kind, from its wheel, beside botcrm's wheel."""
    write_plugin("sample", KINDS, tmp_path)
    code = main([str(tmp_path), "--botcrm", str(wheel)])
    written = capsys.readouterr()
    assert code == 0, written.err
    assert "botcrm-sample: " in written.out
    assert "1 plugins built, installed and tested" in written.out


def test_what_a_wheel_forgets_is_found(wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_plugin("sample", ("command",), tmp_path)
    project = root / "pyproject.toml"
    text = project.read_text("utf-8").replace('dependencies = ["', 'dependencies = ["botcrm-nowhere>=1", "')
    project.write_text(text, "utf-8")
    assert main([str(root), "--botcrm", str(wheel)]) == 1
    assert "needs botcrm-nowhere>=1, which is not installed" in capsys.readouterr().err


def test_every_contributed_package_is_found() -> None:
    folders = {path.parent for path in CONTRIB.glob("*/pyproject.toml")}
    assert {package.folder for package in packages([CONTRIB])} == folders
