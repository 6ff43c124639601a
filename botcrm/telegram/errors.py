"""The one place that turns an error's facts into words for the person who caused it."""

from botcrm.core.domain.errors import (
    AlreadyClosed,
    AlreadyDone,
    CrmError,
    InvalidValue,
    NewerChange,
    NotAllowed,
    NotFound,
)
from botcrm.core.domain.preferences import PREFERENCES
from botcrm.telegram.screens.base import esc
from botcrm.words import Words

# What changed since, by event, for "not undone".
_CHANGES = {
    "DealStageChanged": "moved to another stage",
    "DealWon": "won",
    "DealLost": "lost",
    "DealChanged": "changed",
    "DealReopened": "opened again",
    "OwnerChanged": "handed over",
    "ActivityDone": "done",
    "ActivityRescheduled": "moved",
    "ActivityCancelled": "called off",
    "RecordMerged": "merged",
}


def change_words(words: Words, error: NewerChange) -> str:
    """Return what was changed since, as one says it."""
    return words.t(_CHANGES.get(error.what, "changed"))


def words_for(words: Words, error: CrmError) -> str:
    """Return what is wrong and how to mend it, as HTML."""
    facts = {name: esc(str(value)) for name, value in error.facts.items()}
    match error:
        case NotAllowed() if error.facts.get("entity") == "setting":
            return "✋ " + words.t("Only an administrator can do that.")
        case NotFound():
            return "🤷 " + words.t("Nothing here by {ref}. It may be gone, or not yours to see.", **facts)
        case NewerChange():
            return "↩ " + words.t(
                "Not undone: {who} changed it since ({what}).", who=facts["who"], what=change_words(words, error)
            )
        case AlreadyClosed() | AlreadyDone():
            status = words.t(str(error.status))
            return words.t("“{title}” is {status} already.", title=facts["title"], status=status)
        case InvalidValue():
            # A setting is named as it is typed; anything else begins the sentence.
            what = facts["what"] if error.what in PREFERENCES else facts["what"][:1].upper() + facts["what"][1:]
            return "✋ " + words.t("{what}: “{value}” is not understood. {how}", **facts | {"what": what})
    return "✋ " + words.t(error.message, **facts)
