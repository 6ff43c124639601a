"""Column types the libraries do not have right for us."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from tortoise import fields
from tortoise.models import Model

_Moment = TypeVar("_Moment", datetime, datetime | None)


class UtcDatetimeField(fields.DatetimeField[_Moment]):
    """A moment, stored and returned as aware UTC.

    SQLite keeps and compares datetimes as text, so every value must go down in the same zone.
    """

    if TYPE_CHECKING:

        @overload
        def __init__(self: "UtcDatetimeField[datetime]", *, null: Literal[False] = False, **kwargs: Any) -> None: ...

        @overload
        def __init__(self: "UtcDatetimeField[datetime | None]", *, null: Literal[True], **kwargs: Any) -> None: ...

        def __init__(self, **kwargs: Any) -> None: ...

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(f"naive datetime for {self.model_field_name}: {value!r}")
            return value if value.tzinfo is UTC else value.astimezone(UTC)
        return super().to_db_value(value, instance)

    def to_python_value(self, value: Any) -> datetime | None:
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return _aware(moment)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
