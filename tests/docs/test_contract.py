"""The plugin contract is tested, documented, and goes only with a warning."""

from __future__ import annotations

import ast
import inspect
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import botcrm
from botcrm import hookimpl, hookspecs, services
from botcrm.hooks import loading
from botcrm.hooks.entry import Found
from botcrm.markers import hookspec
from botcrm.testing import static
from tests.docs.pages import ROOT, read
from tools.docs import CONTRACT, hook_reference, hooks

HOOKS = sorted(hooks())
DOCS = ROOT / "tests/docs"


def every_test() -> Iterator[tuple[str, str]]:
    """Yield every test of the suite, as its name and its docstring; the examples of the guide do not count."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        if path.is_relative_to(DOCS):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield node.name, ast.get_docstring(node) or ""


TESTS = list(every_test())


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_has_a_test_that_names_it(hook: str) -> None:
    """The name of the test has it, or its docstring: "Covers NAME, NAME"."""
    mine = [name for name, told in TESTS if hook in name or ("Covers " in told and hook in told.split("Covers ")[1])]
    assert mine, f"no test names the hook {hook}: write test_{hook}_… in tests/hooks"


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_is_documented(hook: str) -> None:
    page = read("docs/plugins/hooks.md")
    assert f"### `{hook}`\n\n<!-- hook_{hook}: generated" in page
    told = inspect.getdoc(hooks()[hook]) or ""
    assert any(way in told for way in ("*Register.*", "*Ask", "*Tell")), f"{hook} does not say how it is called"


def test_each_name_that_plugins_may_import_is_documented() -> None:
    listed = [name for names in CONTRACT.values() for name in names.split()]
    assert sorted(listed) == sorted(botcrm.__all__)
    page = read("docs/plugins/reference.md")
    for name in botcrm.__all__:
        assert f"#### `{name}`\n" in page
        thing = getattr(botcrm, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert (inspect.getdoc(thing) or "").strip(), f"{name} has no docstring"


@pytest.mark.parametrize("name", services.__all__)
def test_each_service_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(services, name)), f"services.{name} has no docstring"
    assert f"#### `services.{name}`\n" in read("docs/plugins/reference.md")


def test_a_hook_that_goes_warns_first(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def deal_card_footer() -> None:
        """Add a line. *Ask.*"""

    marked: Any = hookspec(warn_on_impl=DeprecationWarning("use deal_card_lines"))(deal_card_footer)
    monkeypatch.setitem(loading.SPECS, "deal_card_footer", marked)
    monkeypatch.setattr(hookspecs, "deal_card_footer", marked, raising=False)

    class Old:
        @hookimpl
        def deal_card_footer(self) -> None: ...

    old = Old()
    with caplog.at_level(logging.WARNING):
        entry = loading.read(Found("old", "installed", "1", lambda: old))
    assert "deal_card_footer" in entry.implementations
    assert "plugin old implements deal_card_footer, which will go: use deal_card_lines" in caplog.text
    assert "**It will go:** use deal_card_lines" in hook_reference("deal_card_footer")


def test_checking_advises_against_a_hook_that_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    marked: Any = hookspec(warn_on_impl=DeprecationWarning("use on_event"))(lambda: None)
    monkeypatch.setattr(hookspecs, "on_change", marked, raising=False)
    static.specs.cache_clear()
    (tmp_path / "old.py").write_text("from botcrm import hookimpl\n\n@hookimpl\ndef on_change(): ...\n", "utf-8")
    (found,) = static.check_file(tmp_path / "old.py", tmp_path)
    static.specs.cache_clear()
    assert (found.what, found.fix, found.grave) == ("on_change will go", "use on_event", False)


def test_a_name_that_goes_warns_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(botcrm)["_GOING"], "dots", "use lines")
    monkeypatch.delitem(vars(botcrm), "dots", raising=False)
    for _ in range(2):
        with pytest.warns(DeprecationWarning, match="botcrm.dots will go: use lines"):
            assert callable(vars(botcrm)["__getattr__"]("dots"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert callable(botcrm.bold)


def test_the_page_on_compatibility_tells_what_goes() -> None:
    going = [name for name, hook in hooks().items() if getattr(hook, "botcrm_spec").get("warn_on_impl")]  # noqa: B009
    going += vars(botcrm)["_GOING"]
    page = read("docs/plugins/compatibility.md")
    assert all(f"`{name}`" in page for name in going)
    assert going or "At this version nothing is going." in page


def test_everything_imported_at_once_is_what_plugins_work_with() -> None:
    names: dict[str, object] = {}
    exec("from botcrm import *", names)
    assert names.keys() - {"__builtins__"} == set(botcrm.__all__)
    assert not [name for name in names if name.startswith("_") and name != "__builtins__"]
    assert botcrm.__version__
