import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.text import fold, similarity, terms


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Anna   NOWAK ", "anna nowak"),
        ("Łódź", "lodz"),
        ("Ørsted Đorđe Straße Ægir", "orsted dorde strasse aegir"),
        ("Ёлка", "елка"),
        ("Андрей", "андрей"),
        ("ＡＢＣ１２", "abc12"),
        ("ガス", "ガス"),
        ("İstanbul", "istanbul"),
        ("a\u00a0b\n c", "a b c"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_fold_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_terms_are_distinct_runs() -> None:
    assert terms("Anna Nowak, anna@Łódź-12!") == ["anna", "nowak", "lodz", "12"]


def test_terms_of_japanese_are_the_run_and_its_pairs() -> None:
    assert terms("株式会社abc 東京") == ["株式会社", "株式", "式会", "会社", "abc", "東京"]


@given(st.text())
def test_terms_never_raise_and_are_distinct(text: str) -> None:
    found = terms(text)
    assert len(found) == len(set(found))
    assert all(found)


def test_similarity_prefers_the_exact_name() -> None:
    assert similarity("Anna Nowak", "nowak  anna") == 100
    assert similarity("anna", "Anna") == 100
    assert 90 <= similarity("Anna", "Anna Nowak") < 100
    assert similarity("Ana Novak", "Anna Nowak") > 80
    assert similarity("Nowk", "Anna Nowak") > 70
    assert similarity("Acme", "Zeta") < 50


def test_similarity_of_nothing_is_nothing() -> None:
    assert similarity("", "") == 0
    assert similarity("", "Anna") == 0


@given(st.text(), st.text())
def test_similarity_is_a_percentage_and_symmetric(a: str, b: str) -> None:
    assert 0 <= similarity(a, b) <= 100
    assert similarity(a, b) == pytest.approx(similarity(b, a))
