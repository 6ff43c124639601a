"""Which records of a whole base are worth comparing: those that share a key, of several kinds so that one wrong field loses nobody."""

from __future__ import annotations

from collections.abc import Iterator

from botcrm.core.domain.facts import Facts, rough_name
from botcrm.core.domain.translit import skeleton

# The kinds of keys, and how many records may share one and all be compared with each other. In a larger crowd those are
# compared that share a word of their names as well.
PHONE, EMAIL, MAILBOX, NUMBER, BIRTH, NAME, NAME_PLACE, PLACE, STREET, COMPANY, DAY = range(11)
MOST = (30, 30, 20, 30, 30, 12, 30, 30, 20, 30, 4)
# Kinds of which a larger crowd is left alone: a narrower key of another kind stands beside them.
ONLY_FEW = frozenset({DAY})


def blocks(entity: str, facts: Facts) -> Iterator[tuple[int, str]]:
    """Yield a record's keys, each with its kind."""
    for phone in facts.phones:
        yield PHONE, phone
    for email in facts.emails:
        yield EMAIL, email
        local = email.partition("@")[0]
        if len(local) >= 6:
            yield MAILBOX, local
    if facts.tax:
        yield NUMBER, f"t{facts.tax}"
    if facts.telegram:
        yield NUMBER, f"g{facts.telegram}"
    if facts.site:
        yield NUMBER, f"w{facts.site}"
    words = list(map(skeleton, facts.words))
    name = rough_name(facts.words)
    if facts.birth:
        yield DAY, facts.birth
        for word in words:
            yield BIRTH, f"{facts.birth}{word}"
        if facts.city:
            yield BIRTH, f"{facts.birth}:{facts.city}"
        if facts.postcode:
            yield BIRTH, f"{facts.birth}={facts.postcode}"
        if name:
            yield NAME_PLACE, f"{name}={facts.birth[:4]}"
            yield NAME_PLACE, f"{name}={facts.birth[4:]}"
    if name and facts.city:
        yield NAME_PLACE, f"{name}:{facts.city}"
    if name and facts.street:
        # The numbers stand first.
        yield (
            NAME_PLACE,
            f"{name}~{skeleton(next((part for part in facts.street.split() if not part.isdecimal()), ''))}",
        )
    if name and (entity == "company" or not _more_than_name(facts)):
        # Of people a name alone is not enough to be the same, whatever comes with it is in another key.
        yield NAME, name
    if facts.postcode:
        for word in words:
            yield PLACE, f"{facts.postcode} {word}"
    if facts.street:
        yield STREET, f"{facts.street}:{facts.city or facts.postcode}"
    if facts.company:
        for word in words:
            yield COMPANY, f"{facts.company} {word}"


def _more_than_name(facts: Facts) -> bool:
    return bool(facts.phones or facts.emails or facts.birth or facts.city or facts.street or facts.company or facts.tax)
