"""Make people with a known truth: who is the same, and everything that makes it hard to tell.

Of a hundred records five are noisy copies. The others hold families that share surname, address and often a telephone or a mailbox,
colleagues that share an office's telephone or mailbox, and namesakes who have nothing in common but the name. Names are English,
Polish and Russian, the last in either script. Nothing here is taken from botcrm: what the matcher knows must not be in its test.
"""

import csv
import random
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.duplicates_names import (
    CITIES,
    FORMS,
    FREE,
    GIVEN,
    LATIN,
    LETTERS,
    MIDDLES,
    PARTS,
    SHORT,
    STREETS,
    TRADES,
    UNWRITTEN,
)

FIELDS = ("external_id", "name", "phone", "email", "company", "birth_date", "street", "city", "postcode")
Row = dict[str, str]


def latin(text: str, scheme: str) -> str:
    """Write Russian in Latin letters by a scheme."""
    table = {letter: "" if to == "-" else to for letter, to in zip(LETTERS, LATIN[scheme].split(), strict=True)}
    return "".join(
        (table[letter.lower()].capitalize() if letter.isupper() else table[letter])
        if letter.lower() in table
        else letter
        for letter in text
    )


def _plain(text: str) -> str:
    text = text.replace("ł", "l").replace("Ł", "L")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


