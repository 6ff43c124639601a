"""A part of a unit of work that can be taken back: its rows, and what it was to write and send."""

from types import TracebackType
from typing import TYPE_CHECKING

from botcrm.core import db

if TYPE_CHECKING:
    from botcrm.core.services.work import Work


class Savepoint:
    """What `Work.savepoint` returns; there are two of them in every update, and a generator takes three times as long."""

    __slots__ = ("_after", "_buffer", "_events", "_outbox", "_part", "_work")

    def __init__(self, work: "Work") -> None:
        self._work = work
        self._buffer = work._buffer

    async def __aenter__(self) -> None:
        await self._work.flush()
        buffer = self._buffer
        self._events, self._outbox, self._after = len(buffer.events), len(buffer.outbox_ids), len(buffer.after)
        self._part = db.transaction()
        await self._part.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                await self._work.flush()
            except BaseException as exc:
                await self._part.__aexit__(type(exc), exc, exc.__traceback__)
                self._take_back()
                raise
        try:
            await self._part.__aexit__(kind, error, trace)
        except BaseException:
            self._take_back()
            raise
        if error is not None:
            self._take_back()

    def _take_back(self) -> None:
        buffer = self._buffer
        del buffer.events[self._events :]
        for outbox_id in buffer.outbox_ids[self._outbox :]:
            buffer.posted.pop(outbox_id, None)
        del buffer.outbox_ids[self._outbox :]
        del buffer.after[self._after :]
        buffer.flushed = self._events
        buffer.touched.clear()
        buffer.known.clear()
