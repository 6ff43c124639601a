"""Visits as people make them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from botcrm_visits.tables import Place, Visit, VisitPosition

from botcrm import models
from botcrm.testing import Crm, Member
from botcrm.testing.contracts import CommandContract

HERE = (52.2297, 21.0122)
NEAR = (52.2320, 21.0122)  # 256 m
FAR = (52.2370, 21.0122)  # 812 m


class TestCommands(CommandContract):
    """Help, examples, and an answer to whatever is typed."""


@pytest.fixture
async def acme(make_company: Callable[..., Awaitable[models.Company]]) -> models.Company:
    """Give the company that is visited."""
    return await make_company("Acme")


async def stay(crm: Crm, rep: Member, minutes: int, place: tuple[float, float] = HERE) -> None:
    """Let time pass with a position every five minutes."""
    for _ in range(minutes // 5):
        await crm.advance(minutes=5)
        await rep.edit_location(*place)


async def only_visit() -> Visit:
    return await Visit.get()


async def test_a_meeting_on_site_from_beginning_to_end(crm: Crm, rep: Member, acme: models.Company) -> None:
    asked = await rep.send("/meet in Acme roof measuring")
    assert "Meeting with Acme since 10:00." in asked
    assert "Share my live location" in asked
    located = await rep.send_location(*HERE, live_seconds=3600, accuracy=20)
    assert "With Acme since 10:00." in located
    assert "500 m away" in located
    before = rep.last
    await stay(crm, rep, 40, NEAR)
    assert rep.last == before, "positions are taken in silently"
    ended = await rep.send("/meet out")
    assert "Meeting with Acme · 40 min · 📍 on site" in ended
    assert "roof measuring" in ended
    activity = await models.Activity.get()
    assert (activity.kind, activity.status, activity.duration_minutes) == ("meeting", "done", 40)
    assert (activity.owner_id, activity.company_id, activity.title) == (rep.user_id, acme.id, "roof measuring")
    assert "Follow up when?" in await rep.tap("Well")
    await activity.refresh_from_db()
    assert activity.result == "ok"
    assert "▶ Next: Wed 25 Nov 9:00 — Follow up" in await rep.tap("tomorrow")
    assert await models.Activity.filter(company_id=acme.id, status="planned", owner_id=rep.user_id).exists()
    visit = await only_visit()
    assert (visit.verdict, visit.how, visit.farthest) == ("in", "out", 256)
    assert await VisitPosition.all().count() == 9


async def test_leaving_ends_it(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=3600)
    await stay(crm, rep, 20)
    await crm.advance(minutes=5)
    left = await rep.edit_location(*FAR)
    assert left.startswith("You left.\n✅ Meeting with Acme · 25 min · 📍 left, 812 m away")
    assert (await only_visit()).verdict == "out"
    await rep.edit_location(*FAR)
    assert await models.Activity.all().count() == 1


async def test_the_end_of_sharing_ends_it(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=3600)
    await stay(crm, rep, 10)
    assert "The live location was stopped.\n✅ Meeting with Acme · 10 min · 📍 on site" in await rep.stop_location()


async def test_sharing_that_expires_ends_it(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=900)
    assert "Shared until 10:15." in rep.last
    await stay(crm, rep, 10)
    await crm.advance(minutes=6)
    assert "The live location has ended.\n✅ Meeting with Acme · 15 min · 📍 on site" in rep.last
    await rep.tap("Nobody there")
    assert (await models.Activity.get(status="done")).result == "no"


async def test_no_news_ends_it_at_the_last_news(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=8 * 3600)
    await stay(crm, rep, 30)
    await crm.advance(minutes=16)
    assert "no news of the place" in rep.last
    assert "30 min · 📍 on site" in rep.last


async def test_sharing_again_goes_on(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    first = await rep.send_location(*HERE, live_seconds=900)
    assert first
    await stay(crm, rep, 10)
    old = rep.mine
    await rep.send_location(*HERE, live_seconds=3600)
    await rep.stop_location(old)
    await stay(crm, rep, 20)
    assert "30 min · 📍 on site" in await rep.send("/meet out")


async def test_positions_of_one_minute_are_kept_once(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=3600)
    for step in range(12):
        await crm.advance(seconds=10)
        await rep.edit_location(HERE[0] + step * 1e-6, HERE[1])
    assert (await only_visit()).inside == 13
    assert await VisitPosition.all().count() <= 4


# --- what does not count -----------------------------------------------------------------------------------------------


async def unverified(rep: Member) -> str:
    await rep.send("/meet out ok")
    visit = await only_visit()
    assert (visit.verdict, visit.inside) == ("unverifiable", 0)
    return rep.last


async def test_without_a_live_location_nothing_is_verified(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await crm.advance(minutes=16)
    assert rep.last.startswith("📍 Meeting with Acme since 10:00."), "reminded once"
    count = len(rep.person.messages())
    await crm.advance(hours=2)
    assert len(rep.person.messages()) == count
    assert "2 h 16 min · 📍 not verified: no live location" in await unverified(rep)


async def test_a_pin_does_not_count(rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    assert "A pin does not count" in await rep.send_location(*HERE)
    assert "only a pin was sent" in await unverified(rep)
    assert not await models.Note.exists()


async def test_a_forwarded_place_does_not_count(
    rep: Member, join: Callable[..., Awaitable[Member]], acme: models.Company
) -> None:
    friend = await join("rep", "Friend")
    await friend.send_location(*HERE, live_seconds=3600)
    await rep.send("/meet in Acme")
    assert "A forwarded place does not count" in await rep.forward(friend.mine)
    assert "the place was forwarded" in await unverified(rep)
    assert not await VisitPosition.exists()


async def test_a_stale_place_does_not_count(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    rep.person.send_location(*HERE, 3600)
    await crm.restart(minutes=30)
    assert "sent too long ago" in rep.seen
    assert "the place came too late" in await unverified(rep)


async def test_a_place_that_is_too_vague_does_not_count(rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    assert "too vague" in await rep.send_location(*HERE, live_seconds=3600, accuracy=800)
    assert "the place was too vague" in await unverified(rep)


async def test_uncertainty_never_says_that_somebody_left(rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=3600, accuracy=400)
    await rep.edit_location(*FAR)  # 812 m, give or take 400: perhaps still there
    assert (await only_visit()).state == "open"


async def test_a_pin_after_a_live_place_takes_nothing_away(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=3600)
    live = rep.mine
    await rep.send_location(*FAR)
    await crm.advance(minutes=10)
    await rep.edit_location(*HERE, message=live)
    assert "📍 on site" in await rep.send("/meet out")


async def test_a_place_without_a_visit_is_the_product_s(rep: Member) -> None:
    assert "Place kept." in await rep.send_location(*HERE)
    await rep.send_location(*HERE, live_seconds=900)
    await rep.edit_location(*NEAR)
    assert await models.Note.all().count() == 2


# --- the client's place ------------------------------------------------------------------------------------------------


async def visited(crm: Crm, rep: Member, place: tuple[float, float], line: str = "/meet in Acme") -> str:
    await rep.send(line)
    await rep.send_location(*place, live_seconds=3600)
    located = rep.last
    await stay(crm, rep, 10, place)
    await rep.send("/meet out ok")
    return located


async def test_the_first_verified_visit_shows_where_the_company_is(crm: Crm, rep: Member, acme: models.Company) -> None:
    await visited(crm, rep, HERE)
    assert (await Place.get()).company_id == acme.id
    assert "⚠ You are 812 m from where Acme is known to be." in await visited(crm, rep, FAR)
    last = await Visit.all().order_by("-id").first()
    assert last is not None
    assert (last.verdict, last.elsewhere) == ("out", 812)
    assert "812 m from the known place" in rep.last


async def test_a_company_that_moved(crm: Crm, rep: Member, acme: models.Company) -> None:
    await visited(crm, rep, HERE)
    await rep.send("/meet in Acme")
    await rep.send_location(*FAR, live_seconds=3600)
    assert "Acme is here from now on." in await rep.tap("They are here now")
    await rep.send("/meet out ok")
    assert "on site" in rep.last
    assert (await Place.get()).latitude == FAR[0]


async def test_no_place_is_learnt_of_a_visit_that_is_not_verified(rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE)
    await rep.send("/meet out ok")
    assert not await Place.exists()


# --- cards, timelines, reports -----------------------------------------------------------------------------------------


async def test_cards_and_timelines_show_it(
    crm: Crm, rep: Member, acme: models.Company, make_deal: Callable[..., Awaitable[models.Deal]]
) -> None:
    deal = await make_deal("Roof repair", company_id=acme.id)
    await visited(crm, rep, HERE)
    line = "📍 Last visit: Tue 24 Nov, 10 min, on site"
    assert line in await rep.send("/company Acme")
    assert line in await rep.send(f"/deal d{deal.id}")
    assert "📍 Visit · 10 min · on site" in await rep.tap("Timeline")


async def test_only_whoever_may_see_activities_sees_it(
    crm: Crm, rep: Member, manager: Member, admin: Member, join: Callable[..., Awaitable[Member]], acme: models.Company
) -> None:
    await visited(crm, rep, HERE)
    assert "Last visit" in await manager.send("/company Acme")
    other = await join("rep", "Other")
    await models.Company.filter(id=acme.id).update(owner_id=other.user_id)
    await models.Activity.filter(company_id=acme.id).update(company_id=None)
    assert "Last visit" not in await other.send(f"/find o{acme.id}")


async def test_a_deleted_meeting_was_no_visit(crm: Crm, rep: Member, acme: models.Company) -> None:
    await visited(crm, rep, HERE)
    await rep.send("/undo")
    assert "Last visit" not in await rep.send("/company Acme")


async def test_calling_it_off_leaves_nothing(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=3600)
    assert "is called off" in await rep.tap("Call it off")
    assert not await VisitPosition.exists()
    assert not await models.Activity.exists()
    await rep.send("/meet in Acme")
    await rep.send("/meet out")
    await rep.tap("It was no meeting")
    assert not await models.Activity.filter(deleted_at=None).exists()


# --- odds and ends -----------------------------------------------------------------------------------------------------


async def test_the_next_client_ends_the_former_visit(
    crm: Crm, rep: Member, acme: models.Company, make_contact: Any
) -> None:
    await make_contact("Jan Kowal")
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=3600)
    await stay(crm, rep, 20)
    await crm.advance(minutes=10)
    assert "Meeting with Jan Kowal since 10:30." in await rep.send("/meet in Jan Kowal")
    assert "Meeting with Acme · 20 min" in rep.seen


async def test_out_with_an_outcome_in_one_line(rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send("/meet out ok signed the offer")
    activity = await models.Activity.get()
    assert (activity.result, activity.title) == ("ok", "signed the offer")


async def test_out_without_in(rep: Member) -> None:
    assert "You are not checked in." in await rep.send("/meet out")
    assert "With whom?" in await rep.send("/meet in")


async def test_somebody_nobody_knows_is_visited_all_the_same(rep: Member) -> None:
    assert "Meeting with Newco since" in await rep.send("/meet in Newco")
    await rep.send("/meet out ok")
    assert (await models.Activity.get()).title == "Newco"


async def test_other_text_for_the_next_step(rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send("/meet out ok")
    await rep.tap("Other text")
    await rep.send("send the offer")
    assert (await models.Activity.get(status="planned")).title == "send the offer"


async def test_a_button_whose_time_has_gone_by_asks_again(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send("/meet out ok")
    await crm.advance(days=2)
    said = await rep.tap("tomorrow")
    assert "That time has gone by. When?" in said
    assert not await models.Activity.filter(status="planned").exists()
    assert "▶ Next: Fri 27 Nov 9:00 — Follow up" in await rep.tap("tomorrow")


async def test_a_visit_outlives_a_restart(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=1200)
    await crm.restart(minutes=2)
    await rep.edit_location(*NEAR)
    await crm.advance(minutes=19)
    assert "📍 on site" in rep.last


async def test_nobody_checks_out(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await crm.advance(hours=13)
    assert "Nobody checked out." in rep.seen
    assert (await models.Activity.get()).duration_minutes is None


async def test_whoever_has_left_has_no_visit_open(crm: Crm, rep: Member, acme: models.Company) -> None:
    await rep.send("/meet in Acme")
    await models.User.filter(id=rep.user_id).update(active=False)
    await crm.advance(hours=1)
    assert (await only_visit()).state == "called off"
    assert crm.failures() == 0, crm.last_failure()


async def test_old_positions_are_forgotten_and_never_logged(
    crm: Crm, rep: Member, acme: models.Company, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await visited(crm, rep, HERE)
    assert "52.22" not in caplog.text
    await crm.advance(days=29)
    assert await VisitPosition.exists()
    await crm.advance(days=3)
    assert not await VisitPosition.exists()
    visit = await only_visit()
    assert (visit.latitude, visit.verdict) == (None, "in")


async def test_a_press_on_somebody_else_s_visit_does_nothing(
    rep: Member, join: Callable[..., Awaitable[Member]], acme: models.Company
) -> None:
    other = await join("rep", "Other")
    await rep.send("/meet in Acme")
    await other.send("/today")
    visit = await only_visit()
    assert "over" in await other.forge(f"x:visits:out:{visit.id}", other.card)
    assert (await only_visit()).state == "open"


async def test_the_radius_is_a_setting(crm: Crm, rep: Member, acme: models.Company) -> None:
    await crm.set_up("visits", radius=100)
    await rep.send("/meet in Acme")
    await rep.send_location(*HERE, live_seconds=3600)
    assert "100 m away" in rep.last
    assert "You left." in await rep.edit_location(*NEAR)
