"""Words that the made companies, people and deals are called by: none of them is anybody's."""

import random

KINDS = (
    "roof",
    "solar",
    "window",
    "garden",
    "kitchen",
    "floor",
    "heating",
    "facade",
    "fence",
    "garage",
    "bath",
    "attic",
)
WORKS = (
    "repair",
    "survey",
    "renewal",
    "cleaning",
    "design",
    "extension",
    "inspection",
    "service",
    "delivery",
    "upgrade",
)
FORMS = ("Ltd", "GmbH", "SA", "Group", "Works", "Systems", "Partners", "Trade", "House", "Studio")
_SYLLABLES = (
    "ba",
    "ko",
    "ri",
    "ne",
    "mar",
    "tel",
    "vo",
    "sun",
    "lin",
    "dor",
    "pa",
    "wes",
    "ka",
    "mi",
    "tan",
    "gor",
    "fe",
    "lu",
    "ste",
    "no",
)


def made_up(count: int, seed: int) -> list[str]:
    """Return distinct made-up names of two to four syllables."""
    dice = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(dice.choices(_SYLLABLES, k=dice.choice((2, 3, 3, 4)))).capitalize()] = None
    return list(found)
