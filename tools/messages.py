"""Collect every text a person reads into botcrm/locales/botcrm.pot, the template translators start from.

`python tools/messages.py` writes it, `--check` fails where it is out of step with the code.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "botcrm" / "locales" / "botcrm.pot"
# Words.t and Words.n are what gettext and ngettext are called here.
KEYWORDS = {"t": None, "n": (1, 2)}


def table_texts() -> Iterator[str]:
    """Yield the texts that stand in tables and are translated where they are shown."""
    from botcrm.core.domain.custom_values import TYPES
    from botcrm.core.domain.errors import CrmError
    from botcrm.core.domain.kinds import ActivityStatus, DealStatus, Entity, LeadStatus
    from botcrm.core.domain.preferences import PREFERENCES
    from botcrm.core.services.custom.dictionaries import SHIPPED
    from botcrm.core.services.exporting import export
    from botcrm.core.services.importing import cells as importing_cells
    from botcrm.core.services.importing.fields import FIELDS
    from botcrm.core.services.operations.bulk_changes import PLAIN_FIELDS
    from botcrm.imports.table import READING_PROBLEMS
    from botcrm.plugins.kinds import register_activity_kinds
    from botcrm.plugins.reports import register_reports
    from botcrm.plugins.rules import register_rules
    from botcrm.telegram import errors
    from botcrm.telegram.activity_forms import Reminding
    from botcrm.telegram.commands import table  # noqa: F401 - its errors are subclasses too
    from botcrm.telegram.fields import fields_of
    from botcrm.telegram.rule_forms import Basics
    from botcrm.telegram.screens import bulk, cards, importing, operations, roles
    from botcrm.telegram.screens.texts import HELP

    waiting = [CrmError]
    while waiting:
        kind = waiting.pop()
        yield kind.message
        waiting += kind.__subclasses__()
    yield from (preference.meaning for preference in PREFERENCES.values())
    yield from (kind.label for kind in register_activity_kinds())
    yield from (text for report in register_reports() for text in (report.title, report.about))
    for text in HELP.values():
        yield text.menu
        if text.more:
            yield text.more
    yield from (str(word) for words in (Entity, DealStatus, LeadStatus, ActivityStatus) for word in words)
    yield from errors._CHANGES.values()
    yield from (text for kind in TYPES.values() for text in (kind.label, kind.example) if text)
    yield from (text for title, words in SHIPPED.values() for text in (title, *words))
    yield from importing_cells.PROBLEMS.values()
    yield from READING_PROBLEMS
    yield from (field.label for fields in FIELDS.values() for field in fields)
    yield from (text for texts in (importing.KINDS, importing.RULES) for text in texts.values())
    yield from (text for texts in (roles.ENTITIES, roles.ACTIONS, roles.REACHES) for text in texts.values())
    yield from export.KINDS
    yield from cards._OUTCOMES.values()
    yield from (label for _, label in bulk._LABELS.values())
    yield from bulk._WHY.values()
    yield from (name.replace("_", " ") for names in PLAIN_FIELDS.values() for name in names)
    yield from (
        text
        for texts in (operations._COUNTS, operations._CHANGED, operations._STATES, operations._REASONS)
        for text in texts.values()
    )
    for part in (*register_rules(), Basics, Reminding):
        yield getattr(part, "title", "")
        for field in fields_of(part):
            yield field.title
            yield field.about
            yield from (str(option).replace("_", " ") for option in field.options)


def template() -> str:
    """Return the template's text."""
    catalogue = Catalog(project="botcrm", copyright_holder="the botcrm authors", fuzzy=False)
    found = extract_from_dir(ROOT / "botcrm", [("**.py", "python")], keywords=KEYWORDS)
    for file, _, message, _, _ in sorted(found, key=lambda item: (item[0], item[1])):
        catalogue.add(message, locations=[(f"botcrm/{file}", 0)])
    for text in filter(None, table_texts()):
        catalogue.add(text)
    out = io.BytesIO()
    write_po(out, catalogue, omit_header=True, include_lineno=False, sort_output=True, width=110)
    return re.sub(r"\n{3,}", "\n\n", out.getvalue().decode())


def main() -> int:
    """Write or check the template."""
    text = template()
    if "--check" in sys.argv:
        same = TEMPLATE.exists() and TEMPLATE.read_text(encoding="utf-8") == text
        if not same:
            print("botcrm/locales/botcrm.pot is out of step: run python tools/messages.py", file=sys.stderr)
        return 0 if same else 1
    TEMPLATE.parent.mkdir(parents=True, exist_ok=True)
    TEMPLATE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    raise SystemExit(main())
