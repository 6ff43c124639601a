"""Importing aiogram without building what nobody uses.

aiogram has pydantic build a validator for each of its 400 types as it is imported: 100 MB, of which a bot uses a few types. Here
only the annotations are resolved at once; a type is built when it is first used, which is what pydantic does with any type that
waits for others. Whatever does not fit, in another version of either, is built as usual.
"""

import functools
import importlib
import sys
import threading
from types import ModuleType
from typing import Any

from pydantic import BaseModel

_lock = threading.Lock()


def import_aiogram() -> ModuleType:
    """Import aiogram, its types built as they are used; returns it."""
    with _lock:
        if "aiogram" in sys.modules:
            return sys.modules["aiogram"]
        usual = BaseModel.__dict__["model_rebuild"]

        def model_rebuild(cls: type[BaseModel], /, **options: Any) -> bool | None:
            namespace = options.get("_types_namespace")
            if namespace is not None and cls.__module__.startswith("aiogram.") and _resolved(cls, namespace):
                return None
            options["_parent_namespace_depth"] = options.get("_parent_namespace_depth", 2) + 1
            built: bool | None = usual.__get__(None, cls)(**options)
            return built

        BaseModel.model_rebuild = classmethod(model_rebuild)  # type: ignore[method-assign,assignment]
        try:
            return importlib.import_module("aiogram")
        finally:
            BaseModel.model_rebuild = usual  # type: ignore[method-assign]


def _resolved(cls: type[BaseModel], namespace: dict[str, Any]) -> bool:
    """Resolve the annotations of a type that is not built; returns whether they are."""
    if cls.__pydantic_complete__:
        return True
    try:
        if not cls.__pydantic_fields_complete__:
            cls.__pydantic_fields__, cls.__pydantic_extra_info__ = _rebuilder()(cls, namespace)
    except Exception:  # noqa: BLE001 - pydantic's inner parts are not promised; then it builds the type itself
        return False
    return bool(cls.__pydantic_fields_complete__)


@functools.cache
def _rebuilder() -> Any:
    """Return pydantic's own way to resolve a type's annotations."""
    from pydantic._internal import _config, _fields, _generics, _namespace_utils

    def rebuilt(cls: type[BaseModel], namespace: dict[str, Any]) -> Any:
        return _fields.rebuild_model_fields(
            cls,
            config_wrapper=_config.ConfigWrapper(cls.model_config, check=False),
            ns_resolver=_namespace_utils.NsResolver(parent_namespace=namespace),
            typevars_map=_generics.get_model_typevars_map(cls),
        )

    return rebuilt
