"""Which columns tell about a client, and how what they say is taken out of a text.

Every column that can hold words has its row here; a new one without fails the tests. Plugins' tables are declared by their models
(`impersonal`), and hold personal data in every other column of words.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Says(StrEnum):
    """What a column can say about a client."""

    PERSON = "person"  # it is about one: taken out with them
    TEXT = "text"  # people write there what they like, or rows are copied into it: looked through
    DERIVED = "derived"  # it is made from the others, and made anew
    NONE = "none"  # nothing


@dataclass(frozen=True, slots=True)
class Declared:
    """What a column says, and why that is so."""

    says: Says
    why: str


# Lines of: table, what its columns say, the columns separated by commas, why.
_TABLE = """
contact person name,phone,email,more_phones,more_emails,street,city,postcode,region,country: who they are and how to reach them
contact person job_title,birth_date,tax_id,telegram_id,custom: who they are; of custom fields those marked personal
lead person title,name,company_name,phone,email,more_phones,more_emails,telegram_id: who they are and how to reach them
lead person street,city,postcode,region,country,lost_reason,custom: who they are; of custom fields those marked personal
lead none source,status,currency: chosen from a list
company text name,phone,email,more_phones,more_emails,street,city,postcode,region,country,website,tax_id,custom: an organisation
deal text title,lost_reason,waiting_for,custom: what people write about a deal; its amount and stages stay
deal none status,currency,source,expected_close,attention_reason,last_call: chosen from a list, or made by rules
activity text title: what is to be done, in people's words
activity none kind,status,due_wall,due_zone,direction,result,recurrence,slot_wall,reminders: times, and words from lists
note text text: what people write
file person file_id,name,url: it opens what a client sent, or is about them
file text caption: what people write
file none kind,mime,channel: technical
message person chat_id,address,external_id: where a client writes from
message text text: what was said
message none channel,direction: technical
event text before,after: copies of what changed
event none type,entity: names
line text text: what people type
line none entity,chat_id: names, and chats of the staff
draft text data: what was typed and waits
draft none kind,chat_id: names, and chats of the staff
search_entry derived entity,name,folded: made anew with its record
search_term derived term: made anew with its record
inbox person chat_key: where an update came from
inbox text body,error: an update as it came
inbox none state: technical
press text key: ids of who pressed what
job text payload,error: ids, and what rules were to say
job none kind,key,state: names and ids
outbox text args,payload,error: what was said to somebody
outbox person chat_id: of what goes to a client
outbox none key,audience,notice,method,entity,state: names and ids
outgoing_file text name,content: files that wait to be sent
operation text title,params,progress,error: names of files, and how far it came
operation none kind,entity,state,counts,chat_id: names, numbers, and chats of the staff
duplicate_group person members: who is taken to be the same
duplicate_group none entity,state: names
distinct_pair person low_mark,high_mark: made of who they are
distinct_pair none entity: a name
external_ref person external_id: what another system calls them
external_ref none entity,source: names of systems
record_key derived entity,key: made anew with its record
field_value derived entity,text: made anew with its record
merge person moved: what went over with a merge
merge none entity: a name
erasure none entity,mark: a keyed hash that names nobody
tag text tag: words hung on a record
tag none entity: a name
kept_change none entity,reason,what: names of fields
rule_run text mark,did,error: what a rule did for whom
rule_run none entity,state: names
rule text name,trigger_params,conditions,actions: what managers write; the rule is theirs
rule none key,entity,trigger: names
saved_filter text name,query: what people type
saved_filter none entity: a name
report_question text question: what people ask for
report_question none fingerprint: a hash
import_mapping none entity,header_hash,mapping: columns of files
setting text value: what people chose
setting none key: a name
custom_field none entity,key,name,type,dictionary: the company's own words
choice none dictionary,name: the company's own words
department none name: the company's own words
role none key,name,grants,base: the company's own words
user none name,telegram_id,username,zone,language: the staff are no clients
invite none token_hash,name: a hash, and the name of a colleague
calendar_feed none secret_hash: a hash
web_form none name,source,secret_hash: the company's own words, and a hash
pipeline none name,smart_text: the company's own words
stage none name,kind,smart_text: the company's own words
deal_mark none kind: a word from a list
overdue_ping none key: ids
pinned_counters none shown: numbers
smart_quiet none until: a day
"""


def _read(table: str) -> dict[str, Declared]:
    found: dict[str, Declared] = {}
    for line in table.strip().splitlines():
        head, _, why = line.partition(": ")
        name, says, columns = head.split()
        for column in columns.split(","):
            found[f"{name}.{column}"] = Declared(Says(says), why)
    return found


COLUMNS: Mapping[str, Declared] = _read(_TABLE)


def columns_that(says: Says) -> dict[str, list[str]]:
    """Return the columns that say this, by their table."""
    found: dict[str, list[str]] = {}
    for key, declared in COLUMNS.items():
        if declared.says is says:
            table, _, column = key.partition(".")
            found.setdefault(table, []).append(column)
    return found


# --- taking them out of a text ---------------------------------------------------------------------------------------------

GONE = "…"
# Fewer digits than this could be an amount.
_LEAST_DIGITS = 7
_LEAST_WORD = 4
_BETWEEN = r"[\s().\-/]*"


@dataclass(frozen=True, slots=True)
class Traces:
    """What tells of a person wherever it stands: whole names, words that only they have, numbers, addresses."""

    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def pattern(self) -> re.Pattern[str] | None:
        """Return what finds each of them in a text, in any case, numbers however they are written; None for nobody."""
        parts = [_word(word) for word in sorted(set(self.words), key=len, reverse=True) if word.strip()]
        parts += [_number(number) for number in dict.fromkeys(self.numbers) if number]
        return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _word(word: str) -> str:
    # Between a surname that comes first and the other names there may be a comma.
    spaced = r"(?:\s*,\s*|\s+)".join(re.escape(part) for part in word.split())
    return rf"(?<!\w){spaced}(?!\w)"


def _number(number: str) -> str:
    digits = "".join(filter(str.isdigit, number))
    if len(digits) < _LEAST_DIGITS:
        return rf"(?<!\w){re.escape(number)}(?!\w)"
    own = _BETWEEN.join(digits[-9:])
    # With the country's code before it or without, and however many of its digits are there.
    return rf"\+?(?<!\d)(?:\d{_BETWEEN}){{0,6}}{own}(?!\d)"


def both_orders(name: str) -> list[str]:
    """Return a name of several words as it stands, and with its last word first and its first one last."""
    words = [word.strip(",") for word in name.split()]
    turned = (words, [words[-1], *words[:-1]], [*words[1:], words[0]])
    return list(dict.fromkeys([name, *(" ".join(one) for one in turned)]))


def telling_words(name: str) -> list[str]:
    """Return the words of a name that can tell who it is by themselves: none of a few letters."""
    return [word for word in re.findall(r"[^\W\d_][\w'’-]*", name) if len(word) >= _LEAST_WORD]


def is_telling(number: str) -> bool:
    """Tell whether a number has as many digits as name somebody."""
    return sum(map(str.isdigit, number)) >= _LEAST_DIGITS


def scrubbed(value: Any, pattern: re.Pattern[str]) -> Any:
    """Return a JSON value with every trace of a person replaced by three dots, in its texts, numbers and keys."""
    match value:
        case str():
            return pattern.sub(GONE, value)
        case bool() | None | float():
            return value
        case int():
            return 0 if len(str(value)) >= _LEAST_DIGITS and pattern.search(str(value)) else value
        case dict():
            return {pattern.sub(GONE, str(key)): scrubbed(one, pattern) for key, one in value.items()}
        case list():
            return [scrubbed(one, pattern) for one in value]
    return value


# The fields of a person's events that stay: links, times, stages and amounts, words from lists. Everything else is what somebody
# wrote, or tells who it was.
_KEPT_NAMES = frozenset(
    {
        *(
            "status",
            "amount",
            "currency",
            "source",
            "kind",
            "direction",
            "due_wall",
            "due_zone",
            "has_time",
            "position",
        ),
        *("duration_minutes", "repeat_minutes", "recurrence", "slot_wall", "reminders", "expected_close", "result"),
        *("channel", "answered", "answerable", "counts", "version", "active", "state", "records", "rule", "size"),
    }
)
_NEVER_KEPT = frozenset({"telegram_id", "external_id", "chat_id", "file_id"})


def bared(changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an event about an erased person stays: its links, times, stages and amounts."""
    return {
        name: value
        for name, value in changed.items()
        if name not in _NEVER_KEPT and (name in _KEPT_NAMES or name.endswith(("_id", "_at")))
    }


def folded_all(texts: Iterable[str | None]) -> list[str]:
    """Return the texts that are there, each once."""
    return list(dict.fromkeys(text.strip() for text in texts if text and text.strip()))
