"""A board's picture: readable at a phone's width whatever the names, small, and drawn apart."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcrm.reports import board_picture
from botcrm.reports.board_picture import MOST_HEIGHT, WIDTH, picture
from botcrm.reports.files import Files

CARD = {"name": "Acme roof repair", "amount": "PLN 12,000", "owner": "Anna", "when": "today send offer", "tone": "late"}
COLUMN = {
    "name": "New",
    "count": "12",
    "amount": "PLN 222,000",
    "colour": "#2f6fde",
    "cards": [CARD] * 3,
    "more": "and 9 more",
}


def task(*columns: dict[str, Any]) -> dict[str, Any]:
    return {"title": "Deals by stage", "subtitle": "Team", "nothing": "No deals", "columns": list(columns)}


def size(content: bytes) -> tuple[int, int]:
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_seven_stages_fit_on_a_phones_screen() -> None:
    empty = COLUMN | {"count": "0", "cards": [], "more": "", "amount": ""}
    width, height = size(picture(task(*[COLUMN] * 3, *[empty] * 4)))
    assert width == WIDTH
    assert height / width < 2.1, "a phone is 19.5:9"


def test_more_columns_than_a_picture_holds_are_left_out() -> None:
    width, height = size(picture(task(*[COLUMN] * 40)))
    # Telegram: width and height at most 10,000 together, 20 to 1.
    assert (width, height) <= (WIDTH, MOST_HEIGHT)


WILD = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["株式会社サンプル屋根修理工事見積", "🏠🔥", "Ромашка " * 20, "x" * 300, "한국어 회사", ""]),
)


@settings(max_examples=25, deadline=None)
@given(WILD, WILD, WILD)
def test_anything_typed_can_be_drawn(name: str, owner: str, when: str) -> None:
    card = {"name": name, "amount": owner, "owner": owner, "when": when, "tone": "none"}
    picture(task(COLUMN | {"name": name, "amount": when, "cards": [card]}))
    for text in (name, when):
        assert all(board_picture._length(line, 34, bold=True) <= 450 for line in board_picture._wrap(text, 34, 450))
        assert board_picture._length(board_picture._cut(text, 29, 200), 29) <= 200


async def test_it_is_drawn_by_a_process_of_its_own() -> None:
    content = await Files(deadline=600).drawn("botcrm.reports.board_picture", task(*[COLUMN] * 6))
    assert size(content)[0] == WIDTH
    assert len(content) < 500_000


@pytest.mark.parametrize("heavy", ["matplotlib", "numpy", "openpyxl", "aiogram", "tortoise"])
def test_it_loads_nothing_that_takes_long(heavy: str) -> None:
    """Somebody waits for the picture: what draws it begins at once."""
    code = f"import botcrm.reports.board_picture, sys; print({heavy!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("module", ["botcrm.telegram.boards", "botcrm.reports.board"])
def test_nobody_else_loads_the_library_that_draws(module: str) -> None:
    code = f"import {module}, sys; print('PIL' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_it_speaks_json_and_png() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "botcrm.reports.board_picture"],
        input=json.dumps(task(COLUMN)).encode(),
        capture_output=True,
        check=True,
    )
    assert size(done.stdout)[0] == WIDTH
    assert not done.stderr
