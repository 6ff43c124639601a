"""Read a plugin's source without running it, and say what the product would refuse or regret."""

import ast
import difflib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from botcrm import __all__ as exported
from botcrm import hookspecs
from botcrm.testing.findings import Finding

Function = ast.FunctionDef | ast.AsyncFunctionDef

# What stops the whole bot while it waits, and what to call instead.
BLOCKING = {
    "time.sleep": "await asyncio.sleep(…), outside of any unit of work",
    "requests.": "an asynchronous client, e.g. aiohttp",
    "urllib.request.urlopen": "an asynchronous client, e.g. aiohttp",
    "http.client.": "an asynchronous client, e.g. aiohttp",
    "smtplib.": "await asyncio.to_thread(…)",
    "subprocess.": "asyncio.create_subprocess_exec(…)",
    "os.system": "asyncio.create_subprocess_exec(…)",
    "socket.create_connection": "asyncio.open_connection(…)",
    "sqlite3.connect": "the plugin's own tables (register_models)",
    "input": "chat.ask(…)",
    "open": "await asyncio.to_thread(path.read_text)",
}
_ENDS = {"sys.exit", "os._exit", "os.abort", "exit", "quit"}
_CLOCKS = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
}
_WAITS = ("asyncio.sleep", "aiohttp.", "httpx.")


@dataclass(frozen=True, slots=True)
class Spec:
    """A hook as it has to be written: its arguments, whether with `async`, and what to use instead where it will go."""

    arguments: tuple[str, ...]
    waits: bool
    going: str = ""


@lru_cache
def specs() -> dict[str, Spec]:
    """Return every hook by name."""
    return {
        name: Spec(
            tuple(inspect.signature(hook).parameters),
            inspect.iscoroutinefunction(hook),
            str(hook.botcrm_spec.get("warn_on_impl") or ""),
        )
        for name, hook in inspect.getmembers(hookspecs, inspect.isfunction)
        if hasattr(hook, "botcrm_spec")
    }


def check_file(path: Path, root: Path, *, kit: bool = False) -> list[Finding]:
    """Check one file of a plugin.

    :param root: what its name is shown relative to
    :param kit: it is a test, which may import `botcrm.testing`
    """
    shown = str(path.relative_to(root)) if path.is_relative_to(root) else path.name
    try:
        tree = ast.parse(path.read_text("utf-8"), shown)
    except (SyntaxError, ValueError) as exc:
        line = exc.lineno if isinstance(exc, SyntaxError) else 1
        return [Finding(f"{shown}:{line}", f"it is no Python: {exc}", "correct it")]
    reader = _Reader(tree, shown, kit)
    found = [*reader.imports()]
    if not kit:
        found += [*reader.hooks(), *reader.calls()]
    return sorted(set(found))


def check_imports(path: Path, root: Path) -> list[Finding]:
    """Check only that one file of a plugin reaches for nothing of botcrm but what it exports."""
    tree = ast.parse(path.read_text("utf-8"), str(path))
    return sorted(_Reader(tree, str(path.relative_to(root)), kit=False).imports())


