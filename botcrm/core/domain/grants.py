"""Which grants there are: what a role can be given, on what, and how far."""

from botcrm.core.domain.kinds import Action, Reach

_ALL_ACTIONS = tuple(Action)
_PLAIN = (Action.READ, Action.ADD, Action.CHANGE, Action.DELETE)
# What may be granted, in the order people see it. Who may do what (roles, departments, settings) is the administrators' alone.
GRANTED: dict[str, tuple[Action, ...]] = {
    "deal": _ALL_ACTIONS,
    "lead": _ALL_ACTIONS,
    "contact": _ALL_ACTIONS,
    "company": _ALL_ACTIONS,
    "activity": _ALL_ACTIONS,
    "rule": _PLAIN,
    "filter": _PLAIN,
    "field": (Action.ADD, Action.CHANGE, Action.DELETE),
    "choice": (Action.ADD, Action.CHANGE, Action.DELETE),
    "user": (Action.READ, Action.ADD),
}
_OF_NOBODY = frozenset({"field", "choice"})
_EVERY = tuple(Reach)


def reaches(entity: str, action: str) -> tuple[Reach, ...]:
    """Return how far a grant can go, narrowest first; none at all where there is no such grant."""
    if entity not in GRANTED or action not in GRANTED[entity]:
        return ()
    if entity in _OF_NOBODY:
        return (Reach.NONE, Reach.ALL)
    if entity == "user":
        return (Reach.NONE, Reach.DEPARTMENT, Reach.ALL)
    return _EVERY
