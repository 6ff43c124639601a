"""What can go wrong, as facts; `telegram/errors.py` and `cli.py` turn them into words."""

from typing import Any, ClassVar


class CrmError(Exception):
    """A refusal that the person can understand and mend.

    `message` is the gettext id; its {placeholders} are filled from the error's attributes.
    """

    message: ClassVar[str] = "Something is wrong."

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.message, facts)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["facts"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __str__(self) -> str:
        try:
            return self.message.format(**self.facts)
        except (KeyError, IndexError):
            return f"{self.message} {self.facts}"


class NotFound(CrmError):
    """No such record within the actor's reach; said alike for what does not exist and what may not be seen."""

    message = "Nothing here by {ref}. It may be gone, or not yours to see."


class NotAllowed(CrmError):
    """The actor may see the record but not do this to it."""

    message = "Your role does not allow that."


class StageNotInPipeline(CrmError):
    message = "There is no stage “{stage}” in {pipeline}. Its stages: {stages}."


class AlreadyClosed(CrmError):
    message = "{title} is already {status}."


class AlreadyDone(CrmError):
    message = "“{title}” is already {status}."


class NewerChange(CrmError):
    """Somebody changed the record after the change that was to be taken back or made."""

    message = "Not undone: it was changed since, by {who} ({what})."


class NothingToUndo(CrmError):
    message = "There is nothing of yours to undo."


class Stale(CrmError):
    """The record changed between reading and writing."""

    message = "It was changed meanwhile. Here is how it stands now."


class InvalidValue(CrmError):
    message = "{what}: “{value}” is not understood. {how}"


class InviteUnusable(CrmError):
    message = "This link was used already or is too old. Ask for a new one."


class DatabaseUnusable(CrmError):
    message = "The database cannot be used: {reason}"
