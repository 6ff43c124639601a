"""Running migrations after hundreds of others: what the tables were is worked out once, not anew after each of their operations."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps


@dataclass
class _Replayed(State):
    """The tables as the migrations that were applied describe them; models of them are made when all are through."""

    complete: bool = False

    def reload_model(self, app_label: str, model_name: str) -> None:
        if self.complete:
            super().reload_model(app_label, model_name)

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        if self.complete:
            super().reload_models(model_tuples)

    def clone(self) -> State:
        models = {key: model.clone() for key, model in self.models.items()}
        return State(models=models, apps=self.apps.clone(model_states=models))


class Executor(MigrationExecutor):
    """The library's executor, in a hundredth of the time where much was applied before."""

    async def _project_state(self, applied: set[MigrationKey], *, upto: MigrationKey | None = None) -> State:
        connections: dict[str, Any] = {
            label: config.get("default_connection", "default") for label, config in self.loader.apps_config.items()
        }
        state = _Replayed(models={}, apps=StateApps(default_connections=connections))
        for key in self._full_plan():
            if key not in applied:
                continue
            if key == upto:
                break
            migration = self.loader.graph.nodes[key]
            if migration is None:
                raise ValueError(f"Missing migration for {key}")
            await migration.apply(state, dry_run=True, schema_editor=None)
        state.complete = True
        if state.models:
            state._reload(set(state.models))
        return state
