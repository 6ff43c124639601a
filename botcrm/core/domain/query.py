"""Read one-line queries: `stage:proposal amount>10k owner:me idle>5d -tag:lost "free words"`.

    query     = [kind] term*
    kind      = deals contacts companies leads activities      (deals where none is named)
    term      = ["-"] condition | ["-"] word
    condition = field operator value ("," value)*              (any of the values; only after `:`)
              | ">" stage | "#" tag | "@" owner
    operator  = ":" | "=" | ">" | "<" | ">=" | "<="
    value     = characters without a space or comma, or a text in quotes

What the fields mean is said in query_fields.py; what their values mean is found out where the query is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.query_fields import find_field, nearest
from botcrm.core.domain.text import fold

KINDS = {
    "deals": "deal",
    "contacts": "contact",
    "companies": "company",
    "leads": "lead",
    "activities": "activity",
}
KIND_OF = {entity: kind for kind, entity in KINDS.items()}
# One of them is meant as well: `contact city:warsaw`; and what people call them besides.
_WORDS = {**KINDS, **{entity: entity for entity in KINDS.values()}, "people": "contact", "tasks": "activity"}
# How near a mistyped one is at least, of 100: `contcts`, `companys`, not `control`.
_KIND_NEAR = 80.0
LONGEST = 500
MOST_TERMS = 20
_QUOTES = {'"': '"', "“": "”", "„": "”“", "«": "»", "「": "」"}
_FIELD = re.compile(r"[^\W\d][\w.-]{0,39}")
_OPERATOR = re.compile(r"\s*(>=|<=|[:=<>])\s*")
_SHORT = {">": "stage", "#": "tag", "@": "owner"}
_SIGNS = {field: sign for sign, field in _SHORT.items()}
_UNITS = r"[dwh]|days?|weeks?|months?|years?|hours?|[A-Z]{3}|zł|pln|eur|usd|gbp|дн\w*|недел\w*|месяц\w*|dni|tygodni\w*"
_UNIT = re.compile(rf"{_UNITS}|(?i:week|month|quarter|year)")
# What belongs to a value though a space stands before it: `10 000`, `30 days`, `10k PLN`, `last month`.
_SPACED = re.compile(
    rf"\d{{1,3}}(?:[ \u00a0]\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?[^\s,]*(?: (?:{_UNITS})(?=[\s,]|$))?"
    rf"|\d[\d.,]*\S{{0,3}} (?:{_UNITS})(?=[\s,]|$)"
    r"|(?i:last|this|next) (?i:week|month|quarter|year)(?=[\s,]|$)"
)
_PLAIN = re.compile(r"[^\s,;\"“„«「\\]+")
_OR = "or"
_PLAIN_WORD = re.compile(r"[^\W\d_][\w.+'’/-]*")


class QueryUnclear(CrmError):
    """A query cannot be read; `what` says what of it, as typed."""

    message = "“{what}” is not understood. Like this: stage:proposal amount>10k owner:me idle>5d"


class QuoteOpen(QueryUnclear):
    message = "The quotes before “{what}” are not closed."


class ValueMissing(QueryUnclear):
    message = "What is to stand after “{what}”? Like this: {example}"


class OrBetween(QueryUnclear):
    message = (
        '“or” goes between the values of one field, written as a comma: stage:new,proposal. For the word itself: "or"'
    )


class QueryTooLong(QueryUnclear):
    message = "The filter is too long: {most} characters and {terms} conditions at most."


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.

    :ivar field: as typed, in small letters; "" for free words
    :ivar operator: `:`, `>`, `<`, `>=` or `<=`; "" for free words
    :ivar values: any of them; one only unless the operator is `:`
    :ivar no: it must not hold
    """

    field: str
    operator: str
    values: tuple[str, ...]
    no: bool = False

    def __str__(self) -> str:
        sign = "-" if self.no else ""
        if not self.field:
            return sign + _written_word(self.values[0])
        return f"{sign}{self.field}{self.operator}{','.join(map(_written, self.values))}"


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for, among which records."""

    entity: str = "deal"
    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        """Write it so that reading gives it again."""
        return " ".join([KIND_OF[self.entity], *map(str, self.terms)]) if self.entity != "deal" else self._of_deals()

    def _of_deals(self) -> str:
        return " ".join(map(str, self.terms))

    def of(self, *fields: str) -> list[Term]:
        """Return the conditions on these fields."""
        return [term for term in self.terms if term.field in fields]


def meant_kind(query: Query) -> str:
    """Return the kind of records that a query's first word is a typo away from; "" where it is none."""
    first = query.terms[0] if query.terms and query.entity == "deal" else None
    if first is None or first.field or first.no:
        return ""
    near = nearest(first.values[0], _WORDS, most=1, least=_KIND_NEAR)
    return KIND_OF[_WORDS[near[0]]] if near else ""


def _written(value: str) -> str:
    # Behind `<` a value that begins with a sign would be read as another operator.
    return value if _PLAIN.fullmatch(value) and value[0] not in "=<>:" else _quoted(value)


