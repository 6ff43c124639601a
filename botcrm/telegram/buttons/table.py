"""From callback data to handler: one look-up, whatever the number of buttons.

`ONCE` are the presses that change something: each takes effect once, even when Telegram delivers it again under another id.
A handler returns the screen that the card becomes, or None where it answered otherwise.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from botcrm.telegram.buttons import activities, records
from botcrm.telegram.screens.base import Screen

Handler = Callable[..., Awaitable[Screen | None] | Any]

ACTIONS: dict[str, Handler] = {
    "op": records.open_record,
    "un": records.take_back,
    "ds": records.choose_stage,
    "dS": records.move,
    "dw": records.win,
    "dl": records.ask_reason,
    "lr": records.lose,
    "lo": records.other_reason,
    "dr": records.reopen,
    "wn": records.picked_to_win,
    "ls": records.picked_to_lose,
    "sg": records.picked_to_move,
    "tl": records.show_timeline,
    "no": records.ask_note,
    "fl": records.show_files,
    "fo": records.send_file,
    "ho": records.choose_person,
    "hO": records.hand_over,
    "lc": records.convert,
    "lx": records.refuse_lead,
    "nd": records.new_deal,
    "nl": records.new_lead,
    "pk": records.pick,
    "pn": records.pick_new,
    "lk": records.link,
    "sr": records.ask_search,
    "ad": activities.done,
    "ap": activities.plus_day,
    "am": activities.plus_minutes,
    "at": activities.tomorrow,
    "aw": activities.at,
    "an": activities.no_time,
    "ao": activities.other_time,
    "ax": activities.call_off,
    "al": activities.log_call,
    "dp": activities.smart_other,
    "sm": activities.smart_save,
    "so": activities.smart_other,
    "sn": activities.smart_no,
    "st": activities.smart_text,
    "sd": activities.smart_quiet,
    "ak": activities.ask,
    "aa": activities.answer_ask,
    "sz": activities.snooze,
    "hm": activities.show_home,
    "se": activities.switch,
    "rv": activities.as_verb,
    "uknote": activities.as_note,
    "uklead": activities.as_lead,
    "ukfind": activities.as_search,
    "dx": activities.drop,
    "ca": activities.answer_client,
    "rs": activities.resend,
    "om": activities.open_about,
}
ONCE = frozenset(
    {
        "un",
        "dS",
        "dw",
        "lr",
        "dr",
        "wn",
        "ls",
        "sg",
        "hO",
        "lc",
        "lx",
        "nd",
        "nl",
        "pk",
        "pn",
        "lk",
        "ax",
        "ap",
        "am",
        "at",
        "aw",
        "al",
        "ak",
        "sm",
        "rv",
        "uknote",
        "uklead",
        "rs",
    }
)
