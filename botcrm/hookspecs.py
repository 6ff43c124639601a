"""Every hook a plugin can implement: the whole contract in one file.

How they are called, all of them: built-in plugins are registered first, so that installed ones answer before them. One plugin is
called at a time, with a deadline, on copies of what it might change; what it raises, and an answer of another type than the hook
asks for, is counted against it, and the others go on. After 3 failures in a row, or 5 in 10 minutes, a plugin is switched off and
the administrators are told. An implementation names only the arguments it wants. Which of three ways a hook is called stands in its text:

*register* hooks are plain functions, called when a plugin is switched on; what they return is taken back when it is switched off.
*ask* hooks are `async def`, called in the unit of work at hand, each in a savepoint of its own; they may wait for the database and
for nothing else (a quarter of a second). One that needs its settings names `plugin`.
*tell* hooks are `async def`, called outside of any unit of work, in the background; they may take 5 seconds.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botcrm.markers import hookspec

if TYPE_CHECKING:
    import aiogram

    from botcrm.contract.cards import Evidence, TimelineItem
    from botcrm.contract.channels import Channel, Incoming, WebRoute
    from botcrm.contract.commands import ButtonHandler, CliCommand, Command
    from botcrm.contract.plugin import Job, Permission, Plugin, Settings, Tables
    from botcrm.contract.reports import Report
    from botcrm.contract.rules import Condition, RuleAction, Trigger
    from botcrm.contract.screens import Button
    from botcrm.core.domain.events import Event
    from botcrm.core.domain.kinds import ActivityKind, Reach
    from botcrm.core.models import Company, Contact, Deal, Lead, Record
    from botcrm.core.services.actor import Actor
    from botcrm.core.services.work import Work

# --- register -------------------------------------------------------------------------------------------------------------


@hookspec
def register_settings() -> "type[Settings]":  # type: ignore[empty-body]
    """Name the type of the plugin's settings; the administrator's form is made of it. *Register.*"""


@hookspec
def register_models() -> "Tables":  # type: ignore[empty-body]
    """Name the plugin's own tables and their migrations, run before it is switched on. *Register.*"""


@hookspec
def register_permissions() -> "Iterable[Permission]":  # type: ignore[empty-body]
    """Name permissions of the plugin's own. *Register.*"""


@hookspec
def register_commands() -> "Iterable[Command]":  # type: ignore[empty-body]
    """Name commands: they show in the menu and in help, and the grammar reads them. *Register.*"""


@hookspec
def register_buttons() -> "Iterable[ButtonHandler]":  # type: ignore[empty-body]
    """Name what happens when the plugin's buttons are pressed. *Register.*"""


@hookspec
def register_activity_kinds() -> "Iterable[ActivityKind]":  # type: ignore[empty-body]
    """Name kinds of activity; of two of a name an installed plugin's wins. *Register.*"""


@hookspec
def register_channels(plugin: "Plugin") -> "Iterable[Channel]":  # type: ignore[empty-body]
    """Name channels that clients write over. *Register.*

    :param plugin: what each channel is made with
    """


@hookspec
def register_rules() -> "Iterable[type[Trigger | Condition | RuleAction]]":  # type: ignore[empty-body]
    """Name what rules are put together from: triggers, conditions, actions. *Register.*"""


@hookspec
def register_reports() -> "Iterable[Report]":  # type: ignore[empty-body]
    """Name reports. *Register.*"""


@hookspec
def register_routers() -> "Iterable[aiogram.Router]":  # type: ignore[empty-body]
    """Name aiogram routers, for Telegram updates that nothing else here covers: places, files, polls, reactions. *Register.*

    They are asked before the product, only for people of the staff; handlers get `chat` (botcrm.Chat) and answer by it. One that
    raises aiogram's SkipHandler leaves the update to the product; so does one that fails.
    """


@hookspec
def register_web_routes(plugin: "Plugin") -> "Iterable[WebRoute]":  # type: ignore[empty-body]
    """Name what the plugin answers over HTTP, under /plugins/<name>/. *Register.*

    :param plugin: for what the handlers do; they run outside of any unit of work and open their own
    """


@hookspec
def register_jobs() -> "Iterable[Job]":  # type: ignore[empty-body]
    """Name what runs later or again and again. *Register.*"""


@hookspec
def register_cli() -> "Iterable[CliCommand]":  # type: ignore[empty-body]
    """Name commands of `botcrm` in the terminal. *Register.*"""


@hookspec
def register_locales() -> "Path":  # type: ignore[empty-body]
    """Return the folder of the plugin's gettext catalogues: <language>/LC_MESSAGES/<plugin>.mo. *Register.*"""


# --- ask ------------------------------------------------------------------------------------------------------------------


