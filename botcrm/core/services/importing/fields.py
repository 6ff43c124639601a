"""What a column of a file can become: the fields of each entity, with what people call them and how a cell of theirs is read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A field that a column can become.

    :ivar label: a gettext id
    :ivar kind: how a cell is read, see importing_cells.READERS
    :ivar length: the most characters that are kept, 0 for no limit of the field's own
    :ivar many: what several columns of it come to: a list, one text (joined by a space), lines; else the first that is filled
    """

    name: str
    label: str
    kind: str = "text"
    length: int = 0
    many: str = ""


_NAMES = (
    Target("name", "Name", length=300),
    Target("first_name", "First name", length=100),
    Target("middle_name", "Middle name", length=100),
    Target("last_name", "Last name", length=100),
)
_REACHED = (
    Target("phone", "Phone", "phone", many="list"),
    Target("email", "E-mail", "email", many="list"),
)
_ADDRESS = (
    Target("street", "Street", length=200, many="space"),
    Target("city", "City", length=100),
    Target("postcode", "Postcode", length=20),
    Target("region", "Region", length=100),
    Target("country", "Country", length=100),
)
_COMMON = (
    Target("tags", "Tags", "tags", many="list"),
    Target("owner", "Owner", "owner"),
    Target("external_id", "ID in the other system", length=200),
    Target("created_at", "Created", "moment"),
    Target("note", "Note", "note", many="lines"),
)
_MONEY = (
    Target("amount", "Amount", "amount"),
    Target("currency", "Currency", "currency"),
    Target("source", "Source", length=100),
)
_COMPANY = (
    Target("company", "Company", length=300),
    Target("company_ref", "The company's ID in the other system", length=200),
)

FIELDS: dict[str, tuple[Target, ...]] = {
    "contact": (
        *_NAMES,
        *_REACHED,
        *_COMPANY,
        Target("job_title", "Job title", length=100),
        Target("birth_date", "Birthday", "date"),
        Target("tax_id", "Tax number", length=32),
        Target("telegram_id", "Telegram ID", "number"),
        *_ADDRESS,
        *_COMMON,
    ),
    "company": (
        Target("name", "Name", length=300),
        *_REACHED,
        Target("website", "Website", length=300),
        Target("tax_id", "Tax number", length=32),
        *_ADDRESS,
        *_COMMON,
    ),
    "lead": (
        Target("title", "Title", length=500),
        *_NAMES,
        Target("company_name", "Company", length=300),
        *_REACHED,
        *_MONEY,
        Target("telegram_id", "Telegram ID", "number"),
        *_ADDRESS,
        *_COMMON,
    ),
    "deal": (
        Target("title", "Title", length=500),
        *_COMPANY,
        Target("contact", "Contact", length=300),
        Target("contact_ref", "The contact's ID in the other system", length=200),
        Target("contact_phone", "The contact's phone", "phone"),
        Target("contact_email", "The contact's e-mail", "email"),
        Target("pipeline", "Pipeline", "pipeline"),
        Target("stage", "Stage", "stage"),
        Target("status", "Status", "status"),
        *_MONEY,
        Target("expected_close", "Expected close", "date"),
        Target("closed_at", "Closed", "moment"),
        Target("lost_reason", "Lost because", length=500),
        *_COMMON,
    ),
}
ENTITIES = tuple(FIELDS)
# What a column becomes that is no field: nothing, or a line of the note with the column's name in front.
SKIP, NOTE = "", "note:"
CUSTOM = "custom:"


def target(entity: str, name: str) -> Target | None:
    """Return a field by name; None where there is none, as for what is skipped.

    Any name of an own field is taken here: whether there is such a field the frame knows.
    """
    if name.startswith(CUSTOM) and len(name) > len(CUSTOM):
        return Target(name, name.removeprefix(CUSTOM), "own")
    return _BY_NAME[entity].get(name)


_BY_NAME = {entity: {one.name: one for one in fields} for entity, fields in FIELDS.items()}