class _Maker:
    def __init__(self, seed: int, surnames: int) -> None:
        self.dice = random.Random(seed)
        self.surnames = {locale: self._surnames(locale, surnames) for locale in PARTS}
        self.given = {locale: tuple(names.split() for names in both) for locale, both in GIVEN.items()}
        self.serial = 0

    def _surnames(self, locale: str, count: int) -> list[str]:
        """Return surnames, the frequent first: choosing follows 1 / rank to the power of 0.7."""
        heads, tails = (part.split() for part in PARTS[locale])
        middles = MIDDLES["ru" if locale == "ru" else "en"]
        found: dict[str, None] = {}
        for _ in range(count * 20):
            if len(found) >= count:
                break
            found[self.dice.choice(heads) + self.dice.choice(middles) + self.dice.choice(tails)] = None
        return list(found)

    def surname(self, locale: str) -> str:
        names = self.surnames[locale]
        return names[min(len(names) - 1, int(len(names) * self.dice.random() ** (1 / 0.45)))]

    def person(self, locale: str, surname: str | None = None) -> Row:
        dice = self.dice
        woman = dice.random() < 0.5
        given = dice.choice(self.given[locale][woman])
        surname = surname or self.surname(locale)
        if woman and locale != "en":
            surname = _womans(surname)
        born = f"{dice.randrange(1945, 2005)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
        return {
            "locale": locale,
            "given": given,
            "surname": surname,
            "phone": self.number(locale),
            "email": self.address(given, surname),
            "birth_date": born,
            **self.home(locale),
        }

    def number(self, locale: str) -> str:
        digits = "".join(str(self.dice.randrange(10)) for _ in range(8))
        last, first, again = self.dice.randrange(10), self.dice.choice("567"), self.dice.randrange(10)
        return {"en": f"+447{digits}{last}", "pl": f"+48{first}{digits}", "ru": f"+79{digits}{again}"}[locale]

    def landline(self, locale: str) -> str:
        digits = "".join(str(self.dice.randrange(10)) for _ in range(7))
        return {"en": "+44203", "pl": "+4822", "ru": "+7495"}[locale] + digits

    def address(self, given: str, surname: str, host: str | None = None) -> str:
        dice = self.dice
        first, last = (_plain(latin(word, "habit")).lower() for word in (given, surname))
        local = dice.choice(
            (f"{first}.{last}", f"{first[0]}{last}", f"{last}.{first}", f"{first}{last}", f"{first}_{last}")
        )
        self.serial += 1
        tail = (
            "" if host else str(self.serial) if dice.random() < 0.6 else f"{dice.randrange(50, 99)}{self.serial % 1000}"
        )
        return f"{local}{tail}@{host or dice.choice(FREE)}"

    def home(self, locale: str) -> Row:
        dice = self.dice
        name, number = dice.choice(STREETS[locale].split()), dice.randrange(1, 200)
        flat = f"/{dice.randrange(1, 60)}" if dice.random() < 0.5 else ""
        street = {
            "en": f"{number}{flat and ' Flat ' + flat[1:]} {name} Street",
            "pl": f"ul. {name} {number}{flat}",
            "ru": f"ул. {name}, {number}{flat}",
        }[locale]
        code = (
            f"{dice.randrange(10, 99)}-{dice.randrange(100, 999)}"
            if locale == "pl"
            else str(dice.randrange(100000, 999999))
        )
        return {"street": street, "city": dice.choice(CITIES[locale].split()), "postcode": code}

    def people(self, count: int) -> Iterator[Row]:
        """Yield different people: alone, in families, at companies, and namesakes of some before them."""
        dice, made = self.dice, 0
        before: list[Row] = []
        while made < count:
            chance, locale = dice.random(), dice.choices(("en", "pl", "ru"), (4, 3, 3))[0]
            if chance < 0.05:
                group = self.family(locale)
            elif chance < 0.07:
                group = self.colleagues(locale)
            elif chance < 0.11 and before:
                other = dice.choice(before)
                twin = self.person(other["locale"])
                twin |= {
                    "given": other["given"],
                    "surname": other["surname"],
                    "email": self.address(other["given"], other["surname"]),
                }
                group = [twin]
            else:
                group = [self.person(locale)]
            for row in group[: count - made]:
                made += 1
                before.append(row)
                if len(before) > 5000:
                    before[dice.randrange(5000)] = before.pop()
                yield self.thinned(row)

    def family(self, locale: str) -> list[Row]:
        dice = self.dice
        surname, home, phone = self.surname(locale), self.home(locale), self.number(locale)
        mailbox = self.address(dice.choice(("family", "home", "dom")), surname)
        members: list[Row] = []
        for _ in range(dice.choice((2, 2, 3, 3, 4, 5))):
            row = self.person(locale, surname) | home
            while any(row["given"] == other["given"] for other in members):
                row = self.person(locale, surname) | home
            if dice.random() < 0.5:
                row["phone"] = phone
            if dice.random() < 0.15:
                row["email"] = mailbox
            members.append(row)
        return members

    def colleagues(self, locale: str) -> list[Row]:
        dice = self.dice
        word = self.surname(locale)
        kind = dice.choice(TRADES[locale])
        company = f"{word} {kind} {dice.choice(FORMS[locale])}"
        host = f"{_plain(latin(word, 'habit')).lower()}-{self.serial}.{dice.choice(('com', 'pl', 'ru', 'eu'))}"
        phone, where = self.landline(locale), self.home(locale)
        found = []
        for _ in range(min(60, int(dice.paretovariate(1.2)) + 1)):
            row = self.person(locale) | {"company": company}
            row["email"] = f"info@{host}" if dice.random() < 0.1 else self.address(row["given"], row["surname"], host)
            if dice.random() < 0.35:
                row["phone"] = phone
            if dice.random() < 0.7:
                row |= where
            found.append(row)
        return found

    def thinned(self, row: Row) -> Row:
        """Leave out what people do not write down."""
        for fields, share in UNWRITTEN:
            if self.dice.random() < share:
                row = row | dict.fromkeys(fields, "")
        if not row["phone"] and not row["email"]:
            row = row | {"phone": self.number(row["locale"])}
        return row

    # --- how it is written down, and how a copy goes wrong ---

    def written(self, row: Row, script: str | None = None) -> Row:
        dice = self.dice
        given, surname = row["given"], row["surname"]
        if row["locale"] == "ru":
            script = script or dice.choice(("cyrillic", "cyrillic", "passport", "habit"))
            if script != "cyrillic":
                given, surname = latin(given, script), latin(surname, script)
        name = f"{surname} {given}" if row.get("swapped") else f"{given} {surname}"
        phone = self.formatted(row["phone"]) if row["phone"] else ""
        return {field: row.get(field, "") for field in FIELDS} | {"name": name, "phone": phone}

    def formatted(self, number: str) -> str:
        length = 3 if number.startswith(("+44", "+48")) else 2
        code, rest = number[:length], number[length:]
        cut = [rest[:3], rest[3:6], rest[6:]]
        return self.dice.choice(
            (
                number,
                f"{code} {' '.join(cut)}",
                f"{code} ({cut[0]}) {cut[1]}-{cut[2]}",
                "00" + number[1:],
                f"{code}-{'-'.join(cut)}",
                f"{code} {rest}",
            )
        )

    def typo(self, word: str) -> str:
        dice = self.dice
        if len(word) < 3:
            return word
        at = dice.randrange(len(word))
        letter = dice.choice("abcdefghijklmnoprstuwyz" if word[at].isascii() else "абвгдежзиклмнопрстуя")
        match dice.randrange(4):
            case 0:
                return word[:at] + letter + word[at:]
            case 1:
                return word[:at] + word[at + 1 :]
            case 2:
                return word[:at] + letter + word[at + 1 :]
            case _:
                at = min(at, len(word) - 2)
                return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    def copy(self, row: Row) -> Row:
        """Return a noisy copy of a person, as written down."""
        dice = self.dice
        row = dict(row)
        script, upper, plain = None, False, False
        for change in dice.sample(range(16), dice.choice((1, 2, 2, 3, 3, 4))):
            match change:
                case 0 | 1:
                    field = "given" if change else "surname"
                    row[field] = self.typo(row[field])
                case 2:
                    row["swapped"] = "yes"
                case 3:
                    script = dice.choice(("passport", "habit", "polish", "cyrillic"))
                case 4:
                    row["given"] = SHORT.get(row["given"], row["given"])
                case 5:
                    row["given"] = row["given"][0] + "."
                case 6:
                    row["phone"] = ""
                case 7:
                    row["email"] = ""
                case 8:
                    row["phone"] = self.number(row["locale"])
                case 9:
                    row["email"] = self.address(row["given"], row["surname"])
                case 10:
                    row |= {"street": "", "postcode": ""}
                case 11:
                    row["birth_date"] = ""
                case 12:
                    row |= self.home(row["locale"])
                case 13:
                    row["street"] = (
                        self.typo(row["street"]).replace("ul. ", "").replace("ул. ", "").replace(" Street", " St")
                    )
                case 14:
                    upper = dice.random() < 0.5
                    plain = not upper
                case _:
                    row["email"] = row["email"].upper()
        written = self.written(row, script)
        if upper:
            written["name"] = written["name"].upper()
        if plain:
            written["name"] = _plain(written["name"]) if row["locale"] == "pl" else written["name"].lower()
        return written


