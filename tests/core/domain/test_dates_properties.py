from datetime import datetime, time

from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.date_words import LANGUAGES
from botcrm.core.domain.dates import WhenFound, WhenUnclear, find_when, read_when

NOWS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 12, 31))
LANGUAGE = st.sampled_from(["en", "ru", "pl", "ja", "de"])
VOCABULARY = sorted(
    {
        " ".join(words)
        for language in LANGUAGES.values()
        for table in language.tables.values()
        for entries in table.values()
        for words, _ in entries
    }
)
PIECES = st.one_of(
    st.sampled_from(VOCABULARY),
    st.sampled_from(
        [":", ".", "/", "-", ",", "'", "明日", "来週", "金曜日", "時", "分", "後", "月", "日", "午後", "@"]
    ),
    st.integers(0, 3000).map(str),
    st.text(max_size=3),
)
PHRASES = st.builds(
    lambda pieces, gap: gap.join(pieces), st.lists(PIECES, max_size=6), st.sampled_from([" ", "", ", "])
)


@given(PHRASES, NOWS, LANGUAGE)
def test_nothing_raises_nothing_is_lost_nothing_is_past(text: str, now: datetime, language: str) -> None:
    for when, joined in (
        (start := read_when(text, now, language), start and start.phrase + start.rest),
        (end := find_when(text, now, language), end and end.rest + end.phrase),
    ):
        if when is None:
            continue
        assert joined == text
        for option in when.options if isinstance(when, WhenUnclear) else (when,):
            if option.has_time:
                assert option.at >= now.replace(microsecond=0)
            else:
                assert option.at.date() >= now.date()


@given(st.text(), NOWS, LANGUAGE, st.booleans())
def test_any_text_is_survived(text: str, now: datetime, language: str, allow_past: bool) -> None:
    read_when(text, now, language, allow_past=allow_past)
    find_when(text, now, language, allow_past=allow_past)


@given(PHRASES, st.sampled_from([datetime.min, datetime.max]), LANGUAGE, st.booleans())
def test_the_ends_of_time_are_survived(text: str, now: datetime, language: str, allow_past: bool) -> None:
    read_when(text, now, language, allow_past=allow_past)


@given(NOWS, st.datetimes(datetime(2000, 1, 1), datetime(2095, 1, 1)))
def test_formatted_dates_are_read_back(now: datetime, then: datetime) -> None:
    then = then.replace(second=0, microsecond=0)
    for text in (
        f"{then:%Y-%m-%d %H:%M}",
        f"{then:%Y-%m-%dT%H:%M}",
        f"{then:%d.%m.%Y %H:%M}",
        f"{then.day} {then:%b %Y} {then:%H:%M}",
        f"{then:%B} {then.day}, {then:%Y} {then:%H:%M}",
        f"{then:%H:%M} {then.day} {then:%B %Y}",
    ):
        when = read_when(text, now, allow_past=True)
        options = when.options if isinstance(when, WhenUnclear) else (when,)
        assert then in [option.at for option in options if option is not None]
        # Only an hour from one to five may be asked about: 03:30 is exact.
        assert isinstance(when, WhenFound)


@given(NOWS, st.times())
def test_a_time_is_today_or_tomorrow(now: datetime, clock: time) -> None:
    when = read_when(f"{clock:%H:%M}", now)
    assert isinstance(when, WhenFound)
    assert 0 <= (when.at - now).total_seconds() <= 86400
