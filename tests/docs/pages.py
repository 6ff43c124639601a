"""The pages of the documentation and what is in them."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^ *```([^\n`]*)\n(.*?)^ *```[ \t]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: what stands behind its fence, and its text."""

    label: str
    text: str

    @property
    def lines(self) -> list[str]:
        """Return the lines that are not blank."""
        return [line for line in self.text.splitlines() if line.strip()]


def pages() -> list[Path]:
    """List every page for readers."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def read(name: str) -> str:
    """Read a page by its path from the project's folder."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, *labels: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page whose label starts with one of these words."""
    for label, text in _BLOCK.findall(read(name)):
        if label.split(" ", 1)[0] in labels:
            yield Block(label, textwrap.dedent(text))


def fenced(name: str) -> Iterator[tuple[str, Block]]:
    """Yield the fenced blocks of a page, each with the heading that it stands below."""
    heading = ""
    for match in re.finditer(rf"^#+ (?P<heading>[^\n]*)$|{_BLOCK.pattern}", read(name), _BLOCK.flags):
        if match["heading"] is not None:
            heading = match["heading"].strip()
        else:
            yield heading, Block(match[2], textwrap.dedent(match[3]))


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    return _BLOCK.sub("", text)
