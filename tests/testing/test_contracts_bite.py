"""The contracts find what is wrong: each is tried on a plugin that does it a little wrong."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from botcrm import Incoming
from botcrm.testing import Crm, Member
from botcrm.testing.contracts import (
    ActionContract,
    ChannelContract,
    CommandContract,
    ConditionContract,
    ReportContract,
    TriggerContract,
)
from tests.testing import sloppy


@pytest.fixture
def plugins() -> object:
    """Load the sloppy plugin."""
    return [{"sloppy": sloppy}, ChannelContract.blocker()]


class _Channel(ChannelContract):
    channel = "sloppy"

    async def deliver(self, crm: Crm, incoming: Incoming) -> None:
        await crm.channel("sloppy").take_in(incoming)


class _Commands(CommandContract):
    pass


class _Raised(TriggerContract):
    part = sloppy.Raised


class _Finds(TriggerContract):
    part = sloppy.Finds


class _Looks(ConditionContract):
    part = sloppy.Looks


class _Counts(ActionContract):
    part = sloppy.Counts


class _Report(ReportContract):
    report = "sloppy"


async def found(promise: Callable[..., Awaitable[None]], *given: Any) -> str:
    """Return what a contract finds."""
    with pytest.raises(AssertionError) as caught:
        await promise(*given)
    return str(caught.value)


async def test_a_channel_without_ids_is_found(crm: Crm, admin: Member) -> None:
    assert "external_id" in await found(_Channel().test_the_same_message_again_has_no_effect, crm, admin)


async def test_a_channel_that_changes_texts_is_found(crm: Crm, admin: Member) -> None:
    assert await found(_Channel().test_whatever_is_written_is_kept, crm, admin, "html")


async def test_a_command_that_fails_is_found(crm: Crm, rep: Member) -> None:
    for kind in ("html", "emoji"):
        assert "made the plugin fail" in await found(_Commands().test_whatever_is_typed_is_answered, crm, rep, kind)


async def test_help_that_is_not_true_is_found(crm: Crm) -> None:
    assert "does not start with shout" in await found(_Commands().test_the_help_is_complete, crm)


async def test_triggers_that_answer_wrongly_are_found(crm: Crm, rep: Member) -> None:
    assert "True or False" in await found(_Raised().test_it_tells_which_events_count, crm, rep)
    assert "small letters" in await found(_Raised().test_the_form_explains_itself)
    assert "at most `limit`" in await found(_Finds().test_it_finds_page_by_page, crm, rep)


async def test_a_condition_that_writes_is_found(crm: Crm, rep: Member) -> None:
    assert "a condition only looks" in await found(_Looks().test_it_says_yes_or_no, crm, rep)


async def test_an_action_without_words_is_found(crm: Crm, rep: Member) -> None:
    assert "wants a line" in await found(_Counts().test_it_does_it_and_says_so, crm, rep)
    assert "one line" in await found(_Counts().test_it_is_worded_in_a_line, crm, rep)
    assert "one short line" in await found(_Counts().test_the_form_explains_itself)


async def test_what_an_action_writes_past_the_services_is_found(crm: Crm, rep: Member) -> None:
    assert "through the services" in await found(_Counts().test_it_can_be_undone, crm, rep)


async def test_a_report_of_everybodys_records_is_found(
    crm: Crm, rep: Member, manager: Member, admin: Member, join: Callable[..., Any]
) -> None:
    assert "may not see" in await found(_Report().test_a_rep_sees_only_their_own, crm, rep, manager, admin, join)


async def test_a_report_with_changing_columns_is_found(crm: Crm, rep: Member) -> None:
    assert await found(_Report().test_a_column_holds_what_it_says, crm, rep)


async def test_a_report_with_words_for_numbers_is_found(crm: Crm, rep: Member) -> None:
    assert "of kind number" in await found(_Report().test_a_thousand_are_counted_in_time, crm, rep)


async def test_a_report_that_says_nothing_of_itself_is_found(crm: Crm) -> None:
    assert "about" in await found(_Report().test_it_introduces_itself, crm)