def _written_word(value: str) -> str:
    plain = _PLAIN_WORD.fullmatch(value) and not _UNIT.fullmatch(value) and fold(value) not in (*_WORDS, _OR)
    return value if plain else _quoted(value)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_query(text: str, entity: str | None = None) -> Query:
    """Read a query.

    :param entity: which records where it names none; deals where this is None
    :raises QueryUnclear: it cannot be read
    """
    if len(text) > LONGEST:
        raise QueryTooLong(what="", most=LONGEST, terms=MOST_TERMS)
    reader = _Reader(text, entity or "deal")
    found = reader.kind()
    terms: list[Term] = []
    while (term := reader.term()) is not None:
        terms.append(term)
        if len(terms) > MOST_TERMS:
            raise QueryTooLong(what="", most=LONGEST, terms=MOST_TERMS)
    if not (found or terms) and text.strip():
        raise QueryUnclear(what=text.strip())
    return Query(found or entity or "deal", tuple(terms))


class _Reader:
    """A place in a text."""

    def __init__(self, text: str, entity: str) -> None:
        self.text = text
        self.entity = entity
        self.at = 0

    def _space(self) -> None:
        while self.at < len(self.text) and (self.text[self.at].isspace() or self.text[self.at] in ",;"):
            self.at += 1

    def kind(self) -> str | None:
        """Read the word that says which records, where it stands first."""
        self._space()
        match = _FIELD.match(self.text, self.at)
        if match is None:
            return None
        entity = _WORDS.get(fold(match[0]))
        after = self.text[match.end() : match.end() + 1]
        if entity is None or (after and not after.isspace()):
            return None
        operator = _OPERATOR.match(self.text, match.end())
        if operator and self._is_comparison(operator, match[0]):
            return None
        self.at, self.entity = match.end(), entity
        return entity

    def term(self) -> Term | None:
        """Read the next condition or word; None at the end."""
        self._space()
        if self.at >= len(self.text):
            return None
        no = self.text[self.at] == "-" and self.text[self.at + 1 : self.at + 2].strip() != ""
        self.at += no
        mark = self.text[self.at]
        if mark in _SHORT and _filled(self.text[self.at + 1 : self.at + 2], "<>=#@:,"):
            self.at += 1
            return Term(_SHORT[mark], ":", self._values(_SHORT[mark], mark), no)
        match = _FIELD.match(self.text, self.at)
        operator = _OPERATOR.match(self.text, match.end()) if match else None
        if match and operator and self._is_comparison(operator, match[0]):
            self.at = operator.end()
            field, sign = match[0].casefold(), operator[1].replace("=", ":") if operator[1] == "=" else operator[1]
            return Term(field, sign, self._values(field, operator[1], one=sign != ":"), no)
        quoted = mark in _QUOTES
        value = self._value(whole=True, word=True)
        if not quoted and fold(value) == _OR and not no:
            raise OrBetween(what=value)
        return Term("", "", (value,), no)

    def _is_comparison(self, operator: re.Match[str], word: str) -> bool:
        """Tell an operator from what begins a short condition: `roof >proposal` are a word and a stage, `stage : new` is one."""
        before = operator[0][:1].isspace()
        after = operator[0][-1:].isspace()
        if not before:
            return True
        if operator[1] == ":":
            return after and find_field(self.entity, word) is not None
        return after or self.text[operator.end() : operator.end() + 1].isdecimal()

    def _values(self, field: str, sign: str, *, one: bool = False) -> tuple[str, ...]:
        """Read what stands behind an operator; in what is compared a comma belongs to a number."""
        values: list[str] = []
        typed = sign if sign in _SHORT and _SHORT[sign] == field else f"{field}{sign}"
        while True:
            if self.at >= len(self.text) or self.text[self.at].isspace() or self.text[self.at] == ",":
                if not values:
                    raise ValueMissing(what=typed, example=self._example(field))
                raise QueryUnclear(what=f"{typed}{','.join(values)},")
            values.append(self._value(whole=one))
            if one:
                return (values[0],)
            if self.text[self.at : self.at + 1] != "," or self.text[self.at + 1 : self.at + 2].strip() == "":
                return tuple(dict.fromkeys(values))
            self.at += 1

    def _example(self, field: str) -> str:
        """Show how a condition on a field is written; of a field of the company's own only that it is asked for is known."""
        known = find_field(self.entity, field)
        return known.example if known else f"has:{field}"

    def _value(self, *, whole: bool = False, word: bool = False) -> str:
        """Read a text in quotes, or what stands before the next space; of a list of values, before the next comma."""
        mark = self.text[self.at]
        if mark in _QUOTES:
            return self._in_quotes(_QUOTES[mark])
        number = None if word else _SPACED.match(self.text, self.at)
        if number:
            self.at = number.end()
            return number[0].replace("\u00a0", " ")
        end = self.at
        while end < len(self.text) and not self.text[end].isspace() and (whole or self.text[end] != ","):
            end += 1
        value = self.text[self.at : end]
        self.at = end
        return value.rstrip(",;") or value if whole else value

    def _in_quotes(self, closing: str) -> str:
        start, found = self.at + 1, list[str]()
        at = start
        while at < len(self.text):
            mark = self.text[at]
            if mark == "\\" and self.text[at + 1 : at + 2] in ('"', "\\"):
                found.append(self.text[at + 1])
                at += 2
                continue
            if mark in closing:
                value = " ".join("".join(found).split())
                if not value:
                    raise QueryUnclear(what=self.text[start - 1 : at + 1])
                self.at = at + 1
                return value
            found.append(mark)
            at += 1
        raise QuoteOpen(what=self.text[start : start + 40])


def _filled(mark: str, no: str) -> bool:
    return bool(mark.strip()) and mark not in no