class _Reader:
    """Reads one module."""

    def __init__(self, tree: ast.Module, shown: str, kit: bool) -> None:
        self._tree = tree
        self._shown = shown
        self._kit = kit
        self._names = dict(_imported(tree))

    def _at(self, node: ast.AST) -> str:
        return f"{self._shown}:{getattr(node, 'lineno', 1)}"

    def _called(self, node: ast.expr) -> str:
        """Return the full dotted name of what is called or named, "" where it is no plain name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self._names.get(node.id, node.id), *reversed(parts)])

    # --- imports ---------------------------------------------------------------------------------------------------

    def imports(self) -> Iterator[Finding]:
        """Find what is taken from behind `botcrm`."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.startswith("botcrm."):
                        yield from self._past(node, alias.name, "")
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                if node.module == "botcrm":
                    for alias in node.names:
                        yield from self._exported(node, alias.name)
                elif node.module.startswith("botcrm."):
                    for alias in node.names:
                        yield from self._past(node, node.module, alias.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if self._names.get(node.value.id) == "botcrm":
                    yield from self._exported(node, node.attr)
            elif isinstance(node, ast.Call) and self._called(node.func) in ("importlib.import_module", "__import__"):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and str(first.value).startswith("botcrm."):
                    yield from self._past(node, str(first.value), "")

    def _exported(self, node: ast.AST, name: str) -> Iterator[Finding]:
        if name in exported or name == "*" or (self._kit and name == "testing"):
            return
        near = difflib.get_close_matches(name, exported, 1, 0.75)
        fix = (
            f"perhaps {near[0]} is meant"
            if near
            else "use what the plugin guide lists; if something is missing, ask for it"
        )
        yield Finding(self._at(node), f"botcrm does not export {name}", fix)

    def _past(self, node: ast.AST, module: str, name: str) -> Iterator[Finding]:
        if self._kit and (module == "botcrm.testing" or module.startswith("botcrm.testing.")):
            return
        what = f"{module}.{name}" if name else module
        if name in exported:
            fix = f"from botcrm import {name}"
        elif module in ("botcrm.services", "botcrm.models", "botcrm.events"):
            fix = f"from botcrm import {module.partition('.')[2]}"
        else:
            fix = (
                "import from botcrm itself: the rest may change with every version; if something is missing, ask for it"
            )
        yield Finding(self._at(node), f"{what} is not for plugins", fix)

    # --- hooks -----------------------------------------------------------------------------------------------------

    def hooks(self) -> Iterator[Finding]:
        """Find hooks that botcrm would refuse, or never call."""
        homes: list[tuple[list[ast.stmt], bool]] = [(self._tree.body, False)]
        homes += [(node.body, True) for node in ast.walk(self._tree) if isinstance(node, ast.ClassDef)]
        for body, method in homes:
            seen: set[str] = set()
            for node in body:
                if not isinstance(node, Function):
                    continue
                if self._marked(node):
                    if node.name in seen:
                        yield Finding(
                            self._at(node),
                            f"{node.name} is written twice here; only the last one counts",
                            "put both into one",
                        )
                    seen.add(node.name)
                    yield from self._hook(node, method)
                elif node.name in specs() and not method:
                    yield Finding(
                        self._at(node),
                        f"{node.name} is called like a hook but not marked as one; it is never called",
                        "put @hookimpl above it",
                    )

    def _marked(self, node: Function) -> bool:
        decorators = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
        return any(self._called(one) in ("botcrm.hookimpl", "botcrm.markers.hookimpl") for one in decorators)

    def _hook(self, node: Function, method: bool) -> Iterator[Finding]:
        spec = specs().get(node.name)
        if spec is None:
            near = difflib.get_close_matches(node.name, specs(), 1)
            fix = f"perhaps {near[0]} is meant" if near else "take away @hookimpl; the guide lists the hooks"
            yield Finding(self._at(node), f"there is no hook {node.name}", fix)
            return
        if spec.going:
            yield Finding(self._at(node), f"{node.name} will go", spec.going, grave=False)
        names = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        names = names[1:] if method and names[:1] in (["self"], ["cls"]) else names
        for name in names:
            if name not in spec.arguments:
                may = ", ".join(spec.arguments) or "none"
                yield Finding(self._at(node), f"{node.name} has no argument {name}", f"it may take: {may}")
        if isinstance(node, ast.AsyncFunctionDef) != spec.waits:
            word = "async def" if spec.waits else "def"
            yield Finding(self._at(node), f"{node.name} has to be written with {word}", f"{word} {node.name}(…)")

    # --- calls -----------------------------------------------------------------------------------------------------

    def calls(self) -> Iterator[Finding]:
        """Find what would hold up or end the bot, or what tests and translators cannot get at."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.AsyncFunctionDef):
                yield from self._in_async(node)
            elif isinstance(node, ast.Call):
                yield from self._anywhere(node)

    def _in_async(self, function: ast.AsyncFunctionDef) -> Iterator[Finding]:
        for node in _own(function):
            if isinstance(node, ast.Call):
                name = self._called(node.func)
                for blocking, instead in BLOCKING.items():
                    if name == blocking or (blocking.endswith(".") and name.startswith(blocking)):
                        yield Finding(self._at(node), f"{name}(…) stops the whole bot while it waits", f"use {instead}")
            elif isinstance(node, ast.AsyncWith) and any(self._opens_work(item) for item in node.items):
                yield from self._waits_in_work(node)
            elif isinstance(node, ast.While) and _endless(node):
                yield Finding(
                    self._at(node),
                    "an endless loop that awaits nothing stops the whole bot, and nobody can stop it",
                    "end it, or use register_jobs for what happens again and again",
                )

    def _opens_work(self, item: ast.withitem) -> bool:
        call = item.context_expr
        return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "work"

    def _waits_in_work(self, block: ast.AsyncWith) -> Iterator[Finding]:
        for node in ast.walk(block):
            if isinstance(node, ast.Call) and self._called(node.func).startswith(_WAITS):
                yield Finding(
                    self._at(node),
                    f"{self._called(node.func)}(…) inside a unit of work keeps everybody else from writing",
                    "wait before the block or after it",
                )

    def _anywhere(self, node: ast.Call) -> Iterator[Finding]:
        name = self._called(node.func)
        if name in _ENDS:
            yield Finding(self._at(node), f"{name}(…) would end the bot", "raise CrmError with a text for the person")
        elif name in _CLOCKS:
            yield Finding(
                self._at(node),
                f"{name}(…) does not follow the clock of the tests",
                "use work.now or plugin.now()",
                grave=False,
            )
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "t" and isinstance(_first(node), ast.JoinedStr):
            yield Finding(
                self._at(node),
                "a text with values inside cannot be translated",
                'give the values apart: words.t("{count} visits", count=count)',
            )


def _first(call: ast.Call) -> ast.expr | None:
    return call.args[0] if call.args else None


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what each imported name stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or name, name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _own(function: ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Yield what runs in the function itself: not what is inside functions defined in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _endless(loop: ast.While) -> bool:
    if not (isinstance(loop.test, ast.Constant) and loop.test.value):
        return False
    ways_out = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Break, ast.Return, ast.Raise, ast.Yield)
    return not any(isinstance(node, ways_out) for node in ast.walk(loop))
