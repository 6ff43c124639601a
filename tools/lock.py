"""Write requirements.lock and requirements-dev.lock: exact versions of all that pyproject.toml needs.

Run with the oldest supported Python (3.11), so that every version chosen installs there. The files name packages and
versions only, never where they came from.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Written by `make lock` from pyproject.toml; do not edit.\n"


def resolve(requirements: list[str]) -> dict[str, str]:
    """Ask pip which versions it would install for the requirements into an empty environment.

    :returns: normalised package name -> version
    :raises subprocess.CalledProcessError: pip found no set of versions
    """
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
    command += ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--report=-"]
    output = subprocess.run([*command, *requirements], check=True, stdout=subprocess.PIPE, text=True).stdout
    report: dict[str, Any] = json.loads(output[output.index("{") :])
    found = ((item["metadata"]["name"], item["metadata"]["version"]) for item in report["install"])
    return {name.lower().replace("_", "-").replace(".", "-"): version for name, version in found}


def lines(versions: dict[str, str]) -> str:
    """Show versions as the body of a requirements file, one package a line, sorted."""
    return "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))


def main() -> None:
    """Write both lock files at the root of the project."""
    if sys.version_info[:2] != (3, 11):
        sys.exit("make lock runs on Python 3.11, the oldest supported one: make clean lock PYTHON=python3.11")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = settings["project"]
    # The build backend is locked too: the second install step then needs no isolated, unpinned environment.
    runtime = resolve([*project["dependencies"], *settings["build-system"]["requires"]])
    pinned = [f"{name}=={version}" for name, version in runtime.items()]
    everything = resolve([*project["optional-dependencies"]["dev"], *pinned])
    dev = {name: version for name, version in everything.items() if name not in runtime}
    (ROOT / "requirements.lock").write_text(HEADER + lines(runtime), "utf-8")
    (ROOT / "requirements-dev.lock").write_text(HEADER + "-r requirements.lock\n" + lines(dev), "utf-8")
    print(f"requirements.lock: {len(runtime)} packages; requirements-dev.lock: {len(dev)} more")


if __name__ == "__main__":
    main()
