"""What the documentation says about the code is compared with the code."""

from __future__ import annotations

import argparse
import re

import pytest

from botcrm.cli.parser import build_parser
from botcrm.core.services.staff.shipped_roles import ROLES
from botcrm.metrics import Metrics
from botcrm.settings import Settings, variable
from tests.docs.examples import examples
from tests.docs.pages import ROOT, blocks, pages, prose, read
from tools.docs import PAGES, PARTS, renewed

# Read by the test suite, or a word of the text and no variable.
OTHER_VARIABLES = {"BOTCRM_TEST_POSTGRES", "BOTCRM_"}
NAMES = [path.relative_to(ROOT).as_posix() for path in pages()]


@pytest.mark.parametrize("page", PAGES)
def test_generated_parts_are_fresh(page: str) -> None:
    text = read(page)
    assert renewed(text) == text, f"{page} is stale: python -m tools.docs"


def test_every_generated_part_is_in_a_page() -> None:
    text = "".join(read(page) for page in PAGES)
    for name in PARTS:
        assert f"<!-- {name}: generated" in text


@pytest.mark.parametrize("page", NAMES)
def test_variables_exist(page: str) -> None:
    known = {variable(name) for name in Settings.model_fields} | OTHER_VARIABLES
    # A plugin's secrets are called by its name.
    own = {f"BOTCRM_{example.name.upper()}_" for example in examples(page)} | {"BOTCRM_TASTING_"}
    told = {name for name in re.findall(r"BOTCRM_[A-Z_]*", read(page)) if not name.startswith(tuple(own))}
    assert told <= known


def anchor(heading: str) -> str:
    """Return the anchor a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("page", NAMES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(read(page))):
        if target.startswith(("http://", "https://")):
            continue
        path, _, part = target.partition("#")
        found = (ROOT / page).parent / path if path else ROOT / page
        assert found.exists(), f"{page}: {target}"
        if part:
            assert part in map(anchor, re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", NAMES)
def test_paths_of_the_code_exist(page: str) -> None:
    for path in re.findall(r"`((?:botcrm|tests|tools|docs)/[\w./-]*)`", read(page)):
        assert (ROOT / path).exists(), f"{page}: {path}"


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands below a parser by name."""
    below = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {name: command for action in below for name, command in action.choices.items()}


@pytest.mark.parametrize("page", NAMES)
def test_commands_and_their_options_exist(page: str) -> None:
    for line in re.findall(r"`botcrm ([a-z][^`]*)`", prose(read(page))):
        parser = build_parser()
        words = line.split()
        assert words[0] in commands(parser), f"{page}: botcrm {line}"
        while words and words[0] in commands(parser):
            parser = commands(parser)[words.pop(0)]
        options = {option for action in parser._actions for option in action.option_strings}
        assert {word for word in words if word.startswith("--")} <= options, f"{page}: botcrm {line}"


def test_operations_names_every_command() -> None:
    for command in commands(build_parser()):
        assert f"`botcrm {command}" in read("docs/operations.md")


def test_operations_names_every_metric() -> None:
    text = read("docs/operations.md")
    told = set(re.findall(r"`(botcrm_[a-z_]+)`", text)) - {"botcrm_problem"}  # a column of an import's problem file
    families = {family.name: family.type for family in Metrics().registry.collect()}
    real = {f"{name}_total" if kind == "counter" else name for name, kind in families.items()}
    assert told == real


def test_the_manager_guide_knows_the_roles() -> None:
    text = read("docs/manager-guide.md")
    for role in ROLES:
        assert ("administrator" if role == "admin" else role) in text


def test_decisions_that_the_code_names_exist() -> None:
    numbers = sorted(path.name[:4] for path in (ROOT / "docs/decisions").glob("*.md"))
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]
    for source in (ROOT / "botcrm").rglob("*.py"):
        assert set(re.findall(r"decisions/(\d{4})", source.read_text(encoding="utf-8"))) <= set(numbers), source


def test_make_targets_in_the_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    for page in NAMES:
        assert set(re.findall(r"`make ([a-z]+)`", read(page))) <= targets, page
    shown = [line for block in blocks("README.md", "") for line in block.lines if line.startswith("make ")]
    assert shown == ["make demo", "make test"]


def test_the_pictures_are_small_and_used() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in pages())
    for picture in (ROOT / "docs/images").iterdir():
        assert f"images/{picture.name}" in text
        assert picture.stat().st_size < 400_000
