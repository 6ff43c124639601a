"""What came of a rule's run after it ended, and the key by which a rule proves itself to others."""

import hmac
import secrets
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.events import RuleRan
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Rule, RuleRun
from botcrm.core.services.rules import rule_of
from botcrm.core.services.staff.people import administrators, person_by_id
from botcrm.core.services.stored import store, stored
from botcrm.core.services.work import MODELS, Work

# One row holds the root of all rules' keys, and how often each rule has got another one. It is nobody's setting: those of the
# company (user 0) are read with every update.
_KEYS, _NOBODY = "rule_keys", -1
_LONGEST = 500


async def note_run(work: Work, run_id: int, text: str, *, failed: bool = False) -> None:
    """Add to a run of a rule what came of it later: in the rule's history, and in the record's timeline.

    The same word is noted once. Of a failure whoever answers for the rule is told.

    :param run_id: the run's id, as `services.rule_run` gave it
    :raises NotFound: the run or its rule is gone
    """
    await db.alone(f"rule_run:{run_id}")
    run = await RuleRun.filter(id=run_id).first()
    if run is None:
        raise NotFound(ref=f"run {run_id}")
    rule = await rule_of(work, run.rule_id)
    text = text[:_LONGEST]
    if text in run.did or text == run.error:
        return
    if failed:
        run.error = text
    else:
        run.did = [*run.did, text]
    await run.save(update_fields=["did", "error"])
    record = await MODELS[run.entity].filter(id=run.record_id, deleted_at=None).first()
    if record is not None:
        work.remember(RuleRan, record, after={"rule": rule.name, "rule_id": rule.id, "did": [text]})
    if failed:
        await tell_of_failure(work, rule, run.id, run.entity, run.record_id, text, later=True)


async def tell_of_failure(
    work: Work, rule: Rule, run_id: int, entity: str, record_id: int, error: str, *, later: bool = False
) -> None:
    """Tell whoever answers for a rule, once, that it failed for a record.

    :param later: the rule itself ran; what it set going failed
    """
    owner = await person_by_id(work.prefs, rule.owner_id) if rule.owner_id else None
    told = [(owner.id, owner.telegram_id)] if owner else await administrators()
    more: dict[str, Any] = {"later": True} if later else {}
    for user_id, chat_id in told:
        await work.tell(
            user_id,
            chat_id,
            "rule_failed",
            key=f"rule_failed:{run_id}:{user_id}" + (":later" if later else ""),
            rule_id=rule.id,
            name=rule.name,
            entity=entity,
            record_id=record_id,
            error=error[:300],
            **more,
        )


# --- keys ------------------------------------------------------------------------------------------------------------------


async def rule_key(work: Work, rule_id: int) -> str:
    """Return the key by which a rule signs what it sends: 64 hexadecimal digits, the rule's own.

    :raises NotFound: there is no such rule within reach
    """
    rule = await rule_of(work, rule_id)
    return _key(await _keys(), rule.id)


async def renew_rule_key(work: Work, rule_id: int) -> str:
    """Give a rule another key; the old one signs nothing any more.

    :raises NotAllowed: the actor may not change the rule
    """
    rule = await rule_of(work, rule_id, Action.CHANGE)
    kept = await _keys()
    kept["turns"] = kept["turns"] | {str(rule.id): int(kept["turns"].get(str(rule.id), 0)) + 1}
    await store(_KEYS, _NOBODY, kept)
    return _key(kept, rule.id)


def _key(kept: dict[str, Any], rule_id: int) -> str:
    turn = kept["turns"].get(str(rule_id), 0)
    return hmac.new(bytes.fromhex(kept["root"]), f"rule {rule_id} {turn}".encode(), "sha256").hexdigest()


async def _keys() -> dict[str, Any]:
    await db.alone(_KEYS)
    found: dict[str, Any] | None = await stored(_KEYS, _NOBODY)
    if found is None:
        found = {"root": secrets.token_hex(32), "turns": {}}
        await store(_KEYS, _NOBODY, found)
    return found
