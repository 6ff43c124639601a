"""What a form sent: read from a request's body, sorted into what is known of a person and the rest."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from urllib.parse import parse_qsl

MOST_FIELDS = 100
_MOST_VALUE = 10_000
# A field that people do not see, so that what fills it in is no person.
TRAP = "b_website"
_KNOWN = {
    "name": ("name", "full_name", "fullname", "your_name", "fio"),
    "phone": ("phone", "tel", "telephone", "mobile", "phone_number"),
    "email": ("email", "e_mail", "mail", "email_address"),
    "text": ("text", "message", "comment", "comments", "question"),
    "company": ("company", "organisation", "organization", "company_name"),
    "source": ("source",),
}
_MEANS = {word: known for known, words in _KNOWN.items() for word in words}


class Unreadable(ValueError):
    """The body is not what its type says."""


@dataclass(frozen=True, slots=True)
class FormData:
    """A form as it was filled in.

    :ivar known: name, phone, email, text, company, source; those that were given
    :ivar rest: everything else by its name, in order
    :ivar trapped: whether it was filled in by a machine
    """

    known: Mapping[str, str]
    rest: Mapping[str, str] = field(default_factory=dict)
    trapped: bool = False

    def fingerprint(self, form_id: int) -> str:
        """Return what is the same when the same is sent again."""
        facts = json.dumps([form_id, sorted(self.known.items()), sorted(self.rest.items())])
        return hashlib.sha256(facts.encode()).hexdigest()[:40]


def read_form(content_type: str, body: bytes) -> FormData:
    """Read a body of JSON, or of a form in either of its encodings.

    :raises Unreadable: says what is wrong with it
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _sorted(_json(body))
    if kind == "multipart/form-data":
        return _sorted(_multipart(content_type, body))
    if kind in ("application/x-www-form-urlencoded", ""):
        return _sorted(_encoded(body))
    raise Unreadable(f"{kind} is not understood: send JSON or a form")


def _json(body: bytes) -> Iterable[tuple[str, str]]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("the body is no JSON") from None
    if not isinstance(found, dict) or len(found) > MOST_FIELDS:
        raise Unreadable(f"the body is no JSON object of at most {MOST_FIELDS} fields")
    for name, value in found.items():
        if value is not None:
            yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _encoded(body: bytes) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Unreadable(f"the body is no form of at most {MOST_FIELDS} fields in UTF-8") from None


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    # The standard library reads it as the mail that it is modelled on.
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    mail = message_from_bytes(head + body, policy=policy.HTTP)
    parts = mail.get_payload()
    if not mail.is_multipart() or not isinstance(parts, list) or len(parts) > MOST_FIELDS:
        raise Unreadable(f"the body is no form of at most {MOST_FIELDS} fields")
    found = []
    for part in parts:
        name = part.get_param("name", header="content-disposition") if isinstance(part, Message) else None
        if isinstance(name, str) and isinstance(part, Message):
            content = part.get_payload(decode=True)
            text = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
            found.append((name, f"(a file, not taken: {part.get_filename()})" if part.get_filename() else text))
    return found


def _sorted(fields: Iterable[tuple[str, str]]) -> FormData:
    known: dict[str, str] = {}
    rest: dict[str, str] = {}
    parts: dict[str, str] = {}
    trapped = False
    for name, value in fields:
        text = value.replace("\0", "").replace("\r\n", "\n").strip()[:_MOST_VALUE]
        plain = name.strip().lower().replace("-", "_").replace(" ", "_")
        if plain == TRAP:
            trapped = trapped or bool(text)
        elif not text:
            continue
        elif plain in ("first_name", "last_name"):
            parts[plain] = text
        elif plain in _MEANS and _MEANS[plain] not in known:
            known[_MEANS[plain]] = text
        else:
            name = name.replace("\0", "").strip()[:100]
            rest[name] = f"{rest[name]}, {text}" if name in rest else text
    whole = " ".join(parts[key] for key in ("first_name", "last_name") if key in parts)
    if whole and "name" in known:
        rest["first/last name"] = whole
    elif whole:
        known["name"] = whole
    return FormData(known, rest, trapped)
