"""The words of date phrases, by language. A language is one more table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from botcrm.core.domain.text import fold

Phrases = Mapping[str, list[tuple[tuple[str, ...], str]]]
"""First word to (all words, meaning), longest first."""


@dataclass(frozen=True)
class Words:
    """One language: each field maps a meaning to its phrases, split by `|`; folded, words split by spaces.

    Meanings: days by offset from today; weekdays and months in order; parts `morning afternoon evening night am pm`;
    units `minute hour day week month year`; spans as `dates.py` names them.
    """

    days: Mapping[int, str]
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    parts: Mapping[str, str]
    lone_parts: Mapping[str, str]
    day_parts: Mapping[str, str]
    clock: Mapping[str, str]
    units: Mapping[str, str]
    spans: Mapping[str, str]
    numbers: Mapping[int, str] = field(default_factory=dict)
    past: Mapping[str, str] = field(default_factory=dict)
    within: str = ""
    at: str = ""
    on: str = ""
    following: str = ""
    this: str = ""
    last: str = ""
    ago: str = ""
    from_now: str = ""
    hour_word: str = ""
    the: str = ""
    of: str = ""
    ordinal: str = ""
    month_first: bool | None = False
    """The order of `5/6`: month first, day first, or (None) not known."""

    @cached_property
    def tables(self) -> dict[str, Phrases]:
        """Give every field as a table for matching."""
        named: dict[str, dict[str, str]] = {
            "days": {str(offset): text for offset, text in self.days.items()},
            "weekdays": {str(i): text for i, text in enumerate(self.weekdays)},
            "months": {str(i + 1): text for i, text in enumerate(self.months)},
            "numbers": {str(number): text for number, text in self.numbers.items()},
        }
        for name in ("parts", "lone_parts", "day_parts", "clock", "units", "spans", "past"):
            named[name] = dict(getattr(self, name))
        for name in (
            *("within", "at", "on", "following", "this", "last", "ago", "from_now"),
            *("hour_word", "the", "of", "ordinal"),
        ):
            named[name] = {name: getattr(self, name)}
        return {name: _table(meanings) for name, meanings in named.items()}

    @cached_property
    def starters(self) -> frozenset[str]:
        """Give every word that a date phrase can start with."""
        names = (
            *("days", "weekdays", "months", "lone_parts", "day_parts", "clock", "spans", "past", "numbers"),
            *("within", "at", "on", "following", "this", "last", "the"),
        )
        return frozenset(first for name in names for first in self.tables[name])


def _table(meanings: Mapping[str, str]) -> Phrases:
    table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for meaning, phrases in meanings.items():
        for phrase in filter(None, phrases.split("|")):
            words = tuple(fold(phrase).split())
            table.setdefault(words[0], []).append((words, meaning))
    for entries in table.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return table


ENGLISH = Words(
    days={
        0: "today",
        1: "tomorrow|tmrw|tmr|tomorow|tommorow|tommorrow|2moro",
        2: "day after tomorrow|the day after tomorrow",
        -1: "yesterday",
        -2: "day before yesterday|the day before yesterday",
    },
    weekdays=(
        "monday|mon|mondays",
        "tuesday|tue|tues",
        "wednesday|wed|weds",
        "thursday|thu|thur|thurs",
        "friday|fri",
        "saturday|sat",
        "sunday|sun",
    ),
    months=(
        *("january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul", "august|aug"),
        *("september|sep|sept", "october|oct", "november|nov", "december|dec"),
    ),
    parts={
        "morning": "morning|in the morning",
        "afternoon": "afternoon|in the afternoon",
        "evening": "evening|in the evening",
        "night": "night|at night",
        "am": "am|a . m .|a . m",
        "pm": "pm|p . m .|p . m",
    },
    lone_parts={"morning": "in the morning", "afternoon": "in the afternoon", "evening": "in the evening"},
    day_parts={"morning": "this morning", "afternoon": "this afternoon", "evening": "tonight|this evening"},
    clock={
        "noon": "noon|midday",
        "midnight": "midnight",
        "half": "half past",
        "quarter": "quarter past|a quarter past",
        "before": "quarter to|a quarter to",
    },
    units={
        "minute": "m|min|mins|minute|minutes",
        "hour": "h|hr|hrs|hour|hours",
        "day": "d|day|days",
        "week": "w|wk|wks|week|weeks",
        "month": "mo|month|months",
        "year": "y|year|years",
    },
    spans={
        "day_end": "eod|end of day|end of the day|by end of day",
        "week_end": "eow|end of week|end of the week|end of this week",
        "month_end": "eom|end of month|end of the month|end of this month|month end",
        "next_week": "next week|beginning of next week|start of next week|early next week|nw",
        "next_week_end": "end of next week|late next week",
        "next_month": "next month|beginning of next month|start of next month|early next month",
        "next_month_end": "end of next month|late next month",
        "next_year": "next year|beginning of next year",
        "weekend": "weekend|the weekend|this weekend|at the weekend",
        "year_end": "end of year|end of the year|eoy",
    },
    numbers={
        1: "a|an|one",
        2: "two|a couple of|couple of",
        3: "three",
        4: "four",
        5: "five",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten",
    },
    within="in|within",
    at="at|@|around",
    on="on|by|until|till",
    following="next",
    this="this",
    last="last",
    ago="ago",
    from_now="from now|from today",
    hour_word="o ' clock|oclock|o ’ clock",
    the="the",
    of="of",
    ordinal="st|nd|rd|th",
    month_first=None,
)

RUSSIAN = Words(
    days={0: "сегодня", 1: "завтра", 2: "послезавтра", -1: "вчера", -2: "позавчера"},
    weekdays=(
        "понедельник|понедельника|понедельнику|пн",
        "вторник|вторника|вторнику|вт",
        "среда|среду|среды|среде|ср",
        "четверг|четверга|четвергу|чт",
        "пятница|пятницу|пятницы|пятнице|пт",
        "суббота|субботу|субботы|субботе|сб",
        "воскресенье|воскресенья|воскресенью|вс",
    ),
    months=(
        *("января|январь|янв", "февраля|февраль|фев", "марта|март|мар", "апреля|апрель|апр", "мая|май"),
        *("июня|июнь|июн", "июля|июль|июл", "августа|август|авг", "сентября|сентябрь|сен|сент"),
        *("октября|октябрь|окт", "ноября|ноябрь|ноя|нояб", "декабря|декабрь|дек"),
    ),
    parts={
        "morning": "утром|утра",
        "afternoon": "днем|дня|после обеда",
        "evening": "вечером|вечера",
        "night": "ночью|ночи",
    },
    lone_parts={"morning": "утром", "afternoon": "после обеда|днем", "evening": "вечером"},
    day_parts={"evening": "сегодня вечером"},
    clock={"noon": "полдень", "midnight": "полночь"},
    units={
        "minute": "минуту|минуты|минут|мин|м",
        "hour": "час|часа|часов|ч",
        "day": "день|дня|дней|дн|сутки",
        "week": "неделю|недели|недель|нед",
        "month": "месяц|месяца|месяцев|мес",
        "year": "год|года|лет",
    },
    spans={
        "day_end": "конец дня|в конце дня|до конца дня",
        "week_end": "конец недели|в конце недели|до конца недели",
        "month_end": "конец месяца|в конце месяца|до конца месяца",
        "next_week": "на следующей неделе|следующая неделя|на след неделе|в начале следующей недели",
        "next_week_end": "в конце следующей недели",
        "next_month": "в следующем месяце|в начале следующего месяца|следующий месяц",
        "next_month_end": "в конце следующего месяца",
        "weekend": "на выходных|в выходные",
        "year_end": "до конца года|в конце года|конец года",
    },
    numbers={1: "один|одну", 2: "два|две|пару", 3: "три", 4: "четыре", 5: "пять", 6: "шесть", 7: "семь", 10: "десять"},
    past={"-30": "полчаса назад"},
    within="через",
    at="в|к|около",
    on="в|во|к|ко|до",
    following="следующий|следующую|следующее|след",
    this="этот|эту|это|в этот|в эту",
    last="прошлый|прошлую|прошлое|в прошлый|в прошлую|в прошлое",
    ago="назад",
    hour_word="час|часа|часов|ч|ч .",
    ordinal="го|числа",
)

POLISH = Words(
    days={0: "dzisiaj|dziś|dzis", 1: "jutro", 2: "pojutrze", -1: "wczoraj", -2: "przedwczoraj"},
    weekdays=(
        "poniedziałek|poniedziałku|pon|pn",
        "wtorek|wtorku|wt",
        "środa|środę|środy|śr",
        "czwartek|czwartku|czw",
        "piątek|piątku|pt|pią",
        "sobota|sobotę|soboty|sob",
        "niedziela|niedzielę|niedzieli|niedz|nd",
    ),
    months=(
        *("stycznia|styczeń|sty", "lutego|luty|lut", "marca|marzec|mar", "kwietnia|kwiecień|kwi", "maja|maj"),
        *("czerwca|czerwiec|cze", "lipca|lipiec|lip", "sierpnia|sierpień|sie", "września|wrzesień|wrz"),
        *("października|październik|paź", "listopada|listopad|lis", "grudnia|grudzień|gru"),
    ),
    parts={
        "morning": "rano",
        "afternoon": "po południu|popołudniu",
        "evening": "wieczorem|wieczór",
        "night": "w nocy",
    },
    lone_parts={"morning": "rano", "afternoon": "po południu", "evening": "wieczorem"},
    day_parts={"evening": "dziś wieczorem|dzisiaj wieczorem"},
    clock={"noon": "południe|w południe", "midnight": "północ|o północy"},
    units={
        "minute": "minutę|minuty|minut|min|m",
        "hour": "godzinę|godziny|godzin|godz|h|g",
        "day": "dzień|dni|dnia",
        "week": "tydzień|tygodnie|tygodni|tyg",
        "month": "miesiąc|miesiące|miesięcy|mies",
        "year": "rok|lata|lat",
    },
    spans={
        "day_end": "koniec dnia|do końca dnia|na koniec dnia",
        "week_end": "koniec tygodnia|do końca tygodnia|pod koniec tygodnia|na koniec tygodnia",
        "month_end": "koniec miesiąca|do końca miesiąca|pod koniec miesiąca|na koniec miesiąca",
        "next_week": "w przyszłym tygodniu|przyszły tydzień|w następnym tygodniu",
        "next_week_end": "pod koniec przyszłego tygodnia",
        "next_month": "w przyszłym miesiącu|przyszły miesiąc|w następnym miesiącu|na początku przyszłego miesiąca",
        "next_month_end": "pod koniec przyszłego miesiąca",
        "weekend": "w weekend|weekend",
        "year_end": "do końca roku|pod koniec roku|koniec roku",
    },
    numbers={
        1: "jeden|jedną",
        2: "dwa|dwie|parę",
        3: "trzy",
        4: "cztery",
        5: "pięć",
        6: "sześć",
        7: "siedem",
        10: "dziesięć",
    },
    past={"-30": "pół godziny temu"},
    within="za",
    at="o|o godz|o godz .|o godzinie|godz|godz .|około|ok .",
    on="w|we|do|na",
    following="przyszły|przyszłą|następny|następną|w przyszły|w przyszłą|w następny|w następną",
    this="ten|tę|w ten|w tę",
    last="zeszły|zeszłą|w zeszły|w zeszłą|ostatni",
    ago="temu",
    hour_word="godz|godz .",
    ordinal="go",
)

LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "ru": RUSSIAN, "pl": POLISH}
