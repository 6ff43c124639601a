"""Do the sums behind date phrases: next such weekday, ends of weeks and months."""

from __future__ import annotations

import calendar
from datetime import date, time, timedelta

DAY_END = time(18)


def plus_months(day: date, months: int) -> date:
    """Give the same day some months on, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_end(day: date) -> date:
    """Give the last day of the month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def next_weekday(today: date, weekday: int) -> date:
    """Give the next such weekday strictly after today."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def first_workday(day: date) -> date:
    """Give the day itself, or Monday if it is a Saturday or a Sunday."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def next_month_start(day: date) -> date:
    """Give the first of the next month."""
    return month_end(day) + timedelta(days=1)


def date_of(year: int, month: int, day: int) -> date | None:
    """Make a date, or None if there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def next_date(today: date, month: int, day: int, *, nearest: bool = False) -> date | None:
    """Give the next such date, today included; with `nearest`, the one nearest to today, past or not."""
    years = range(max(1, today.year - 1), min(9999, today.year + 8) + 1)
    candidates = [found for year in years if (found := date_of(year, month, day)) is not None]
    if nearest:
        return min(candidates, key=lambda found: abs(found - today), default=None)
    return next((found for found in candidates if found >= today), None)


def next_day_of_month(today: date, day: int) -> date | None:
    """Give the next such day of a month, today included."""
    for months in range(13):
        first = plus_months(today.replace(day=1), months)
        found = date_of(first.year, first.month, day)
        if found is not None and found >= today:
            return found
    return None


def span_days(span: str, today: date) -> tuple[list[date], time | None]:
    """Give the days a span such as `month_end` can mean, earliest first, and its time of day if it has one."""
    monday = today - timedelta(days=today.weekday())
    friday = monday + timedelta(days=4)
    week = timedelta(days=7)
    saturday = monday + timedelta(days=5)
    if span == "day_end":
        return [today], DAY_END
    if span == "week_end":
        return [friday if today <= friday else friday + week], DAY_END
    if span == "next_week":
        return [monday + week], None
    if span == "next_week_end":
        return [friday + week], DAY_END
    if span == "month_end":
        return [month_end(today)], None
    if span == "next_month":
        return [first_workday(next_month_start(today))], None
    if span == "next_month_end":
        return [month_end(next_month_start(today))], None
    if span == "next_year":
        return [first_workday(date(today.year + 1, 1, 1))], None
    if span == "year_end":
        return [date(today.year, 12, 31)], None
    return [saturday if today < saturday else saturday + week], None
