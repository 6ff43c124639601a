"""Write a card as vCard 3.0, which every telephone reads."""

from collections.abc import Iterator

from botcrm_vcard.cards import Card

# RFC 2426, 2.6: lines are folded at 75 octets, without the line break.
_WIDTH = 75


def write_card(card: Card) -> bytes:
    """Return a card as a file in UTF-8."""
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"FN:{_escaped(card.called)}", f"N:{_structured(card)}"]
    if card.company:
        lines.append(f"ORG:{_escaped(card.company)}")
    if not card.name and card.company:
        lines.append("X-ABShowAs:COMPANY")
    lines += [f"TEL;TYPE=VOICE:{_escaped(phone)}" for phone in card.phones]
    lines += [f"EMAIL;TYPE=INTERNET:{_escaped(email)}" for email in card.emails]
    lines += [f"NOTE:{_escaped(text)}" for text in card.more]
    lines.append("END:VCARD")
    return "".join(f"{piece}\r\n" for line in lines for piece in _folded(line)).encode("utf-8", "replace")


def file_name(card: Card) -> str:
    """Return what the file is called: the name, without what a file system minds."""
    kept = "".join(letter if letter.isalnum() or letter in " .-_" else "_" for letter in card.called)
    return f"{' '.join(kept.split())[:60].strip(' .') or 'contact'}.vcf"


def _structured(card: Card) -> str:
    """Return family and given name: the last word is taken for the family's."""
    given, _, family = card.name.rpartition(" ")
    return ";".join(map(_escaped, (family, given, "", "", "")))


def _escaped(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\\", "\\\\")
    return text.replace("\n", "\\n").replace(",", "\\,").replace(";", "\\;")


def _folded(line: str) -> Iterator[str]:
    """Cut a line so that no piece is longer than 75 bytes, and no letter is cut in two."""
    piece, size = "", 0
    for letter in line:
        width = len(letter.encode("utf-8", "replace"))
        if size + width > _WIDTH:
            yield piece
            piece, size = " ", 1
        piece += letter
        size += width
    yield piece
