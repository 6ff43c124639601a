"""Russian, Polish and Japanese date phrases, seen from Wednesday 4 March 2026, 10:00:30."""

from datetime import datetime

import pytest

from botcrm.core.domain.dates import WhenFound, WhenUnclear, find_when, read_when

NOW = datetime(2026, 3, 4, 10, 0, 30)

RUSSIAN = {
    "завтра в 15:00": "03-05 15:00",
    "завтра в 15": "03-05 15:00",
    "завтра в 3": "03-05 15:00",
    "через 3 дня": "03-07 09:00",
    "через час": "03-04 11:00",
    "через полчаса": "03-04 10:30",
    "через 15 минут": "03-04 10:15",
    "через неделю": "03-11 09:00",
    "через 2 недели": "03-18 09:00",
    "через месяц": "04-04 09:00",
    "в пятницу": "03-06 09:00",
    "в пятницу в 10": "03-06 10:00",
    "во вторник 9:30": "03-10 09:30",
    "пт 10:00": "03-06 10:00",
    "к пятнице": "03-06 09:00",
    "послезавтра": "03-06 09:00",
    "24 ноября": "11-24 09:00",
    "24.11 в 15:00": "11-24 15:00",
    "5/6": "06-05 09:00",
    "сегодня вечером": "03-04 18:00",
    "завтра утром": "03-05 09:00",
    "завтра в 9 утра": "03-05 09:00",
    "в 3 часа дня": "03-04 15:00",
    "в следующую пятницу": "03-06 09:00",
    "на следующей неделе": "03-09 09:00",
    "в конце месяца": "03-31 09:00",
    "в полдень": "03-04 12:00",
    "tomorrow 15:00": "03-05 15:00",
}
POLISH = {
    "jutro o 15": "03-05 15:00",
    "jutro o 15:30": "03-05 15:30",
    "w piątek o 15": "03-06 15:00",
    "w piatek o 15": "03-06 15:00",
    "pojutrze": "03-06 09:00",
    "za godzinę": "03-04 11:00",
    "za pół godziny": "03-04 10:30",
    "za 15 minut": "03-04 10:15",
    "za tydzień": "03-11 09:00",
    "za 2 tygodnie": "03-18 09:00",
    "za 3 dni": "03-07 09:00",
    "za miesiąc": "04-04 09:00",
    "we wtorek o 9": "03-10 09:00",
    "dzisiaj o 18": "03-04 18:00",
    "jutro rano": "03-05 09:00",
    "jutro po południu": "03-05 14:00",
    "w przyszłym tygodniu": "03-09 09:00",
    "w przyszły piątek": "03-06 09:00",
    "24 listopada": "11-24 09:00",
    "24.11.2026 o 10": "11-24 10:00",
    "o godz. 15": "03-04 15:00",
    "do piątku": "03-06 09:00",
    "koniec miesiąca": "03-31 09:00",
    "tomorrow 9am": "03-05 09:00",
}
JAPANESE = {
    "明日15時": "03-05 15:00",
    "明日の午後3時": "03-05 15:00",
    "明日午後3時": "03-05 15:00",
    "明日10時半": "03-05 10:30",
    "１５時": "03-04 15:00",
    "今日18時": "03-04 18:00",
    "明後日": "03-06 09:00",
    "金曜日": "03-06 09:00",
    "月曜": "03-09 09:00",
    "来週": "03-09 09:00",
    "来週の金曜日10時": "03-13 10:00",
    "再来週": "03-16 09:00",
    "来月": "04-01 09:00",
    "月末": "03-31 09:00",
    "3日後": "03-07 09:00",
    "1週間後": "03-11 09:00",
    "2時間後": "03-04 12:00",
    "30分後": "03-04 10:30",
    "11月24日15時": "11-24 15:00",
    "2026年11月24日": "11-24 09:00",
    "5/6": "05-06 09:00",
    "正午": "03-04 12:00",
    "明日の朝": "03-05 09:00",
    "tomorrow 15:00": "03-05 15:00",
}
CASES = [
    (language, phrase, at)
    for language, phrases in (("ru", RUSSIAN), ("pl", POLISH), ("ja", JAPANESE))
    for phrase, at in phrases.items()
]


@pytest.mark.parametrize(("language", "phrase", "at"), CASES)
def test_phrases(language: str, phrase: str, at: str) -> None:
    when = read_when(phrase, NOW, language)
    assert isinstance(when, WhenFound)
    assert (f"{when.at:%m-%d %H:%M}", when.rest) == (at, "")


@pytest.mark.parametrize(("language", "text"), [("ru", "вчера"), ("pl", "wczoraj 15:00"), ("ja", "昨日")])
def test_past_days(language: str, text: str) -> None:
    when = read_when(text, NOW, language)
    assert isinstance(when, WhenUnclear)
    assert when.options == ()
    assert isinstance(read_when(text, NOW, language, allow_past=True), WhenFound)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *(("ru", text) for text in ("в офис", "через дорогу", "вторично")),
        *(("pl", text) for text in ("o ofertę", "za darmo", "w domu", "na miejscu")),
        *(("ja", text) for text in ("日本の会社", "水を買う", "土地", "3時間")),
    ],
)
def test_no_dates(language: str, text: str) -> None:
    assert read_when(text, NOW, language) is None


def test_a_japanese_particle_belongs_to_the_phrase() -> None:
    when = read_when("明日15時に見積もりを送る", NOW, "ja")
    assert isinstance(when, WhenFound)
    assert when.rest == "見積もりを送る"


def test_other_scripts_are_read_whatever_the_language() -> None:
    for text in ("завтра в 15", "明日15時"):
        when = read_when(text, NOW, "en")
        assert isinstance(when, WhenFound)
        assert when.at == datetime(2026, 3, 5, 15)


def test_dates_at_the_end() -> None:
    for text, language in (("позвонить завтра в 15", "ru"), ("wysłać jutro o 15", "pl"), ("見積もり 明日15時", "ja")):
        when = find_when(text, NOW, language)
        assert isinstance(when, WhenFound)
        assert when.at == datetime(2026, 3, 5, 15)
