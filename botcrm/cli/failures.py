"""How a command says that it could not be done."""

import os
import sys
import traceback
from collections.abc import Callable

from botcrm.core.domain.errors import CrmError
from botcrm.settings import SettingsError, load_settings


class Failure(Exception):
    """An operation that cannot be done; the text is the line to show, `code` what the command ends with."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def complain(line: str) -> None:
    """Write a line to standard error."""
    print(line, file=sys.stderr)


def explain(error: Exception) -> int:
    """Say in one line (one a variable for settings) what went wrong; returns the exit code.

    An error nobody foresaw is named by its kind; its traceback comes with BOTCRM_LOG_LEVEL=DEBUG, redacted.
    """
    if isinstance(error, SettingsError):
        for problem in error.problems:
            complain(problem)
        return 2
    if isinstance(error, Failure | CrmError):
        complain(f"botcrm: {error}")
        return error.code if isinstance(error, Failure) else 1
    redact = _redactor()
    complain(redact(f"botcrm: {type(error).__name__}: {error}".replace("\n", " ")))
    if os.environ.get("BOTCRM_LOG_LEVEL", "").upper() == "DEBUG":
        complain(redact("".join(traceback.format_exception(error))))
    return 1


def _redactor() -> Callable[[str], str]:
    from botcrm.logs import redactor

    try:
        return redactor(load_settings().secrets())
    except SettingsError:
        return redactor(())
