"""The verbs about what need not be done now: wait, leave; and stages, where managers say what is suggested."""

import contextlib
import re
from datetime import datetime, time

from botcrm.core.domain.dates import WhenUnclear
from botcrm.core.domain.days_off import Span
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.events import SettingChanged
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.preferences import NOTHING
from botcrm.core.models import User
from botcrm.core.services.next_steps import wait_deal
from botcrm.core.services.staff import people
from botcrm.core.services.staff.leave import cancel_leave, leave_of, planned_in, read_days, take_leave
from botcrm.core.services.stages import pipelines
from botcrm.telegram.commands.deals import ask_deal, which_deal
from botcrm.telegram.commands.subject import due_or_options
from botcrm.telegram.context import Context
from botcrm.telegram.next_steps import wait_question, waits_now
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.stage_forms import pipeline_key, stage_key

# Looks like a day, and was read as none.
_NO_DAY = re.compile(r"\d{1,4}(?:[./-]\d{1,4}){0,2}\.?(?=[\s,;]|$)")
_UNTIL = re.compile(r"(?:until|till|to|for)\b[\s:,]*", re.IGNORECASE)


async def wait(ctx: Context, line: Line) -> Screen:
    """Have a deal wait until a day: `wait d12 15.12 client's budget`; without a day, ask for it."""
    found, subject = await which_deal(ctx, line, "wait d12 15.12 client's budget", guess=True)
    if found is None:
        return await ask_deal(ctx, subject, "wg", line)
    ctx.main = ("deal", found.id)
    due, _ = due_or_options(ctx, line.args.when)
    reason = _UNTIL.sub("", line.text_after(subject.words).strip(" ,;:—-"), count=1)
    if due is None:
        options = line.args.when.options if isinstance(line.args.when, WhenUnclear) else ()
        wrong = "" if options else (_NO_DAY.match(reason) or [""])[0]
        if isinstance(line.args.when, WhenUnclear) and not options:
            wrong = line.args.when.phrase.strip()
        said = reason.removeprefix(wrong).strip(" ,;:—-")
        return await wait_question(ctx, found, reason=said, wrong=wrong, options=options)
    await wait_deal(ctx.work, found.id, due, reason)
    return await waits_now(ctx, found.id)


# --- leave -------------------------------------------------------------------------------------------------------------------


async def leave(ctx: Context, line: Line) -> Screen:
    """Take down when somebody is away, `leave 1.12-7.12`, or show it; a manager's line may name a person."""
    text = line.text_after(0).strip()
    if line.args.owner:
        return await leave_written(ctx, (await people.find_person(ctx.work, line.args.owner)).id, text)
    return await leave_written(ctx, *await _whose(ctx, text))


async def _whose(ctx: Context, text: str) -> tuple[int, str]:
    """Return whom a line is about that may begin with a name, and what it says of them: days go before names."""
    words = text.split()
    with contextlib.suppress(ValueError):
        read_days(ctx.work, text)
        return ctx.user_id, text
    for count in range(min(len(words), 3), 0, -1):
        with contextlib.suppress(NotFound):
            person = await people.find_person(ctx.work, " ".join(words[:count]))
            return person.id, " ".join(words[count:])
    return ctx.user_id, text


async def leave_written(ctx: Context, user_id: int, text: str) -> Screen:
    """Take days down as somebody's leave; `off` takes out all that is ahead, no text shows it."""
    if not text:
        return await leave_screen(ctx, user_id)
    if text.casefold() in NOTHING:
        ahead = [span for span in await leave_of(ctx.work, user_id) if span[1] >= ctx.words.wall(ctx.words.now).date()]
        if ahead:
            await cancel_leave(ctx.work, user_id, ctx.words.wall(ctx.words.now).date(), ahead[-1][1])
        return await leave_screen(ctx, user_id, head="✅ " + ctx.words.t("Taken out") if ahead else "")
    spans = await take_leave(ctx.work, user_id, text)
    head = "🌴 " + ctx.words.t("Away: {days}", days=", ".join(_days(ctx, span) for span in spans))
    n = await planned_in(ctx.work, user_id, spans)
    planned = ctx.words.n("{n} activity is planned for then.", "{n} activities are planned for then.", n) if n else ""
    return await leave_screen(ctx, user_id, head=lines(head, planned))


async def leave_screen(ctx: Context, user_id: int, *, head: str = "") -> Screen:
    """Show when somebody is away from now on; a tap takes days out again.

    :raises NotFound: that person is out of reach
    """
    words = ctx.words
    today = words.wall(words.now).date()
    ahead = [span for span in await leave_of(ctx.work, user_id) if span[1] >= today]
    name = "" if user_id == ctx.user_id else (await User.get(id=user_id)).name
    title = words.t("Leave of {name}", name=name) if name else words.t("Your leave")
    text = lines(
        head,
        bold(title),
        *(f"🌴 {_days(ctx, span)}" for span in ahead),
        "" if ahead else words.t("None."),
        words.t("To write days down: {example}", example="<code>leave 1.12-7.12</code>"),
    )
    buttons = [Button(f"🗑 {_days(ctx, span)}", pack("lv", user_id, *span)) for span in ahead[:20]]
    changed = any(isinstance(event, SettingChanged) for event in ctx.work.events)
    undo = [Button("↩ " + words.t("Undo"), ctx.undo)] if changed else []
    return Screen(text, (*rows_of(buttons, 2), undo))


def _days(ctx: Context, span: Span) -> str:
    first, last = (ctx.words.date(datetime.combine(day, time())) for day in span)
    return first if span[0] == span[1] else f"{first} – {last}"


# --- stages ------------------------------------------------------------------------------------------------------------------


async def stages(ctx: Context, line: Line) -> Screen:
    """Show what is suggested in each stage, and how long a deal in it may be quiet; a tap changes it."""
    return await stages_screen(ctx)


async def stages_screen(ctx: Context) -> Screen:
    """Show the pipelines with their stages.

    :raises NotAllowed: the actor has no say in what happens by itself
    """
    words = ctx.words
    shown, buttons = list[str](), list[Button]()
    for pipeline, inside in await pipelines(ctx.work):
        text = (
            words.t("suggests “{text}”", text=esc(clip(pipeline.smart_text or words.t("Follow up"), 100)))
            if pipeline.suggests
            else words.t("suggests nothing")
        )
        shown.append(f"{bold(clip(pipeline.name, 60))}: {text}")
        buttons.append(Button(f"✏️ {clip(pipeline.name, 24)}", pack("fm", pipeline_key(pipeline.id))))
        for stage in inside:
            quiet = (
                "🥀 " + words.n("after {n} day", "after {n} days", stage.rot_days)
                if stage.rot_days
                else words.t("never 🥀")
            )
            own = words.t("suggests “{text}”", text=esc(clip(stage.smart_text, 100))) if stage.smart_text else ""
            if pipeline.suggests and not stage.suggests:
                own = words.t("suggests nothing")
            shown.append(f"   {esc(clip(stage.name, 60))}: {dots(quiet, own)}")
            buttons.append(Button(f"✏️ {clip(stage.name, 24)}", pack("fm", stage_key(stage.id))))
    text = lines(
        "🥀 " + words.t("A deal is pointed out after so many business days without a word from or with the client."),
        "▶ " + words.t("What is suggested as the next step: the stage's own text, else the pipeline's."),
        *shown,
    )
    return Screen(text, tuple(rows_of(buttons[:60], 2)))
