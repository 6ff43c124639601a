"""What a run of tests does once, not anew for each of thousands of tests."""

import functools
import gc
from importlib.metadata import entry_points
from types import SimpleNamespace
from typing import Any

from tortoise.apps import Apps
from tortoise.models import Model

from botcrm.hooks import loading

# What of a model depends on the kind of database.
_OF_THE_KIND = (
    "filters",
    "db_native_fields",
    "db_default_fields",
    "db_complex_fields",
    "basetable",
    "basequery",
    "basequery_all_fields",
)

_Fields = dict[str, Any]
_finalised: dict[type[Model], _Fields] = {}
_known: dict[tuple[type[Model], type], tuple[_Fields, dict[str, Any]]] = {}
_usual: Any = Apps._build_initial_querysets


def set_aside_what_stays() -> None:
    """Have the collector never again look through what is there by now: libraries for the most part."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def work_out_models_once() -> None:
    """Have every `Tortoise.init` of this process use what an earlier one worked out: most of the time it takes."""
    Apps._build_initial_querysets = _build  # type: ignore[method-assign,assignment]


def find_plugins_once() -> None:
    """Have every bot of this process know which packages are installed from an earlier one."""
    loading.entry_points = functools.cache(entry_points)  # type: ignore[assignment,attr-defined]


def _build(apps: Apps) -> None:
    for app in apps.values():
        for model in app.values():
            _restore(model)


def _restore(model: type[Model]) -> None:
    meta = model._meta
    key = (model, meta.db.executor_class)
    # A plugin's table that points at ours gives our model a field.
    fields, values = _known.get(key, ({}, {}))
    if not (_same(fields, meta.fields_map) and _same(_finalised.get(model, {}), meta.fields_map)):
        # What was worked out for another kind of database is left alone.
        meta.filters = dict(meta.filters)
        meta.db_native_fields, meta.db_default_fields, meta.db_complex_fields = [], [], []
        _usual(SimpleNamespace(apps={"": {"": model}}))
        values = {name: getattr(meta, name) for name in _OF_THE_KIND}
        _finalised[model] = fields = dict(meta.fields_map)
        _known[key] = fields, values
    for name, value in values.items():
        setattr(meta, name, value)


def _same(known: _Fields, fields: _Fields) -> bool:
    return known.keys() == fields.keys() and all(known[name] is fields[name] for name in fields)
