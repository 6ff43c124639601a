"""Build every contributed plugin, install it into a clean environment, and run its tests there: `python -m tools.contrib`.

Nothing is downloaded: the libraries are those of this environment; botcrm itself and the plugins come from their wheels, so
a file that a wheel forgets, or a dependency that it does not declare, shows here and not with a user.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRIB = ROOT / "plugins_contrib"
AT_ONCE = 2
# Run in the clean environment: every dependency of the wheels is there in a version that fits, every plugin can be imported,
# and botcrm comes from its wheel.
PROBE = """
import sys
from importlib.metadata import PackageNotFoundError, distribution, entry_points, version
from pathlib import Path
from packaging.requirements import Requirement
wrong = []
for name in sys.argv[1:]:
    for line in distribution(name).requires or ():
        need = Requirement(line)
        if need.marker and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            if version(need.name) not in need.specifier:
                wrong.append(f"{name} needs {need}, and there is {version(need.name)}")
        except PackageNotFoundError:
            wrong.append(f"{name} needs {need}, which is not installed")
    for point in distribution(name).entry_points.select(group="botcrm"):
        point.load()
import botcrm
if not Path(botcrm.__file__).is_relative_to(sys.prefix):
    wrong.append(f"botcrm comes from {botcrm.__file__}, not from its wheel")
print("\\n".join(wrong))
sys.exit(bool(wrong))
"""


class Failed(Exception):
    """A step failed; the text is what it wrote."""


@dataclass(frozen=True, slots=True)
class Package:
    """A contributed plugin's folder and the name of its distribution."""

    folder: Path
    name: str


def packages(places: list[Path]) -> list[Package]:
    """Return the packages in these folders, each of which is a package or holds some."""
    found = []
    for place in places:
        for folder in [place, *sorted(path for path in place.iterdir() if path.is_dir())]:
            if (folder / "pyproject.toml").exists():
                settings = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
                found.append(Package(folder, settings["project"]["name"]))
    return found


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """Run a command and return what it wrote.

    :raises Failed: it ended with an error
    """
    # What one step compiles the next one need not; all of it is thrown away in the end.
    left_out = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"$ {' '.join(str(word)[:200] for word in command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def build(folder: Path, into: Path) -> None:
    """Build one wheel, from a copy without what earlier builds left."""
    with tempfile.TemporaryDirectory(prefix="botcrm-build-") as scratch:
        copy = Path(scratch) / "source"
        left_out = shutil.ignore_patterns(".*", "__pycache__", "dist", "build", "plugins_contrib")
        shutil.copytree(folder, copy, ignore=left_out)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", into, copy)


def environment(folder: Path, wheels: Path, names: list[str]) -> Path:
    """Make the clean environment with the wheels in it, and return its interpreter."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # The libraries of this environment behind its own; the .pth files there, an editable botcrm among them, do not count.
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "libraries.pth").write_text("".join(f"{path}\n" for path in sorted(libraries)), "utf-8")
    install: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    run(*install, "--no-index", "--no-deps", "--ignore-installed", *sorted(wheels.glob("*.whl")))
    run(python, "-c", PROBE, "botcrm", *names, folder=folder)
    return python


def test(package: Package, python: Path, scratch: Path) -> str:
    """Run a package's tests beside nothing of its source; returns pytest's last line."""
    folder = scratch / package.name
    folder.mkdir()
    shutil.copytree(package.folder / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        if (package.folder / name).exists():
            shutil.copyfile(package.folder / name, folder / name)
    written = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder=folder)
    return written.strip().splitlines()[-1]


def main(argv: list[str] | None = None) -> int:
    """Do it for plugins_contrib, or for the folders named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("places", nargs="*", type=Path, default=[CONTRIB], help="packages, or folders of packages")
    parser.add_argument("--botcrm", type=Path, metavar="WHEEL", help="botcrm's wheel, built before")
    options = parser.parse_args(argv)
    found = packages(options.places)
    if not found:
        print("no contributed plugins")
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="botcrm-contrib-") as name, ThreadPoolExecutor(AT_ONCE) as pool:
        scratch = Path(name)
        wheels = scratch / "wheels"
        wheels.mkdir()
        folders = [package.folder for package in found]
        if options.botcrm:
            shutil.copy(options.botcrm, wheels)
        else:
            folders.insert(0, ROOT)
        try:
            list(pool.map(lambda folder: build(folder, wheels), folders))
            python = environment(scratch / "clean", wheels, [package.name for package in found])
            results = pool.map(lambda package: test(package, python, scratch), found)
            for package, line in zip(found, results, strict=True):
                print(f"{package.name}: {line}")
        except Failed as exc:
            print(exc, file=sys.stderr)
            return 1
    print(f"{len(found)} plugins built, installed and tested in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
