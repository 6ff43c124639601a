"""From verb to handler: one look-up, whatever the number of verbs."""

from collections.abc import Awaitable, Callable

from botcrm.core.domain.grammar import Line
from botcrm.core.domain.verbs import VERBS, VerbTable
from botcrm.telegram.commands import (
    activities,
    board,
    calendar,
    copying,
    custom_fields,
    deals,
    deleting,
    duplicates,
    exporting,
    filtering,
    general,
    importing,
    merging,
    next_steps,
    operations,
    personal,
    plugins,
    records,
    report,
    roles,
    rules,
    settings,
    timeline,
)
from botcrm.telegram.commands import team as between
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen

Handler = Callable[[Context, Line], Awaitable[Screen]]

COMMANDS: dict[str, Handler] = {
    "deal": deals.deal,
    "stage": deals.stage,
    "won": deals.won,
    "wait": next_steps.wait,
    "leave": next_steps.leave,
    "stages": next_steps.stages,
    "lost": deals.lost,
    "call": activities.call,
    "meet": activities.meet,
    "task": activities.task,
    "note": activities.note,
    "lead": records.lead,
    "contact": records.contact,
    "company": records.company,
    "find": records.find,
    "filter": filtering.filters,
    "duplicates": duplicates.duplicates,
    "today": general.today,
    "deals": general.list_deals,
    "team": general.show_team,
    "ask": between.ask,
    "handover": between.handover,
    "board": board.board,
    "timeline": timeline.timeline,
    "report": report.report,
    "rules": rules.rules,
    "calendar": calendar.calendar,
    "import": importing.take_in,
    "export": exporting.export,
    "undo": general.take_back,
    "merge": merging.merge_records,
    "copy": copying.copy,
    "delete": deleting.delete,
    "operations": operations.journal,
    "personal": personal.personal,
    "erase": personal.erase,
    "roles": roles.roles,
    "departments": roles.departments,
    "fields": custom_fields.fields,
    "lists": custom_fields.lists,
    "plugins": plugins.plugins,
    "settings": settings.settings,
    "invite": general.invite,
    "help": general.show_help,
    "start": general.start,
}
TABLE = VerbTable(verb for verb in VERBS if verb.name in COMMANDS)
