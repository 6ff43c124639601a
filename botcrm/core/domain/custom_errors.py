"""What can be wrong with a value of a company's own field, or with a field or a word that somebody makes."""

from typing import ClassVar

from botcrm.core.domain.errors import CrmError


class BadValue(CrmError):
    """A value that does not fit its field: `what` is the field's name, `value` what was typed.

    :cvar cell: what is wrong with it in a cell of a file, see importing_cells.PROBLEMS
    """

    message = "{what}: “{value}” is not understood."
    cell: ClassVar[str] = "unfit"


class NotText(BadValue):
    message = "{what}: nothing was written."


class NothingSaid(BadValue):
    """A field's key without a value behind it."""

    message = "{what}: nothing stands after “{key}:”. A dash empties it."


class SaidTwice(BadValue):
    """A field that a line says twice; the last value counts."""

    message = "{what} was said twice: “{value}” was taken."


class TooLong(BadValue):
    message = "{what}: “{value}…” is too long. At most {most} characters."


class NotANumber(BadValue):
    message = "{what}: “{value}” is no number. Write it like 12.5."
    cell = "decimal"


class NotAnAmount(BadValue):
    message = "{what}: “{value}” is no amount. Write it like 12k or 12 000 PLN."
    cell = "amount"


class NotADate(BadValue):
    message = "{what}: “{value}” is no date. Write it like fri, 24 nov or 2027-03-31."
    cell = "date"


class UnclearDate(BadValue):
    message = "{what}: “{value}” can be {days}. Name the month: 5 jun."
    cell = "date"


class NotATime(BadValue):
    message = "{what}: “{value}” is no time of day. Write it like 9:30."
    cell = "time"


class NoSuchChoice(BadValue):
    message = "{what}: there is no “{value}” in its list. There is: {choices}."
    cell = "choice"


class AmbiguousValue(BadValue):
    message = "{what}: “{value}” can be {choices}. Write more of it."


class NotYesOrNo(BadValue):
    message = "{what}: “{value}” is neither yes nor no."
    cell = "yes_no"


class NoSuchPerson(BadValue):
    message = "{what}: no colleague goes by “{value}”."
    cell = "owner"


class NotALink(BadValue):
    message = "{what}: “{value}” is no link. Write it like example.com/page."
    cell = "link"


class NoSuchFile(BadValue):
    message = "{what}: “{value}” is no file here. Tap the field and send the file."


class WrongPipeline(BadValue):
    """A field of one pipeline's deals, on a deal of another."""

    message = "{what} is only for deals in {pipeline}."


class NoSuchField(CrmError):
    message = "There is no field “{key}” here."


class FieldTaken(CrmError):
    """A field's name makes a word that is taken already."""

    message = "“{key}:” is taken already. Choose another name."


class TooManyFields(CrmError):
    message = "{most} fields are the most there can be here. Delete one first."


class SameName(CrmError):
    """Another field of the same records is called so."""

    message = "There is a field “{name}” here already. Choose another name."


class WordTaken(CrmError):
    message = "“{name}” is in the list already."


class NoSuchWord(CrmError):
    message = "That word is no longer in the list."


class BadName(CrmError):
    message = "“{value}” is no name. Write up to {most} characters, with a letter among them."
