"""Find plugins, import them, and read what they implement; what is wrong with one is said in a sentence with the remedy."""

import functools
import importlib.util
import inspect
import logging
import re
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from botcrm import hookspecs
from botcrm.contract.plugin import API_VERSION, NAME, TAKEN, Manifest
from botcrm.core.domain.kinds import Action, Entity
from botcrm.hooks.entry import BUILT_IN, Entry, Found, Implementation, Refused

log = logging.getLogger(__name__)

_marks = pluggy.PluginManager("botcrm")
_marks.add_hookspecs(hookspecs)
SPECS = {
    name: spec for name, spec in vars(hookspecs).items() if inspect.isfunction(spec) and hasattr(spec, "botcrm_spec")
}
# Permissions of the core that a manifest may need; a plugin's own ones come on top.
_ENTITIES = (*(entity.value for entity in Entity), "report", "rule")
_NEED = re.compile(rf"({'|'.join(_ENTITIES)})\.({'|'.join(action.value for action in Action)})")


def built_in(modules: Iterable[ModuleType]) -> list[Found]:
    """Return the plugins that ship with the product."""
    return [Found(_last(module), BUILT_IN, "", functools.partial(_itself, module)) for module in modules]


def _last(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _itself(module: ModuleType) -> ModuleType:
    return module


def installed(folder: Path | None) -> list[Found]:
    """Return the plugins of installed packages, then the single files of a folder."""
    found = [
        Found(point.name, "installed", point.dist.version if point.dist else "?", point.load)
        for point in sorted(entry_points(group="botcrm"), key=lambda point: point.name)
    ]
    files = sorted(folder.glob("*.py")) if folder else []
    found += [
        Found(path.stem, "file", "", functools.partial(_import_file, path))
        for path in files
        if not path.stem.startswith("_")
    ]
    return found


def _import_file(path: Path) -> ModuleType:
    name = f"botcrm_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Tortoise imports models by their module's name, and pydantic looks types up in it.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def read(found: Found) -> Entry:
    """Import a plugin, and read its manifest and hooks.

    :raises Refused: something is wrong with it
    """
    try:
        if not NAME.fullmatch(found.name):
            raise Refused(
                "its name must be a-z, 0-9 and _, start with a letter, and have at most 20 characters: rename it"
            )
        if found.name in TAKEN:
            raise Refused(f"{found.name!r} is a word of the product's own permissions and jobs: rename it")
        holder = found.load()
    except Refused:
        raise
    except BaseException as exc:
        raise Refused(f"it cannot be imported: {told(exc)}; mend its code or its dependencies, then restart") from exc
    if inspect.isclass(holder):
        raise Refused("its entry point names a class: name a module or an object made of the class")
    manifest = getattr(holder, "manifest", None)
    if manifest is None:
        manifest = Manifest(title=found.name)
    elif not isinstance(manifest, Manifest):
        raise Refused("its `manifest` is no botcrm.Manifest: write manifest = Manifest(title=…)")
    _check_manifest(found.name, manifest)
    if not found.version:
        found.version = "" if found.where == BUILT_IN else str(getattr(holder, "__version__", ""))
    return Entry(found, manifest, holder, _implementations(found.name, holder))


def is_permission(plugin: str, name: str) -> bool:
    """Tell whether a name is a permission of the core, or one of the plugin's own."""
    return bool(_NEED.fullmatch(name)) or name.startswith(f"{plugin}.")


def told(exc: BaseException) -> str:
    """Return an error in one short line."""
    text = str(exc).strip()
    return f"{type(exc).__name__}: {text.splitlines()[0][:200]}" if text else type(exc).__name__


def _check_manifest(name: str, manifest: Manifest) -> None:
    texts: dict[str, Any] = {"title": manifest.title, "about": manifest.about, "api": manifest.api}
    wrong = [field for field, text in texts.items() if not isinstance(text, str)]
    if wrong or not manifest.title.strip():
        raise Refused(
            f"its manifest's {wrong[0] if wrong else 'title'} is no text: write manifest = Manifest('Title', …)"
        )
    needs: Any = manifest.needs
    if not isinstance(needs, tuple | list) or not all(isinstance(need, str) for need in needs):
        raise Refused("its manifest's needs are no tuple of permissions: write needs=('deal.read',)")
    try:
        fits = SpecifierSet(manifest.api).contains(API_VERSION)
    except InvalidSpecifier:
        raise Refused(
            f"its manifest's api {manifest.api!r} is no range of versions: write e.g. api='>=1.0,<2'"
        ) from None
    if not fits:
        raise Refused(
            f"it is written for the plugin contract {manifest.api}, and this is {API_VERSION}: "
            "install a version of it that fits, or another botcrm"
        )
    for need in manifest.needs:
        if not is_permission(name, need):
            raise Refused(
                f"its manifest needs {need!r}, which is no permission: they are called entity.action, e.g. 'deal.read'"
            )


def _implementations(plugin: str, holder: Any) -> dict[str, Implementation]:
    found = {}
    for attribute in dir(holder):
        options = _options(holder, attribute)
        if options is None:
            continue
        function = getattr(holder, attribute)
        hook = options.get("specname") or attribute
        spec = SPECS.get(hook)
        if spec is None:
            near = _marks_near(hook)
            raise Refused(f"it implements {hook!r}, and there is no such hook{near}: rename it, or take @hookimpl off")
        _warn_of_going(plugin, hook, spec)
        if options.get("hookwrapper") or options.get("wrapper"):
            raise Refused(f"its {hook} is a wrapper: hooks here are plain implementations, take wrapper=True off")
        found[hook] = Implementation(
            plugin,
            hook,
            function,
            _argument_names(hook, spec, function),
            bool(options.get("tryfirst")),
            bool(options.get("trylast")),
        )
    return found


def _warn_of_going(plugin: str, hook: str, spec: Any) -> None:
    """Say in the log that a hook will go: its spec is marked @hookspec(warn_on_impl=DeprecationWarning("what to use"))."""
    going = spec.botcrm_spec.get("warn_on_impl")
    if going is not None:
        log.warning("plugin %s implements %s, which will go: %s", plugin, hook, going)


def _options(holder: Any, attribute: str) -> dict[str, Any] | None:
    if attribute.startswith("__"):
        return None
    try:
        options = _marks.parse_hookimpl_opts(holder, attribute)
    except Exception:  # noqa: BLE001 - an attribute that cannot even be read is no hook
        return None
    return dict(options) if options else None


def _marks_near(hook: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(hook, SPECS, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _argument_names(hook: str, spec: Any, function: Any) -> tuple[str, ...]:
    """Return which of the hook's arguments an implementation wants."""
    allowed = tuple(inspect.signature(spec).parameters)
    wanted = inspect.signature(function).parameters
    for name, parameter in wanted.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise Refused(f"its {hook} takes {parameter}: name the arguments it wants, out of {', '.join(allowed)}")
        if name not in allowed and parameter.default is parameter.empty:
            may = f"there are {', '.join(allowed)}" if allowed else "the hook has none"
            raise Refused(f"its {hook} wants an argument {name!r}, which the hook does not have: {may}")
    is_async, must = inspect.iscoroutinefunction(function), inspect.iscoroutinefunction(spec)
    if must and not is_async:
        raise Refused(f"its {hook} is a plain function: write async def {hook}(…)")
    if is_async and not must:
        raise Refused(f"its {hook} is async: write def {hook}(…), without async")
    return tuple(name for name in wanted if name in allowed)
