"""Our own exports, known by their columns: what went out comes back as it was."""

from collections.abc import Sequence

from botcrm.core.services.exporting.export import ENTITY_OF, columns
from botcrm.core.services.importing.fields import FIELDS, SKIP
from botcrm.core.services.importing.match import OWN
from botcrm.imports.sources import Source, plain_name

_CALLED = {"id": "external_id", "other_phones": "phone", "other_emails": "email"}


def recognise(header: Sequence[str], entity: str = "") -> Source | None:
    """Return which export a file is; the number of a record counts as the other system's id."""
    names = {plain_name(column) for column in header}
    for kind, one in ENTITY_OF.items():
        if one not in FIELDS or (entity and one != entity):
            continue
        known = columns(kind)
        if set(known) <= names:
            fields = {field.name for field in FIELDS[one]}
            return Source(OWN, one, {name: _CALLED.get(name, name if name in fields else SKIP) for name in known})
    return None
