"""Rules on the screen: the list, a rule's card, what it did, what it would do."""

from dataclasses import dataclass

from botcrm.core.models import Rule, RuleRun
from botcrm.core.services.rules import RuleRow
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.words import Words

SIGNS = {"on": "🟢", "off": "⚪", "incomplete": "🟡", "waits": "⏸"}


@dataclass(frozen=True, slots=True)
class Sentences:
    """A rule's parts as a manager reads them, as plain text.

    :ivar state: on, off, incomplete or waits
    :ivar reason: why it is incomplete or waits
    """

    trigger: str
    conditions: tuple[str, ...]
    actions: tuple[str, ...]
    state: str
    reason: str = ""


def sentence(words: Words, said: Sentences, delay: str) -> str:
    """Say what a rule does, in one sentence."""
    when = words.t("When {trigger}", trigger=said.trigger)
    only = words.t(" and {conditions}", conditions=words.t(" and ").join(said.conditions)) if said.conditions else ""
    after = words.t(", {delay} later", delay=delay) if delay else ""
    return f"{when}{only}{after}: {', '.join(said.actions) or words.t('nothing yet')}."


def state_name(words: Words, state: str) -> str:
    """Return what a rule's state is called."""
    names = {
        "on": words.t("on"),
        "off": words.t("off"),
        "incomplete": words.t("not complete"),
        "waits": words.t("waits"),
    }
    return names[state]


def rules_screen(
    words: Words, rows: list[tuple[RuleRow, Sentences, str]], page: int, *, more: bool, may_add: bool
) -> Screen:
    """List rules: each with its state, what it does and how often it ran."""
    shown = [
        lines(
            f"{SIGNS[said.state]} {bold(clip(row.rule.name, 80))}"
            + ("" if said.state in ("on", "off") else f" · {esc(state_name(words, said.state))}"),
            f"   {esc(clip(sentence(words, said, delay), 300))}",
            "   " + ran(words, row) if row.runs else "",
        )
        for row, said, delay in rows
    ]
    text = lines(bold(words.t("Rules")), *(shown or [words.t("No rules yet.")]))
    opens = [Button(f"{SIGNS[said.state]} {clip(row.rule.name, 30)}", pack("Ru", row.rule.id)) for row, said, _ in rows]
    turn = [Button("←", pack("Rl", page - 1))] if page else []
    if more:
        turn.append(Button("→", pack("Rl", page + 1)))
    new = [Button("➕ " + words.t("New rule"), pack("Rn", 0))] if may_add else []
    return Screen(text, (*rows_of(opens, 1), turn, new))


def ran(words: Words, row: RuleRow) -> str:
    """Say how often a rule ran."""
    times = words.n("ran once", "ran {n} times", row.runs)
    return dots(times, words.t("last {when}", when=words.soon(row.last_at)) if row.last_at else "")


