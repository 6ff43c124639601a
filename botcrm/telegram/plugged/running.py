"""Running a plugin's command or button: guarded, in a savepoint, its answer made ready to send."""

from botcrm.contract.commands import ButtonHandler, Command
from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.domain.grammar import Line, parse_lines
from botcrm.core.models import Draft, Record
from botcrm.core.services.access import load_any
from botcrm.core.services.search.subjects import Found
from botcrm.hooks import Owned
from botcrm.telegram.commands.deals import pick_button
from botcrm.telegram.commands.subject import Subject, subject_of, without_subject
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.plugged.bound import bound_screen, unpacked
from botcrm.telegram.plugged.chat import PluginChat
from botcrm.telegram.screens.base import Button, Screen, clip, rows_of


class NoLongerInUse(CrmError):
    """A button of a plugin that is off, that has no such button any more, or that is not this person's to press."""

    message = "This button is no longer in use. Open the card again."


# --- commands ---------------------------------------------------------------------------------------------------------------


async def run_command(ctx: Context, owned: Owned[Command], line: Line) -> Screen:
    """Do a plugin's line: find its subject, or ask which one is meant, and hand it over."""
    command, record = owned.value, None
    if command.subject:
        subject = await subject_of(ctx, line, command.subject, loose=True)
        if subject.candidates:
            return await _ask_which(ctx, line, subject)
        record = subject.record
        if record is not None:
            line = _rest(ctx, line, subject)
            ctx.main = about_of(record)
    chat = PluginChat(ctx, owned.plugin, record=record)

    async def run() -> Screen | None:
        return bound_screen(owned.plugin, await command.handler(chat, line))

    screen = await ctx.plugged.hooks.call(owned.plugin, f"/{command.verb.name}", run, work=ctx.work)
    if isinstance(screen, Screen):
        ctx.main = screen.about or ctx.main
        return screen
    return Screen("" if chat.answered else "✅ " + ctx.words.t("Done"))


def _rest(ctx: Context, line: Line, subject: Subject) -> Line:
    """Read a line again without its subject, as if it were typed in reply to the card."""
    if not subject.words and line.args.quoted is None:
        return line
    return parse_lines(
        without_subject(line, subject).replace("\n", " "),
        verbs=ctx.plugged.verbs(),
        now_wall=ctx.words.wall(ctx.work.now),
        language=ctx.work.prefs.language,
        currency=ctx.work.prefs.currency,
        reply=True,
    )[0]


async def _ask_which(ctx: Context, line: Line, subject: Subject) -> Screen:
    draft = await ctx.ask("pick", line=without_subject(line, subject))
    buttons: list[Button] = [pick_button(item, "pp", draft.id) for item in _distinct(subject.candidates)]
    return Screen(
        ctx.words.t("Which one is meant by “{words}”?", words=clip(subject.typed, 60)), tuple(rows_of(buttons, 1))
    )


def _distinct(found: tuple[Found, ...]) -> list[Found]:
    return list({(item.entity, item.record_id): item for item in found}.values())


# --- buttons ----------------------------------------------------------------------------------------------------------------


def takes_effect_once(ctx: Context, plugin: str = "", name: str = "", *_: str) -> bool:
    """Tell whether a press that is delivered again is to have no effect."""
    owned = ctx.plugged.button(ctx.work.actor, plugin, name)
    return owned is not None and owned.value.once


async def press(ctx: Context, plugin: str = "", name: str = "", *args: str) -> Screen | None:
    """Do what a plugin's button says.

    :raises NoLongerInUse: nobody is there to do it, or not for this person
    """
    owned = ctx.plugged.button(ctx.work.actor, plugin, name)
    if owned is None:
        raise NoLongerInUse
    record = await _shown(ctx)
    return await _handled(ctx, owned, PluginChat(ctx, plugin, record=record), unpacked(args))


async def answer(ctx: Context, draft: Draft, text: str) -> Screen:
    """Hand over what was typed to the handler that asked for it."""
    data = draft.data
    owned = ctx.plugged.button(ctx.work.actor, str(data["plugin"]), str(data["then"]))
    if owned is None:
        # The question goes with its plugin: nothing typed after this is taken for an answer.
        return Screen("✋ " + ctx.words.t("Nobody waits for this answer any more."))
    if data.get("about"):
        ctx.about = (str(data["about"][0]), int(data["about"][1]))
    chat = PluginChat(ctx, owned.plugin, record=await _shown(ctx), text=text)
    screen = await _handled(ctx, owned, chat, [str(arg) for arg in data["args"]])
    if screen is None:
        return Screen("" if chat.answered else "✅ " + ctx.words.t("Done"))
    ctx.main = screen.about or ctx.about
    return screen


async def _handled(ctx: Context, owned: Owned[ButtonHandler], chat: PluginChat, args: list[str]) -> Screen | None:
    async def run() -> Screen | None:
        return bound_screen(owned.plugin, await owned.value.handler(chat, *args))

    screen = await ctx.plugged.hooks.call(owned.plugin, f"button {owned.value.name}", run, work=ctx.work)
    assert screen is None or isinstance(screen, Screen)
    return screen


async def _shown(ctx: Context) -> Record | None:
    """Return the record of the card, which must still be there for whoever presses."""
    if ctx.about is None:
        return None
    try:
        return await load_any(ctx.work, *ctx.about)
    except NotFound:
        if ctx.about[0] in ("deal", "contact", "company", "lead", "activity"):
            raise
        return None
