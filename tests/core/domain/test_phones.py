import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.emails import find_emails, normal_email
from botcrm.core.domain.phones import find_phones, normal_phone, show_phone


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("601 234 567", "PL", "+48601234567"),
        ("+48 601-234-567", None, "+48601234567"),
        ("0048 601 234 567", "PL", "+48601234567"),
        ("8 (912) 345-67-89 доб. 5", "RU", "+79123456789"),
        ("+48 22 620 12 34 wew. 12", "PL", "+48226201234"),
        ("(212) 555-2368 ext. 4", "US", "+12125552368"),
        ("212 555 2368 x4", "US", "+12125552368"),
        ("212 555 2368 #12", "US", "+12125552368"),
        ("+1 555 010 0100", None, "+15550100100"),
        ("０３－１２３４－５６７８", "JP", "+81312345678"),
    ],
)
def test_phones(text: str, region: str | None, e164: str) -> None:
    assert normal_phone(text, region) == e164


@pytest.mark.parametrize("text", ["", "hello", "12", "5260250274526025", "+", "601 234 567", "+1 " * 2000])
def test_no_phones(text: str) -> None:
    assert normal_phone(text, None) is None


def test_a_number_without_a_plus_must_be_valid_in_the_region() -> None:
    assert normal_phone("123 456", "PL") is None


def test_phones_are_found_in_text() -> None:
    text = "call 601 234 567 or +1 212 555 2368"
    found = find_phones(text, "PL")
    assert [(text[one.start : one.end], one.e164) for one in found] == [
        ("601 234 567", "+48601234567"),
        ("+1 212 555 2368", "+12125552368"),
    ]


def test_phones_are_shown_for_reading() -> None:
    assert show_phone("+48601234567") == "+48 601 234 567"
    assert show_phone("no number") == "no number"


@given(st.text(max_size=80))
def test_any_text_is_survived(text: str) -> None:
    normal_phone(text, "PL")
    find_phones(text, "PL")
    show_phone(text)
    find_emails(text)
    normal_email(text)


@pytest.mark.parametrize(
    ("text", "email"),
    [("Anna@Example.COM", "anna@example.com"), (" <a.b+c@x.co.uk> ", "a.b+c@x.co.uk"), ("mailto:a@b.pl", "a@b.pl")],
)
def test_emails(text: str, email: str) -> None:
    assert normal_email(text) == email


@pytest.mark.parametrize("text", ["", "@", "a@b", "a b@c.de", ".a@b.de", "a..b@c.de", "a@-b.de", "a@b.1"])
def test_no_emails(text: str) -> None:
    assert normal_email(text) is None


def test_emails_are_found_in_text() -> None:
    text = "Write to Anna@Example.com, or <b@c.pl>."
    found = find_emails(text)
    assert [one.email for one in found] == ["anna@example.com", "b@c.pl"]
    assert text[found[0].start : found[0].end] == "Anna@Example.com"
