"""Read a day: tomorrow, a weekday, a date, `in 3 days`, the end of the month."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from botcrm.core.domain import calendar_days as days
from botcrm.core.domain.clock import Clock, read_clock
from botcrm.core.domain.date_tokens import Tokens

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)(?:[T ](\d{1,2}):(\d{2})(?::\d{2})?(?![\d:]))?")
_MOST_NUMBER = 4000


@dataclass(frozen=True, slots=True)
class Day:
    """The days a phrase can mean, and the time of day it brings along; no days where there is no such date (`31.2.`).

    :ivar weekday: a bare weekday was said, which a date beside it makes a certain one (`fri 4 dec`)
    """

    dates: tuple[date, ...]
    at: time | None = None
    part: str | None = None
    clock: tuple[Clock, ...] = ()
    weekday: bool = False


NO_SUCH_DAY = Day(())


class DayReader:
    """Read days; each method reads at token `i` and gives the day and the token after it."""

    def __init__(self, tokens: Tokens, now: datetime, *, allow_past: bool) -> None:
        self.t = tokens
        self.now = now
        self.today = now.date()
        self.allow_past = allow_past

    def counted(self, i: int) -> tuple[int, str, int] | None:
        """Read a number (or none, which is one) and a unit: (number, unit, after)."""
        number, j = self.t.number(i), i + 1
        if number is None:
            word = self.t.phrase("numbers", i)
            number, j = (int(word[0]), word[1]) if word is not None else (1, i)
        unit = self.t.phrase("units", j)
        if unit is None or number > _MOST_NUMBER or (j == i and len(self.t.tokens[i]) < 3):
            return None
        return number, unit[0], unit[1]

    def day(self, i: int) -> tuple[Day, int] | None:
        """Read a day, with the words that lead to it."""
        if i >= self.t.count:
            return None
        for table, build in (("day_parts", self._day_part), ("days", self._offset), ("spans", self._span)):
            found = self.t.phrase(table, i)
            if found is not None:
                return build(*found)
        lone = self.t.phrase("lone_parts", i)
        if lone is not None and i == 0:
            return self._lone_part(*lone)
        return self._counted_days(i) or self._weekday(i) or self._date(i) or self._after_on(i)

    def _after_on(self, i: int) -> tuple[Day, int] | None:
        """Read a day after `on`, `by`, `the`."""
        j = self.t.after("on", i)
        j = self.t.after("the", j)
        if j == i:
            return None
        for table, build in (("days", self._offset), ("spans", self._span)):
            found = self.t.phrase(table, j)
            if found is not None:
                return build(*found)
        return self._weekday(j) or self._date(j, loose=self.t.phrase("on", i) is not None)

    def _day_part(self, part: str, i: int) -> tuple[Day, int]:
        return Day((self.today,), part=part), i

    def _lone_part(self, part: str, i: int) -> tuple[Day, int] | None:
        """Take `in the morning`, with no day, for the next one."""
        clock = read_clock(self.t, i, bare=True)
        default = Clock(None, part=part)
        if clock is not None and self.t.may_end(clock[1]):
            default, i = Clock(clock[0].hour, clock[0].minute, clock[0].exact, clock[0].minutes_said, part), clock[1]
        hour, minute = default.times()[0]
        gone = time(hour % 24, minute) <= self.now.time()
        return Day((self.today + timedelta(days=int(gone)),), clock=(default,)), i

    def _offset(self, offset: str, i: int) -> tuple[Day, int]:
        return Day((self.today + timedelta(days=int(offset)),)), i

    def _span(self, span: str, i: int) -> tuple[Day, int]:
        found, at = days.span_days(span, self.today)
        if span == "next_week":
            weekday = self.t.phrase("weekdays", self.t.after("on", self.t.skip(i, ",")))
            if weekday is not None:
                return Day((found[0] + timedelta(days=int(weekday[0])),)), weekday[1]
        return Day(tuple(found), at), i

    def _counted_days(self, i: int) -> tuple[Day, int] | None:
        """Read `in 3 days`, `in a week`, `2 days ago`, `3 weeks from now`."""
        within = self.t.phrase("within", i)
        counted = self.counted(within[1] if within is not None else i)
        if counted is None or counted[1] in ("minute", "hour"):
            return None
        number, unit, end = counted
        if within is None:
            ago, later = self.t.phrase("ago", end), self.t.phrase("from_now", end)
            if ago is None and later is None:
                return None
            number, end = (-number, ago[1]) if ago is not None else (number, end if later is None else later[1])
        if unit == "day":
            return Day((self.today + timedelta(days=number),)), end
        if unit == "week":
            return Day((self.today + timedelta(weeks=number),)), end
        return Day((days.plus_months(self.today, number * (12 if unit == "year" else 1)),)), end

    def _weekday(self, i: int) -> tuple[Day, int] | None:
        """Read a weekday: the next one strictly after today.

        `next fri` is the same day, but unclear with the one a week later if it is tomorrow; `this fri` said on a
        Friday is unclear with the next; `last fri` is past.
        """
        following, this, last = (self.t.phrase(table, i) for table in ("following", "this", "last"))
        lead = following or this or last
        found = self.t.phrase("weekdays", lead[1] if lead is not None else i)
        if found is None:
            return None
        weekday, end = int(found[0]), found[1]
        if self.t.glued(end) and self.t.tokens[end] == "." and len(self.t.tokens[end - 1]) <= 4:
            end += 1
        week = timedelta(days=7)
        day = days.next_weekday(self.today, weekday)
        then = self.t.phrase("spans", end)
        if then is not None and then[0] == "next_week":
            monday = self.today + timedelta(days=7 - self.today.weekday())
            return Day((monday + timedelta(days=weekday),)), then[1]
        if following is not None and day - self.today < timedelta(days=2):
            return Day((day, day + week)), end
        if this is not None and day - self.today == week:
            return Day((self.today, day)), end
        if last is not None and following is None and this is None:
            return Day((day - week if day - week < self.today else day - 2 * week,)), end
        return Day((day,), weekday=lead is None), end

    # ---- dates

    def _date(self, i: int, *, loose: bool = False) -> tuple[Day, int] | None:
        if i >= self.t.count:
            return None
        if self.t.tokens[i].isdecimal():
            return self._iso(i) or self._numeric(i, loose) or self._day_month(i)
        return self._month_day(i)

    def _iso(self, i: int) -> tuple[Day, int] | None:
        match = _ISO.match(self.t.text, self.t.starts[i])
        if match is None:
            return None
        found = days.date_of(int(match[1]), int(match[2]), int(match[3]))
        if found is None and not 2000 <= int(match[1]) <= 2100:
            return None
        clock: tuple[Clock, ...] = ()
        if match[4] is not None:
            if int(match[4]) > 23 or int(match[5]) > 59:
                return None
            clock = (Clock(int(match[4]), int(match[5]), exact=True, minutes_said=True),)
        end = next((j for j in range(i, self.t.count) if self.t.ends[j] >= match.end()), None)
        return (Day((found,) if found else (), clock=clock), end + 1) if end is not None else None

    def _numeric(self, i: int, loose: bool) -> tuple[Day, int] | None:
        """Read `24.11`, `24.11.2026`, `24/11`, `11/24`, `24-11-2026`."""
        mark = self.t.tokens[i + 1] if i + 1 < self.t.count else ""
        first, second = self.t.number(i, 2), self.t.number(i + 2, 2)
        if mark not in (".", "/", "-") or first is None or second is None:
            return None
        if not (self.t.glued(i + 1) and self.t.glued(i + 2)):
            return None
        end, year = i + 3, None
        if self.t.glued(end) and self.t.tokens[end] == mark:
            if self.t.glued(end + 1) and len(self.t.tokens[end + 1]) in (2, 4):
                year = self.t.number(end + 1)
            if year is not None:
                year, end = (year + 2000 if year < 100 else year), end + 2
            elif mark == ".":
                end += 1
        if year is None and (mark == "-" or (mark == "/" and (first, second) == (24, 7))):
            return None
        # `2.5 tons` is no date, `2.05`, `on 2.5` and `2.5 15:00` are.
        if mark == "." and year is None and len(self.t.tokens[i + 2]) < 2 and end == i + 3 and not loose:
            clock = read_clock(self.t, end, bare=False)
            if clock is None or not clock[0].minutes_said:
                return None
        orders = {True: [(first, second)], False: [(second, first)]}.get(
            bool(self.t.words.month_first) if mark == "/" else False, []
        )
        if mark == "/" and self.t.words.month_first is None and first != second:
            orders.append((first, second))
        found = [self._in_year(month, day, year) for month, day in orders]
        dates = tuple(sorted({day for day in found if day is not None}))
        if dates or self._like_a_date(orders, end, mark, year):
            return Day(dates), end
        return None

    def _like_a_date(self, orders: list[tuple[int, int]], end: int, mark: str, year: int | None) -> bool:
        """Say whether numbers that are no date were meant for one: `31.2.`, `31/2 9:00`, `13.13.2026`; `31/2` is a flat."""
        if year is not None and len(self.t.tokens[end - 1]) == 4:
            return all(1 <= number <= 31 for number in orders[0])
        if mark == "/" and year is None:
            clock = read_clock(self.t, end, bare=False)
            if clock is None or not clock[0].minutes_said:
                return False
        return any(1 <= month <= 12 and 1 <= day <= 31 for month, day in orders)

    def _in_year(self, month: int, day: int, year: int | None) -> date | None:
        if year is not None:
            return days.date_of(year, month, day)
        if not 1 <= month <= 12 or not 1 <= day <= 31:
            return None
        return days.next_date(self.today, month, day, nearest=self.allow_past)

    def _year(self, i: int) -> tuple[int | None, int]:
        j = self.t.skip(i, ",")
        year = self.t.number(j)
        if year is not None and len(self.t.tokens[j]) == 4 and 2000 <= year <= 2100 and self.t.may_end(j + 1):
            return year, j + 1
        return None, i

    def _day_month(self, i: int) -> tuple[Day, int] | None:
        """Read `24 nov`, `24th of november 2026`, `the 24th`."""
        day = self.t.number(i, 2)
        if day is None or not 1 <= day <= 31:
            return None
        j = i + 1
        ordinal = self.t.phrase("ordinal", self.t.skip(j, "-"))
        if ordinal is not None and (self.t.glued(j) or not self.t.tokens[j].isascii()):
            j = ordinal[1]
        else:
            ordinal = None
        month = self.t.phrase("months", self.t.after("of", j))
        if month is not None:
            end = month[1]
            if self.t.glued(end) and self.t.tokens[end] == ".":
                end += 1
            year, end = self._year(end)
            return self._of_month(int(month[0]), day, year), end
        if ordinal is None:
            return None
        found = days.next_day_of_month(self.today, day)
        return (Day((found,)), j) if found is not None else None

    def _month_day(self, i: int) -> tuple[Day, int] | None:
        """Read `nov 24`, `november 24th, 2026`."""
        month = self.t.phrase("months", i)
        if month is None:
            return None
        j = month[1]
        if self.t.glued(j) and self.t.tokens[j] == ".":
            j += 1
        j = self.t.after("the", j)
        day = self.t.number(j, 2)
        if day is None or not 1 <= day <= 31 or (j + 1 < self.t.count and self.t.tokens[j + 1] in (":", "/")):
            return None
        j += 1
        ordinal = self.t.phrase("ordinal", j)
        if ordinal is not None and self.t.glued(j):
            j = ordinal[1]
        year, j = self._year(j)
        return self._of_month(int(month[0]), day, year), j

    def _of_month(self, month: int, day: int, year: int | None) -> Day:
        found = self._in_year(month, day, year)
        return Day((found,)) if found is not None else NO_SUCH_DAY
