"""The fields and words that the company made for itself, as every process sees them now.

They are read once for each version. The version is a row of the settings, which are read with every update anyhow: where it is 0
there are none, and nothing is asked.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from botcrm.core import db
from botcrm.core.models import Choice, CustomField

VERSION = "own_fields"
_KEPT = 4


@dataclass(frozen=True, slots=True)
class Known:
    """All fields, and the words of the lists they take theirs from.

    :ivar fields: those that are not deleted, in order
    :ivar every: the deleted ones as well: their values are kept, and found again when they come back
    :ivar choices: dictionary -> its words that can be chosen, in order
    :ivar names: dictionary -> what each word is called that was ever in it: what it went into, where it was merged
    :ivar ends: each word that was merged -> the one that stands for it
    """

    fields: tuple[CustomField, ...] = ()
    every: tuple[CustomField, ...] = ()
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    names: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    ends: Mapping[int, int] = field(default_factory=dict)


NONE = Known()
_by_version: dict[int, Known] = {}


async def known() -> Known:
    """Return the fields there are now."""
    row = await db.fetch_one("SELECT value FROM setting WHERE key = ? AND user_id = 0", VERSION)
    return await of_version(int(db.from_json(row["value"]))) if row else NONE


async def of_version(version: int) -> Known:
    """Return the fields of a version, as `Preferences.own_fields` names it."""
    if not version:
        return NONE
    found = _by_version.get(version)
    if found is None:
        found = await _read()
        while len(_by_version) >= _KEPT:
            del _by_version[next(iter(_by_version))]
        _by_version[version] = found
    return found


async def changed() -> None:
    """Have fields and words read anew from now on, by everybody."""
    await db.execute(
        "INSERT INTO setting (key, user_id, value) VALUES (?, 0, ?) "
        "ON CONFLICT (key, user_id) DO UPDATE SET value = excluded.value",
        VERSION,
        # Never the number of another base, nor of a change that was taken back.
        db.to_json(secrets.randbits(52) | 1),
    )


async def _read() -> Known:
    every = tuple(await CustomField.all().order_by("entity", "position", "id"))
    dictionaries = sorted({one.dictionary for one in every if one.dictionary})
    words = await Choice.filter(dictionary__in=dictionaries).order_by("position", "id") if dictionaries else []
    choices = {
        name: tuple(word for word in words if word.dictionary == name and word.deleted_at is None)
        for name in dictionaries
    }
    live = tuple(one for one in every if one.deleted_at is None)
    by_id = {word.id: word for word in words}
    ends = {word.id: _end(by_id, word) for word in words}
    names = {name: {one: ends[one].name for one in by_id if by_id[one].dictionary == name} for name in dictionaries}
    return Known(live, every, choices, names, {one: end.id for one, end in ends.items() if end.id != one})


def _end(own: Mapping[int, Choice], word: Choice) -> Choice:
    """Return the word that stands for another now."""
    seen = {word.id}
    while word.merged_into_id is not None and word.merged_into_id in own and word.merged_into_id not in seen:
        word = own[word.merged_into_id]
        seen.add(word.id)
    return word
