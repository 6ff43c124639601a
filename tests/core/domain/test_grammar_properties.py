from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.grammar import VERBS, VerbTable, guess_subject, parse_lines

TABLE = VerbTable(VERBS)
NOW = datetime(2026, 11, 22, 10, 0)
SAMPLES = """/deal /call /task /note call meet next Next next: fri week 10:00 tomorrow in 2h 12k 15m 1 200 €12k PLN ok
    no answer later >won > #roof #12 @anna d12 D7 /d9 "Acme Ltd" " “x” a@b.pl +48 601 234 567, Acme roof & van in out
    missed 5/6 明日15時 завтра в 15 👍 . ,"""
PIECES = st.one_of(
    st.sampled_from(SAMPLES.split()), st.sampled_from(["\n", "\r\n", "\u2028", "\x00"]), st.text(max_size=4)
)
LINES = st.builds(lambda pieces, gap: gap.join(pieces), st.lists(PIECES, max_size=10), st.sampled_from([" ", "  ", ""]))


@given(st.one_of(LINES, st.text()), st.booleans(), st.sampled_from(["en", "ru", "pl", "ja"]))
def test_nothing_typed_is_lost(text: str, reply: bool, language: str) -> None:
    found = parse_lines(text, verbs=TABLE, now_wall=NOW, language=language, currency="EUR", reply=reply)
    place = 0
    for line in found:
        place = text.index(line.raw, place) + len(line.raw)
        end = 0
        for token in line.tokens:
            assert line.raw[token.start : token.end] == token.text
            assert not line.raw[end : token.start].strip()
            end = token.end
        assert not line.raw[end:].strip()
        for count in range(3):
            line.text_after(count)
    assert "".join("".join(line.raw.split()) for line in found) == "".join(text.split())


@given(
    st.sampled_from(["/deal", "/call", "/task", "/lead"]), st.lists(st.text("abcdefgxyzABXYéж", min_size=1), max_size=6)
)
def test_plain_words_stay_words(verb: str, words: list[str]) -> None:
    (line,) = parse_lines(" ".join([verb, *words]), verbs=TABLE, now_wall=NOW)
    kept = [token.text for token in line.args.head if token.shape == "word"]
    assert line.args.subject_words == kept or line.args.words_after


@given(st.lists(st.text(min_size=1)))
def test_guess_is_within_the_words(words: list[str]) -> None:
    assert min(1, len(words)) <= guess_subject(words) <= len(words)
