"""The built-in parts of rules keep the contract that every plugin's have to."""

from typing import Any, ClassVar

import pytest
import pytest_asyncio

from botcrm.plugins.rules import actions, calling, conditions, triggers
from botcrm.testing import Crm
from botcrm.testing.contracts import ActionContract, ConditionContract, TriggerContract


def parts(module: Any, base: str) -> list[Any]:
    """Return the parts that a module defines."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and base in [one.__name__ for one in value.__mro__]
        and value is not actions.SetField
    ]


class _Each:
    """A contract for each part of a module."""

    @pytest.fixture(autouse=True)
    def _chosen(self, request: pytest.FixtureRequest) -> None:
        type(self).part = request.param  # type: ignore[attr-defined]


def each(module: Any, base: str) -> Any:
    return pytest.mark.parametrize("_chosen", parts(module, base), indirect=True, ids=lambda part: part.name)


@each(triggers, "Trigger")
class TestTriggers(_Each, TriggerContract):
    """When rules start."""


@each(conditions, "Condition")
class TestConditions(_Each, ConditionContract):
    """Whether they go on."""


class OfDeals(actions.SetField):
    """What sets a field that deals have, so that there is a field to set."""

    entities = ("deal",)


class TestSetField(ActionContract):
    """It sets a field of the company's own; which records have it depends on the field."""

    part = OfDeals
    values: ClassVar[dict[str, Any]] = {"value": "seen {owner}"}


@each(actions, "RuleAction")
class TestActions(_Each, ActionContract):
    """What they do."""

    values: ClassVar[dict[str, Any]] = {}


class TestCallUrl(ActionContract):
    """It calls a URL; here one of this machine where nobody answers."""

    part = calling.CallUrl
    values: ClassVar[dict[str, Any]] = {"url": "http://127.0.0.1:9/hook"}

    @pytest_asyncio.fixture(autouse=True)
    async def _may_call_this_machine(self, crm: Crm) -> None:
        await crm.set_up("rules", loopback_http=True)