@hookspec
async def deal_card_lines(work: "Work", deal: "Deal", plugin: "Plugin") -> "Iterable[str]":  # type: ignore[empty-body]
    """Add lines, in Telegram's HTML, to a deal's card. *Ask.*"""


@hookspec
async def deal_card_buttons(work: "Work", deal: "Deal", plugin: "Plugin") -> "Iterable[Button]":  # type: ignore[empty-body]
    """Add buttons to a deal's card: `Button("Label", press="name of a ButtonHandler", args=(…))`. *Ask.*"""


@hookspec
async def contact_card_lines(work: "Work", contact: "Contact", plugin: "Plugin") -> "Iterable[str]":  # type: ignore[empty-body]
    """Add lines to a contact's card. *Ask.*"""


@hookspec
async def contact_card_buttons(work: "Work", contact: "Contact", plugin: "Plugin") -> "Iterable[Button]":  # type: ignore[empty-body]
    """Add buttons to a contact's card. *Ask.*"""


@hookspec
async def company_card_lines(work: "Work", company: "Company", plugin: "Plugin") -> "Iterable[str]":  # type: ignore[empty-body]
    """Add lines to a company's card. *Ask.*"""


@hookspec
async def company_card_buttons(work: "Work", company: "Company", plugin: "Plugin") -> "Iterable[Button]":  # type: ignore[empty-body]
    """Add buttons to a company's card. *Ask.*"""


@hookspec
async def lead_card_lines(work: "Work", lead: "Lead", plugin: "Plugin") -> "Iterable[str]":  # type: ignore[empty-body]
    """Add lines to a lead's card. *Ask.*"""


@hookspec
async def lead_card_buttons(work: "Work", lead: "Lead", plugin: "Plugin") -> "Iterable[Button]":  # type: ignore[empty-body]
    """Add buttons to a lead's card. *Ask.*"""


@hookspec
async def timeline_items(  # type: ignore[empty-body]
    work: "Work", entity: str, record: "Record", limit: int, plugin: "Plugin"
) -> "Iterable[TimelineItem]":
    """Add entries of the plugin's own to a record's timeline. *Ask.*

    :param entity: deal, contact, company or lead
    :param limit: how many of the newest are of use
    """


@hookspec
async def duplicate_score(
    work: "Work", entity: str, record: "Record", other: "Record", plugin: "Plugin"
) -> "Evidence | None":
    """Say why two contacts, companies or leads may be the same, or not; None says nothing. *Ask*; all answers count together."""


@hookspec
async def assign_owner(work: "Work", entity: str, record: "Record", source: str, plugin: "Plugin") -> "int | None":
    """Choose who gets a lead or contact that came in by itself: a person's id. *Ask*; the first answer counts.

    :param record: as it is going to be added: it has no id yet
    :param source: the channel or form it came by
    """


@hookspec
async def contact_from_message(work: "Work", channel: str, incoming: "Incoming", plugin: "Plugin") -> "int | None":
    """Tell which contact wrote, where it is known: a contact's id. *Ask*; the first answer counts."""


@hookspec
async def message_blocked(work: "Work", channel: str, incoming: "Incoming", plugin: "Plugin") -> "str | None":
    """Return why a client's message is not to be kept (spam), None where it is. *Ask*; the first answer counts.

    What is blocked leaves a line in the log with the reason, and nothing else.
    """


@hookspec
def permission_allowed(actor: "Actor", entity: str, action: str, reach: "Reach") -> "Reach | bool | None":
    """Take a permission away from somebody, or narrow it: every list, count, card and export follows. *Ask*, a plain function.

    :param reach: how far it goes by the role: own, department, all
    :return: False for not at all, a narrower reach, None for no opinion; a wider one has no effect
    """


# --- tell -----------------------------------------------------------------------------------------------------------------


@hookspec
async def on_event(event: "Event", plugin: "Plugin") -> None:
    """Hear of something that happened, after it was committed, in order. *Tell.*

    A crash can lose what was not heard yet: what must not be missed belongs into a rule, or a job.

    :param event: the typed event with the changed fields before and after
    """


@hookspec
async def startup(plugin: "Plugin") -> None:
    """Get ready: called when the process has started, and when the plugin is switched on. *Tell.*"""


@hookspec
async def shutdown(plugin: "Plugin") -> None:
    """Clear up: called when the process ends, and when the plugin is switched off. *Tell.*"""


@hookspec
async def handle_exception(error: BaseException, where: str, plugin: "Plugin", facts: dict[str, Any]) -> None:
    """Hear of a failure: an update set aside, a job given up, a plugin's own error. *Tell.*

    :param where: update, job, send, web or plugin
    :param facts: ids that tell which one; never what people wrote
    """
