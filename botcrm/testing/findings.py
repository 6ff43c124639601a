"""What a check finds: where, what is wrong, how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong with a plugin.

    :ivar where: the file and line, or what was tried
    :ivar what: what is wrong
    :ivar fix: what to do about it
    :ivar grave: it keeps the plugin from being sound; else it is advice
    """

    where: str
    what: str
    fix: str
    grave: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n    → {self.fix}"
