"""Every column that can hold words says whether it tells about a client; a new one that does not fails here."""

from __future__ import annotations

from datetime import date

import pytest
from tortoise import fields

from botcrm.core import models
from botcrm.core.domain.personal import COLUMNS, GONE, Says, Traces, bared, scrubbed

_WORDS = (fields.CharField, fields.TextField, fields.JSONField, fields.BinaryField, fields.DateField)
# Numbers that stand for somebody outside.
_NUMBERS = ("telegram_id", "chat_id")


def _columns() -> set[str]:
    return {
        f"{model._meta.db_table}.{name}"
        for model in (getattr(models, name) for name in models.__all__)
        if not model._meta.abstract
        for name, field in model._meta.fields_map.items()
        if isinstance(field, _WORDS) or name in _NUMBERS
    }


def test_every_column_of_words_is_declared() -> None:
    missing = _columns() - set(COLUMNS)
    assert not missing, f"say in core/domain/personal.py what they tell about a client: {sorted(missing)}"
    assert not set(COLUMNS) - _columns(), "declared, and not there"
    assert all(declared.why for declared in COLUMNS.values())


def test_what_a_record_of_a_person_holds_is_about_them() -> None:
    for table in ("contact", "lead"):
        own = {key: declared.says for key, declared in COLUMNS.items() if key.startswith(f"{table}.")}
        assert {key for key, says in own.items() if says is not Says.PERSON} <= {
            "lead.source",
            "lead.status",
            "lead.currency",
        }


@pytest.mark.parametrize(
    "text",
    [
        "call +48 601 999 888 now",
        "call 601-999-888",
        "call 601999888",
        "tel (48) 601 999.888",
        "Ask ZDZICH MURMUR",
        "murmur's roof",
        "to zm@hush.example",
        "Ask Zdzich\n Murmur",
    ],
)
def test_a_trace_is_found_however_it_is_written(text: str) -> None:
    pattern = Traces(("Zdzich Murmur", "Murmur", "zm@hush.example"), ("+48601999888",)).pattern()
    assert pattern
    assert GONE in scrubbed(text, pattern)
    assert not pattern.search(scrubbed(text, pattern))


@pytest.mark.parametrize("text", ["murmuring", "16019998887", "12,000", "601 999", "zm@hush.example.com2"])
def test_what_only_looks_like_it_stays(text: str) -> None:
    pattern = Traces(("Zdzich Murmur", "Murmur"), ("+48601999888",)).pattern()
    assert pattern
    assert scrubbed(text, pattern) == text


def test_whole_documents() -> None:
    pattern = Traces(("Ян Иванов",), ("7654321987",)).pattern()
    assert pattern
    found = scrubbed({"a": ["ян иванов", 7654321987, 12, None, True, 1.5], "Ян Иванов": {"x": "y"}}, pattern)
    assert found == {"a": [GONE, 0, 12, None, True, 1.5], GONE: {"x": "y"}}
    assert Traces().pattern() is None


def test_an_event_keeps_amounts_and_stages() -> None:
    event = {
        "title": "roof",
        "amount": "12",
        "stage_id": 3,
        "closed_at": "x",
        "telegram_id": 7,
        "name": "Z",
        "text": "t",
    }
    assert bared(event) == {"amount": "12", "stage_id": 3, "closed_at": "x"}
    assert bared({"birth_date": date.min.isoformat(), "custom": {}, "owner_id": None}) == {"owner_id": None}