def _womans(surname: str) -> str:
    for man, woman in (("ski", "ska"), ("cki", "cka"), ("ский", "ская"), ("ов", "ова"), ("ев", "ева"), ("ин", "ина")):
        if surname.endswith(man):
            return surname.removesuffix(man) + woman
    return surname


def make(count: int, seed: int, surnames: int = 6000) -> tuple[list[Row], list[list[str]]]:
    """Return `count` records in random order, and the external ids of those that are one person, two or more each.

    :param surnames: how many different ones there are in each of the three languages; few make many namesakes
    """
    maker = _Maker(seed, surnames)
    copies = count // 20
    dice = random.Random(seed + 1)
    people = list(maker.people(count - copies))
    chosen: dict[int, int] = {}
    for place in dice.choices(range(len(people)), k=copies):
        chosen[place] = chosen.get(place, 0) + 1
    rows: list[tuple[int, Row]] = []
    for place, person in enumerate(people):
        rows.append((place, maker.written(person)))
        rows.extend((place, maker.copy(person)) for _ in range(chosen.get(place, 0)))
    dice.shuffle(rows)
    same: dict[int, list[str]] = {}
    for number, (place, row) in enumerate(rows):
        row["external_id"] = f"r{number}"
        if place in chosen:
            same.setdefault(place, []).append(row["external_id"])
    return [row for _, row in rows], list(same.values())


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write records as a CSV file with a header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, FIELDS, extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)