def rule_screen(
    words: Words,
    row: RuleRow,
    said: Sentences,
    delay: str,
    owner: str,
    *,
    may_change: bool,
    signs: bool = False,
    head: str = "",
    undo: str = "",
) -> Screen:
    """Show a rule with its parts, and what can be done with it.

    :param signs: whether one of its actions proves itself by the rule's key
    """
    rule = row.rule
    actions = [f"   {n}. {esc(clip(one, 300))}" for n, one in enumerate(said.actions, 1)]
    text = lines(
        head,
        f"⚙ {bold(clip(rule.name, 200))} · {SIGNS[said.state]} {esc(state_name(words, said.state))}",
        f"❗ {esc(said.reason)}" if said.reason else "",
        words.t("When: {what}", what=esc(said.trigger)),
        *(words.t("Only if: {what}", what=esc(clip(one, 200))) for one in said.conditions),
        words.t("After: {delay}, if it still holds", delay=delay) if delay else "",
        words.t("Do:") if actions else words.t("Do: nothing yet"),
        *actions,
        words.t("For: what {who} may change", who=bold(owner)) if owner else words.t("For: everybody's records"),
        ran(words, row) if row.runs else words.t("It has not run yet."),
        "" if may_change else words.t("It came with botcrm; only an administrator changes it."),
    )
    rows: list[list[Button]] = []
    if may_change:
        rows = [
            [
                Button(words.t("When…"), pack("fm", f"rule.{rule.id}.t")),
                Button(words.t("Only if…"), pack("Rp", rule.id, "c")),
            ],
            [
                Button(words.t("Do…"), pack("Rp", rule.id, "a")),
                Button(words.t("Name, after…"), pack("fm", f"rule.{rule.id}.r")),
            ],
            [
                Button(words.t("Switch off"), pack("Ro", rule.id, 0))
                if rule.active
                else Button(words.t("Switch on"), pack("Ro", rule.id, 1)),
                Button("🧪 " + words.t("Try…"), pack("Ry", rule.id, 0)),
            ],
        ]
    key = [Button("🔑 " + words.t("Key"), pack("Rk", rule.id))] if may_change and signs else []
    runs = [Button(words.t("Runs"), pack("Rr", rule.id))] if row.runs else []
    gone = [Button("🗑 " + words.t("Delete"), pack("Rd", rule.id, rule.version))] if may_change else []
    back = [Button("← " + words.t("All rules"), pack("Rl", 0))]
    taken = [Button("↩ " + words.t("Undo"), undo)] if undo else []
    return Screen(text, (*rows, [*runs, *key, *gone], [*taken, *back]))


def key_screen(words: Words, rule: Rule, key: str, *, fresh: bool = False) -> Screen:
    """Show the key by which a rule proves itself, to copy it."""
    text = lines(
        f"🔑 {bold(clip(rule.name, 100))}",
        words.t("The rule has a new key; the old one signs nothing any more.") if fresh else "",
        f"<code>{esc(key)}</code>",
        words.t(
            "What the rule sends is signed with it: {header} is HMAC-SHA256 of {signed}. Give it to the receiver, and to nobody else.",
            header="<code>X-Botcrm-Signature</code>",
            signed="<code>X-Botcrm-Timestamp</code> + <code>.</code> + body",
        ),
    )
    row = [Button(words.t("Copy"), copy=key), Button(words.t("New key"), pack("RK", rule.id))]
    return Screen(text, (row, [Button("← " + words.t("Back"), pack("Ru", rule.id))]))


def runs_screen(words: Words, rule: Rule, runs: list[tuple[RuleRun, str, str]]) -> Screen:
    """Show a rule's last runs: each with the record's name and reference."""
    signs = {"done": "✅", "skipped": "⏭", "failed": "🚫"}
    shown = [
        f"{'⚠️' if run.did and run.error else signs.get(run.state, '·')} {words.soon(run.at)} · {bold(clip(name, 60))} · {ref}"
        f"\n   {esc(clip('; '.join(filter(None, (*run.did, run.error))), 300))}"
        for run, name, ref in runs
    ]
    text = lines(words.t("Runs of {rule}", rule=bold(clip(rule.name, 80))), *(shown or [words.t("Nothing yet.")]))
    opens = [Button(f"{ref} {clip(name, 18)}", pack("op", ref)) for _, name, ref in runs[:6]]
    return Screen(text, (*rows_of(opens, 2), [Button("← " + words.t("Back"), pack("Ru", rule.id))]))


def rule_failed_screen(words: Words, rule: Rule, ref: str, error: str, *, later: bool = False) -> Screen:
    """Tell who answers for a rule that it failed for a record.

    :param later: the rule itself ran; what it set going failed
    """
    kept = words.t("What else the rule did stays.") if later else words.t("Nothing of it was kept.")
    text = lines(
        "⚙ " + words.t("The rule {rule} failed for {ref}.", rule=bold(clip(rule.name, 100)), ref=ref),
        f"<code>{esc(clip(error, 300))}</code>",
        f"{kept} " + words.t("Other records are not touched by this."),
    )
    row = [
        Button(words.t("Open the rule"), pack("Ru", rule.id)),
        Button(words.t("Open {ref}", ref=ref), pack("op", ref)),
    ]
    return Screen(text, (row,))
