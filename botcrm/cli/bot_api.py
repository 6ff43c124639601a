"""Asking the Bot API server who the bot is; without the Telegram front end, which takes long to import."""

import json
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from botcrm.logs import redactor
from botcrm.settings import Settings

_DEADLINE = 10.0


class BotApiError(Exception):
    """The server cannot be reached or does not know the token; the text says which, without the token."""


@dataclass(frozen=True, slots=True)
class Me:
    """The bot as the server knows it; `clock_ahead`: seconds this machine's clock is ahead, None if it did not say."""

    username: str
    clock_ahead: float | None


async def get_me(settings: Settings) -> Me:
    """Call getMe.

    :raises BotApiError: no token is set, no answer in time, or a refusal
    """
    import aiohttp

    token = settings.token_text()
    if token is None:
        raise BotApiError("BOTCRM_TOKEN is not set")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_DEADLINE)) as session,
            session.get(f"{settings.telegram_api}/bot{token}/getMe") as response,
        ):
            received = time.time()
            date = response.headers.get("Date")
            answer = json.loads(await response.text())
    except TimeoutError:
        raise BotApiError(f"{settings.telegram_api} does not answer within {_DEADLINE:.0f} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        reason = redactor(settings.secrets())(str(error) or type(error).__name__)
        raise BotApiError(f"{settings.telegram_api} is no Bot API server that can be reached: {reason}") from None
    if not isinstance(answer, dict) or not answer.get("ok"):
        reason = answer.get("description", "no reason given") if isinstance(answer, dict) else "no reason given"
        raise BotApiError(f"{settings.telegram_api} refuses the token in BOTCRM_TOKEN: {reason}")
    return Me(str(answer["result"].get("username", "")), _ahead(date, received))


def _ahead(date: str | None, received: float) -> float | None:
    try:
        # The header is cut to whole seconds, so on average it was half a second later.
        return received - parsedate_to_datetime(date).timestamp() - 0.5 if date else None
    except ValueError:
        return None
