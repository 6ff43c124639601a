"""What fields of a company's own may be called, and how they are written in a line: no two alike, none that means something."""

import re

from botcrm.core.domain.custom_errors import BadName, FieldTaken, SameName
from botcrm.core.domain.events import FieldChanged
from botcrm.core.domain.text import fold
from botcrm.core.models import CustomField
from botcrm.core.services.custom import known as own_fields
from botcrm.core.services.work import Work

_LONGEST_NAME = 60
_LONGEST_KEY = 32
# What stands before a colon already: in links, in dates, in the query language, and as columns of files.
_TAKEN_WORDS = """
http https mailto tel tg note custom next id ref deal lead contact company person name title phone email amount currency stage
pipeline owner source status tag tags reason idle created updated closed close won lost open activity overdue due street city
postcode region country website job birth tax text type has no is not and or sort
"""
_TAKEN = frozenset(_TAKEN_WORDS.split())


def key_of(name: str) -> str:
    """Return how a field of a name is written in a line: “Roof type” as roof_type.

    :raises BadName: there is no letter in it
    """
    key = "_".join(re.findall(r"\w+", fold(name)))[:_LONGEST_KEY].strip("_")
    if not any(character.isalpha() for character in key) or not key[0].isalpha():
        raise BadName(value=name[:40], most=_LONGEST_NAME)
    return key


async def free_key(entity: str, name: str, field_id: int = 0) -> str:
    """Return the key that a field of a name gets; that of a deleted field is free.

    :param field_id: the field that is to be called so, where it is there already
    :raises BadName: it cannot be a name
    :raises FieldTaken: the key means something already
    :raises SameName: another field is called so
    """
    key = key_of(name)
    others = [one for one in (await own_fields.known()).fields if one.entity == entity and one.id != field_id]
    if key in _TAKEN or any(one.key == key for one in others):
        raise FieldTaken(key=key)
    if any(fold(one.name) == fold(name) for one in others):
        raise SameName(name=name)
    return key


def clean_name(text: str) -> str:
    """Return a field's name as it is kept.

    :raises BadName: there is nothing in it, or too much
    """
    name = " ".join(text.split())
    if not name or len(name) > _LONGEST_NAME:
        raise BadName(value=name[:40], most=_LONGEST_NAME)
    return name


async def make_way(work: Work, entity: str, name: str) -> None:
    """Have deleted fields be written otherwise that are called as a field will be now.

    That is newer than their deletion: taking it back is refused, so that two fields never go by one name. What was deleted can
    come back when this work is taken back first.
    """
    key = key_of(name)
    known = await own_fields.known()
    taken = {one.key for one in known.every if one.entity == entity}
    for one in known.every:
        if one.entity == entity and one.deleted_at is not None and (one.key == key or fold(one.name) == fold(name)):
            field = await CustomField.get(id=one.id)
            new = next(text for n in range(2, 1000) if (text := f"{key[: _LONGEST_KEY - 4]}_{n}") not in taken)
            taken.add(new)
            await work.change(field, FieldChanged, key=new)
