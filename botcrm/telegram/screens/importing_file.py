"""How a file is read, where that was told wrong or cannot be told: its letters, what parts its cells, its system, whose it is."""

from botcrm.core.models import Operation
from botcrm.imports.sources import TITLES
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, esc, lines, pack
from botcrm.words import Words

# What can be said of a file, by the letter in a button's data.
ENCODING, DELIMITER, SYSTEM, OWNER = "l", "d", "s", "o"
# gettext ids
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_REFS = frozenset({"external_id", "company_ref", "contact_ref"})


def system_title(name: str) -> str:
    """Return what people call the system that a file comes from."""
    return TITLES.get(name, name)


def system_lines(words: Words, operation: Operation) -> list[str]:
    """Say which system a file comes from, and what is missing where its IDs are to count."""
    params = operation.params
    name, has_ids = params.get("source", ""), not _REFS.isdisjoint(params["mapping"])
    if not name:
        ask = words.t(
            "Which system are its IDs from? Say it in {button}: then the next file brings nobody twice.",
            button=bold(words.t("The file…")),
        )
        return [ask] if has_ids else []
    said = words.t("Known as a file of {system}.", system=esc(system_title(name)))
    if has_ids or name == "botcrm":
        return [said]
    return [said, words.t("No column holds its IDs: say which in {button}.", button=bold(words.t("Columns…")))]


def file_screen(words: Words, operation: Operation) -> Screen:
    """Show how a file is read; a tap changes it."""
    params = operation.params
    parted = DELIMITERS.get(params.get("delimiter", ""))
    system = system_title(params.get("source", "")) or words.t("nobody knows")
    facts = [
        (ENCODING, words.t("Letters"), params.get("encoding", "")) if operation.progress.get("letters") else None,
        (DELIMITER, words.t("Cells parted by"), words.t(parted) if parted else params.get("delimiter") or "–")
        if params.get("kind") == "csv"
        else None,
        (SYSTEM, words.t("From the system"), system),
        (OWNER, words.t("Whose"), params.get("owner_name") or words.t("me")),
    ]
    rows: list[Row] = [
        [Button(f"{label}: {clip(value, 24)}", pack("iy", operation.id, what, 0))]
        for what, label, value in filter(None, facts)
    ]
    text = lines(bold(clip(operation.title, 60)), words.t("Tap what was understood wrong."))
    return Screen(text, (*rows, [_back(words, operation)]))


def letters_screen(words: Words, operation: Operation) -> Screen:
    """Offer the encodings that a file may be in, each by a line as it reads it."""
    now = operation.params.get("encoding", "")
    rows: list[Row] = [
        [Button(("• " if name == now else "") + clip(line, 48), pack("iY", operation.id, ENCODING, name))]
        for name, line in operation.progress.get("letters", ())
    ]
    text = lines(bold(clip(operation.title, 60)), words.t("Tap the line that reads right."))
    return Screen(text, (*rows, [_back(words, operation)]))


def delimiters_screen(words: Words, operation: Operation) -> Screen:
    """Offer what the cells may be parted by."""
    rows: list[Row] = [
        [
            Button(
                ("• " if sign == operation.params.get("delimiter") else "") + words.t(label),
                pack("iY", operation.id, DELIMITER, place),
            )
            for place, (sign, label) in enumerate(DELIMITERS.items())
        ]
    ]
    text = lines(bold(clip(operation.title, 60)), words.t("What stands between its cells?"))
    return Screen(text, (*rows, [_back(words, operation)]))


def systems_question(words: Words, operation: Operation) -> str:
    """Ask which system a file comes from."""
    return lines(
        bold(clip(operation.title, 60)),
        words.t("Which system is it from? Its IDs are known by that: the next file brings nobody twice."),
    )


def _back(words: Words, operation: Operation) -> Button:
    return Button("← " + words.t("Back"), pack("im", operation.id))
