"""What is typed while a question waits and begins with a command's name: the answer, a command of its own, or either of them."""

import re
from dataclasses import replace

from botcrm.core.domain.grammar import Line
from botcrm.core.models import Draft
from botcrm.core.services.search.subjects import ENTITIES, match_subject
from botcrm.telegram import drafts
from botcrm.telegram.buttons import bulk, custom_fields, departments, dictionaries, filtering, personal, roles
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, lines, pack

# What is asked for is what something is called: nothing is called like a command with what fits it.
_NAMES = frozenset(
    {
        *(filtering.NAME, roles.ASKS_NAME, departments.ASKS_NAME, custom_fields.ASKS_NAME, custom_fields.ASKS_NEW_NAME),
        *(custom_fields.ASKS_WORDS, dictionaries.ASKS_WORDS, dictionaries.ASKS_WORD, dictionaries.ASKS_LIST),
    }
)
_CONDITION = re.compile(r"\w+(?::|[<>]=?)[\w+-]")
# `find out what it costs` is a note, `find acme` a search.
_SEARCHED = 2


async def passes_by(ctx: Context, waiting: Draft, found: list[Line]) -> bool:
    """Tell whether a line is done while a question waits for a name."""
    named = found and waiting.id and waiting.kind in _NAMES and found[0].args.head
    return bool(named) and await _is_command(ctx, found[0])


async def is_either(ctx: Context, waiting: Draft, found: list[Line]) -> bool:
    """Tell whether a line may be the words that a question waits for as well as a command: that is asked."""
    # A reply to a question is its answer; of erasing and of tags `drafts.takes` has told already.
    if not found or not waiting.id or waiting.kind not in drafts.VERBATIM - {personal.ASKS} or _is_tag(waiting):
        return False
    if waiting.kind != "client":
        return await _is_command(ctx, found[0])
    for line in found:
        if await _is_command(ctx, line) or (line.verb and (line.args.outcome or not line.args.head)):
            return True
    return False


def _is_tag(waiting: Draft) -> bool:
    return waiting.kind == bulk.VALUE and waiting.data["change"] in ("tag", "untag")


async def _is_command(ctx: Context, line: Line) -> bool:
    """Tell whether a line looks like our own business: behind a command's name is what fits it."""
    verb = next((one for one in ctx.plugged.verbs().verbs if one.name == line.verb), None)
    if verb is None or verb.name == "start":
        return False
    args = line.args
    facts = (args.refs, args.duration, args.stage, args.amount, args.next_text is not None, args.own)
    words = [token.text for token in args.head if token.shape == "word"]
    if any(facts) or any(map(_CONDITION.match, words)):
        return True
    if verb.alone or not verb.takes_subject:
        # What may stand behind a list's name was looked at when the line was read.
        return verb.alone or len(words) <= _SEARCHED
    return bool(args.subject_words) and (await match_subject(ctx.work, args.subject_words, ENTITIES)).clear


async def still_asked(ctx: Context, screen: Screen, waiting: Draft) -> Screen:
    """Add to the answer of a command that the question before it waits on, or that it was dropped for it."""
    if await Draft.filter(id=waiting.id).exists():
        button = [Button(ctx.words.t("Never mind"), pack("dx", waiting.id))]
        said = ctx.words.t("My question before this still waits for your answer.")
        return replace(screen, text=lines(screen.text, "✏ " + said), rows=(*screen.rows, button))
    return replace(screen, text=lines(screen.text, ctx.words.t("My question before this is dropped.")))
