"""The right to use a transaction, lent to code that may have to be left behind, and taken back.

A lease lies in the context, so it also covers whatever that code starts. What is run under a lease that is over is refused at
the database and in the unit of work: it can change nothing any more.
"""

from contextvars import ContextVar


class Lease:
    """One loan of a transaction.

    :ivar over: set by the lender, for good
    :ivar used: how many statements were begun or ended under it
    :ivar asking: how many of them are under way: whoever waits meanwhile waits for the database
    """

    __slots__ = ("asking", "over", "used")

    def __init__(self) -> None:
        self.over = False
        self.used = 0
        self.asking = 0


class LeaseOver(TimeoutError):
    """The unit of work was held too long, and has ended."""


current: ContextVar[Lease | None] = ContextVar("lease", default=None)


def check() -> None:
    """Note a use of the transaction.

    :raises LeaseOver: it may not be used here any more
    """
    lease = current.get()
    if lease is not None:
        if lease.over:
            raise LeaseOver("this unit of work is over: it was held too long")
        lease.used += 1


def begun() -> Lease | None:
    """Note that a statement is under way; returns whose, for `ended`."""
    lease = current.get()
    if lease is not None:
        lease.asking += 1
    return lease


def ended(lease: Lease | None) -> None:
    """Note that a statement ended."""
    if lease is not None:
        lease.asking -= 1
        lease.used += 1


def is_over() -> bool:
    """Tell whether whoever runs here lost the transaction, and with it every part of it."""
    lease = current.get()
    return lease is not None and lease.over
