"""The core's use cases that plugins call, each with a `work` as its first argument.

They ask for the permissions of the work's actor, record events, and are undone like what people do by hand.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from botcrm.contract.plugin import Plugin
from botcrm.contract.work import PluginWork, Run, plain
from botcrm.core.domain.errors import NotFound
from botcrm.core.services.access import demand, demand_permission, load, load_any, may, owned_sql, owners, ref
from botcrm.core.services.activities import (
    add_file,
    add_note,
    cancel_activity,
    change_activity,
    change_note,
    complete_activity,
    due_within,
    later_by,
    log_activity,
    plan_activity,
    reschedule_activity,
    schedule,
    suggested_due,
)
from botcrm.core.services.clients.inbound import answer_client, receive_message, tell_person
from botcrm.core.services.clients.web_forms import add_web_form, revoke_web_form, web_form_by_secret, web_forms
from botcrm.core.services.custom.api import custom_holds, custom_name, custom_values, set_custom, write_custom
from botcrm.core.services.deals import add_deal, change_deal, close_deal, find_stage, move_deal, reopen_deal, stages
from botcrm.core.services.files_out import send_file
from botcrm.core.services.leads import convert_lead, lose_lead
from botcrm.core.services.queries.queries import found_sql, is_found
from botcrm.core.services.quiet import days_ago, quiet_deals, working_due
from botcrm.core.services.reading import bounds, days_sql, fetch, json_sql, standing_sql
from botcrm.core.services.records import (
    add_company,
    add_contact,
    add_lead,
    add_tags,
    change_record,
    clean_email,
    clean_phone,
    contact_by_phone,
    delete_record,
    hand_over,
    remove_tag,
    tags_of,
)
from botcrm.core.services.rule_runs import note_run, rule_key
from botcrm.core.services.search.subjects import match_subject, search
from botcrm.core.services.staff.people import actor_by_id, find_person, person_by_id, system
from botcrm.core.services.suggestions import suggestions_wanted
from botcrm.core.services.undo.undo import undo
from botcrm.core.services.work import Work


async def in_hands_of(work: Work, user_id: int) -> Work:
    """Return a plugin's work in the hands of a colleague, to finish in a job what they began: what it makes is theirs.

    It is held to that person's rights, and of those to the permissions that the plugin's manifest needs.

    :raises NotFound: there is no such person any more
    """
    person = await actor_by_id(work.company, user_id)
    if person is None:
        raise NotFound(ref=f"u{user_id}")
    if not work.actor.is_system:
        person = replace(
            person, grants={name: person.grants[name] for name in work.actor.grants if name in person.grants}
        )
    return work.acting_as(person)


async def at_work(work: Work, user_id: int) -> bool:
    """Tell whether it is somebody's working time now: the company's hours and days off, by that person's clock."""
    person = await person_by_id(work.company, user_id)
    return person is not None and schedule(work.acting_as(system(person.prefs))).is_working(work.now)


def plugin_of(work: Work) -> Plugin:
    """Return the plugin in whose hands a work is: a part of a rule finds its settings by it.

    :raises TypeError: it is in no plugin's hands
    """
    if not isinstance(work, PluginWork):
        raise TypeError("this work is in no plugin's hands")
    return work.plugin


def rule_run(work: Work) -> Run | None:
    """Return the run of a rule that a part of it is asked in; None anywhere else."""
    return work.run if isinstance(work, PluginWork) else None


__all__ = [
    "add_company",
    "add_contact",
    "add_deal",
    "add_file",
    "add_lead",
    "add_note",
    "add_tags",
    "add_web_form",
    "answer_client",
    "at_work",
    "bounds",
    "cancel_activity",
    "change_activity",
    "change_deal",
    "change_note",
    "change_record",
    "clean_email",
    "clean_phone",
    "close_deal",
    "complete_activity",
    "contact_by_phone",
    "convert_lead",
    "custom_holds",
    "custom_name",
    "custom_values",
    "days_ago",
    "days_sql",
    "delete_record",
    "demand",
    "demand_permission",
    "due_within",
    "fetch",
    "find_person",
    "find_stage",
    "found_sql",
    "hand_over",
    "in_hands_of",
    "is_found",
    "json_sql",
    "later_by",
    "load",
    "load_any",
    "log_activity",
    "lose_lead",
    "match_subject",
    "may",
    "move_deal",
    "note_run",
    "owned_sql",
    "owners",
    "person_by_id",
    "plan_activity",
    "plugin_of",
    "quiet_deals",
    "receive_message",
    "ref",
    "remove_tag",
    "reopen_deal",
    "reschedule_activity",
    "revoke_web_form",
    "rule_key",
    "rule_run",
    "search",
    "send_file",
    "set_custom",
    "stages",
    "standing_sql",
    "suggested_due",
    "suggestions_wanted",
    "tags_of",
    "tell_person",
    "undo",
    "web_form_by_secret",
    "web_forms",
    "working_due",
    "write_custom",
]


def _of_the_core(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a service of the core as plugins call it: it works with the core's own handle, and so plans the core's jobs."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(work: Work, *args: Any, **named: Any) -> Any:
            return await function(plain(work), *args, **named)

        return awaited

    @functools.wraps(function)
    def called(work: Work, *args: Any, **named: Any) -> Any:
        return function(plain(work), *args, **named)

    return called


def _is_of_the_core(function: Any) -> bool:
    if not inspect.isfunction(function) or function.__module__ == __name__:
        return False
    return next(iter(inspect.signature(function).parameters), "") == "work"


globals().update({name: _of_the_core(globals()[name]) for name in __all__ if _is_of_the_core(globals()[name])})
