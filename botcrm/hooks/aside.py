"""Run what may take long, like imports, on a thread that the process does not wait for at its end."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Seconds that importing a plugin, or asking it for what it registers, may take.
PATIENCE = 30.0


async def in_thread(function: Callable[[], T]) -> T:
    """Run a function on a thread and return what it returns.

    :raises TimeoutError: it takes too long
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def give(value: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(value)  # type: ignore[arg-type]

    def work() -> None:
        value, failed = None, None
        try:
            value = function()
        except Exception as exc:  # noqa: BLE001 - raised where it is waited for
            failed = exc
        except BaseException as exc:  # noqa: BLE001 - it would end the loop there
            failed = RuntimeError(f"{type(exc).__name__} was raised")
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(give, value, failed)

    threading.Thread(target=work, daemon=True, name="plugins").start()
    async with asyncio.timeout(PATIENCE):
        return await done
