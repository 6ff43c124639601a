"""The jobs: a visit of which there is no news ends, and old positions are forgotten."""

from typing import Any

from botcrm import CrmError, Plugin, Screen, Words, Work, services
from botcrm_visits.options import VisitSettings
from botcrm_visits.screens import begun_screen, ended_screen
from botcrm_visits.tables import Visit
from botcrm_visits.visiting import call_off, end, next_look, tidy, watch


async def look(plugin: Plugin, payload: dict[str, Any]) -> None:
    """Look at a visit: remind of the place, end it, or look again later."""
    async with plugin.work() as work:
        visit = await Visit.filter(id=int(payload["visit_id"]), state="open").first()
        if visit is None:
            return
        try:
            theirs = await services.in_hands_of(work, visit.user_id)
        except CrmError:
            # Whoever it was has left.
            await call_off(work, visit)
            return
        screen = await _after(theirs, visit, plugin.settings)
        if screen is not None:
            await _tell(work, visit, screen)


async def _after(work: Work, visit: Visit, options: VisitSettings) -> Screen | None:
    words, due = Words(work.prefs, work.now), next_look(visit, options)
    if work.now < due:
        await watch(work, visit, due)
        if visit.inside or visit.reminded:
            return None
        visit.reminded = True
        await visit.save(update_fields=["reminded"])
        return begun_screen(words, visit)
    if not visit.inside:
        await end(work, visit, due, "forgotten")
    elif visit.live_until is not None and due == visit.live_until:
        await end(work, visit, due, "expired")
    else:
        assert visit.seen_at is not None
        await end(work, visit, max(visit.seen_at, visit.began_at), "silent")
    return ended_screen(words, visit)


async def _tell(work: Work, visit: Visit, screen: Screen) -> None:
    buttons = [
        {"label": button.label, "press": button.press, "args": list(button.args)}
        for row in screen.rows
        for button in row
    ]
    await services.tell_person(work, visit.user_id, "plain", plugin="visits", text=screen.text, buttons=buttons)


async def clear_up(plugin: Plugin, payload: dict[str, Any]) -> None:
    """Forget where people were once it is old."""
    async with plugin.work() as work:
        await tidy(work, plugin.settings)
