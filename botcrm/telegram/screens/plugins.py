"""The plugins as an administrator sees them: the list, and one of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from botcrm.contract.commands import Command
from botcrm.contract.plugin import Manifest
from botcrm.hooks import Loaded, Owned, Registry
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.words import Words

_PAGE = 8
# So many of a sort are named; more are only counted.
_NAMED = 3
_SIGNS = {"on": "🟢", "off": "⚪", "failed": "🔴"}


def plugins_screen(words: Words, plugins: Sequence[Loaded], page: int = 0) -> Screen:
    """List the plugins, eight at a time."""
    pages = max(1, -(-len(plugins) // _PAGE))
    page = min(max(page, 0), pages - 1)
    shown = plugins[page * _PAGE : (page + 1) * _PAGE]
    text = lines(
        bold(words.t("Plugins")),
        *(_item(words, loaded) for loaded in shown),
        words.t("Page {page} of {pages}", page=page + 1, pages=pages) if pages > 1 else "",
    )
    turn = [Button("←", pack("pl", page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("pl", page + 1)))
    buttons = [
        Button(f"{_SIGNS.get(loaded.state, '')} {clip(loaded.title, 26)}", pack("pd", loaded.name)) for loaded in shown
    ]
    return Screen(text, (*rows_of(buttons, 2), turn))


def _state(words: Words, loaded: Loaded) -> str:
    return {"on": words.t("on"), "off": words.t("off")}.get(loaded.state, words.t("cannot be switched on"))


def _version(words: Words, loaded: Loaded) -> str:
    if loaded.where == "built in":
        return words.t("built in")
    return esc(loaded.version) if loaded.where == "installed" else words.t("a file")


def _item(words: Words, loaded: Loaded) -> str:
    spent = _spent(words, loaded) if loaded.calls else None
    head = dots(f"{_SIGNS.get(loaded.state, '')} {bold(clip(loaded.title, 60))}", _version(words, loaded), spent)
    why = f"   {esc(clip(loaded.reason, 150))}" if loaded.reason and loaded.state != "on" else ""
    return lines(head, why)


def _spent(words: Words, loaded: Loaded) -> str:
    errors = words.n("{n} error", "{n} errors", loaded.errors) if loaded.errors else ""
    used = words.n("{n} call", "{n} calls", loaded.calls)
    spent = words.t("{n} s", n=f"{loaded.seconds:.1f}") if loaded.seconds >= 1 else f"{loaded.seconds * 1000:.0f} ms"
    return dots(f"{used}, {spent}", errors)


def plugin_screen(
    words: Words, loaded: Loaded, manifest: Manifest, adds: Iterable[str], *, settings: bool, head: str = ""
) -> Screen:
    """Show one plugin: what it adds, what it may, how it fares, and how to switch it."""
    adds = list(adds)
    text = lines(
        head,
        f"🔌 {bold(clip(loaded.title, 80))} · {esc(loaded.name)}",
        dots(_state(words, loaded), _version(words, loaded), _spent(words, loaded) if loaded.calls else None),
        esc(clip(loaded.about, 500)),
        f"⚠️ {esc(clip(loaded.reason, 500))}" if loaded.reason and loaded.state != "on" else "",
        words.t("Adds: {what}", what=esc(clip(dots(*adds), 1000))) if adds else "",
        words.t("By itself it may: {what}", what=esc(clip(", ".join(manifest.needs), 500))) if manifest.needs else "",
    )
    row = []
    if loaded.state == "on":
        row.append(Button(words.t("Switch off"), pack("ps", loaded.name, "off")))
    else:
        row.append(Button(words.t("Switch on"), pack("ps", loaded.name, "on")))
    if settings:
        row.append(Button("⚙️ " + words.t("Settings"), pack("fm", f"plugin.{loaded.name}")))
    return Screen(text, (row, [Button("← " + words.t("All plugins"), pack("pl", 0))]))


def additions(words: Words, registry: Registry, name: str) -> list[str]:
    """Return what a plugin that is on adds: how many of each sort, and which where they are few."""
    held: list[tuple[Mapping[Any, Owned[Any]], Callable[[int], str]]] = [
        (registry.commands, lambda n: words.n("{n} command", "{n} commands", n)),
        (registry.reports, lambda n: words.n("{n} report", "{n} reports", n)),
        (registry.channels, lambda n: words.n("{n} channel", "{n} channels", n)),
        (registry.triggers, lambda n: words.n("{n} trigger", "{n} triggers", n)),
        (registry.conditions, lambda n: words.n("{n} condition", "{n} conditions", n)),
        (registry.actions, lambda n: words.n("{n} action", "{n} actions", n)),
        (registry.jobs, lambda n: words.n("{n} job", "{n} jobs", n)),
        (registry.cli, lambda n: words.n("{n} command in the terminal", "{n} commands in the terminal", n)),
        (registry.permissions, lambda n: words.n("{n} permission", "{n} permissions", n)),
    ]
    found = []
    for known, counted in held:
        mine = [_called(words, key, owned.value) for key, owned in known.items() if owned.plugin == name]
        if mine:
            found.append(counted(len(mine)) + (f" ({', '.join(mine)})" if len(mine) <= _NAMED else ""))
    routes = len(registry.routes.get(name, ()))
    if routes:
        found.append(words.n("{n} web address", "{n} web addresses", routes))
    return found


def _called(words: Words, key: str, value: Any) -> str:
    if isinstance(value, Command):
        return f"/{key}"
    title = getattr(value, "title", "")
    return words.t(title) if title else key
