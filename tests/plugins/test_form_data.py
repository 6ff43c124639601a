"""A form's body is read in whatever encoding it comes, and nothing in it is lost."""

from __future__ import annotations

import contextlib
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.plugins.channels.form_data import MOST_FIELDS, TRAP, FormData, Unreadable, read_form

FORM = {
    "Name": "Анна",
    "Tel": "+48 601",
    "e-mail": "a@b.pl",
    "Message": "hi\r\nthere",
    "budget": "10k",
    "utm_term": "roof",
}
KNOWN = {"name": "Анна", "phone": "+48 601", "email": "a@b.pl", "text": "hi\nthere"}


def multipart(fields: dict[str, str], boundary: str = "xyz") -> tuple[str, bytes]:
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    return f"multipart/form-data; boundary={boundary}", ("".join(parts) + f"--{boundary}--\r\n").encode()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json; charset=utf-8", json.dumps(FORM).encode()),
        ("application/x-www-form-urlencoded", urlencode(FORM).encode()),
        multipart(FORM),
    ],
    ids=["json", "urlencoded", "multipart"],
)
def test_each_encoding_reads_the_same(kind: str, body: bytes) -> None:
    assert read_form(kind, body) == FormData(KNOWN, {"budget": "10k", "utm_term": "roof"})


def test_first_and_last_name_are_one_name_and_doubles_are_kept() -> None:
    data = read_form(
        "application/json", b'{"first_name": "Jan", "last_name": "Nowak", "tel": "1", "phone": "2", "n": 3}'
    )
    assert (data.known, data.rest) == ({"phone": "1", "name": "Jan Nowak"}, {"phone": "2", "n": "3"})


def test_what_only_a_machine_fills_in_is_told_from_a_persons_website() -> None:
    assert read_form("application/json", json.dumps({TRAP: "spam"}).encode()).trapped
    assert not read_form("application/json", json.dumps({TRAP: "", "website": "acme.pl"}).encode()).trapped


def test_a_file_is_named_and_not_taken() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="cv"; filename="cv.pdf"\r\n\r\n%PDF\r\n--x--\r\n'
    assert read_form("multipart/form-data; boundary=x", body).rest == {"cv": "(a file, not taken: cv.pdf)"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[1]"),
        ("application/json", b"[" * 100_000),
        ("text/xml", b"<a/>"),
        ("application/x-www-form-urlencoded", b"a=\xff\xfe"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(MOST_FIELDS + 1))),
        ("multipart/form-data", b"nothing"),
    ],
)
def test_what_cannot_be_read_says_why(kind: str, body: bytes) -> None:
    with pytest.raises(Unreadable, match=r"\w"):
        read_form(kind, body)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=8))
def test_every_field_is_somewhere(fields: dict[str, str]) -> None:
    data = read_form("application/json", json.dumps(fields).encode())
    kept = "\n".join((*data.known.values(), *data.rest.values()))
    for name, value in fields.items():
        text = value.replace("\0", "").replace("\r\n", "\n").strip()
        assert text in kept or name.strip().lower().replace("-", "_").replace(" ", "_") == TRAP


@given(st.binary(max_size=300), st.sampled_from(["application/json", "multipart/form-data; boundary=b", "", "a/b"]))
def test_no_body_breaks_it(body: bytes, kind: str) -> None:
    with contextlib.suppress(Unreadable):
        read_form(kind, body)
