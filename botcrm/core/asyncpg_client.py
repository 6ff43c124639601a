"""Tortoise's PostgreSQL engine, with transactions that can be taken back from code that holds on to them."""

from collections.abc import Coroutine
from types import TracebackType
from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    TransactionContext,
    TransactionContextPooled,
)

from botcrm.core import lease


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver tells no types
    """A connection that goes back into the pool as it is: statements of ours leave nothing behind.

    The driver's own asks the server to reset it, after each statement outside of a transaction, which takes as long as the statement.
    """

    def get_reset_query(self) -> str:
        return ""


class Client(AsyncpgDBClient):
    """The engine's client: a pool of connections."""

    connection_class = _Connection

    def _in_transaction(self) -> TransactionContext:
        return TransactionContextPooled(_Transaction(self), self._pool_init_lock)


class _Asking(ConnectionWrapper[asyncpg.Connection]):
    """The connection for the length of a statement: on a slow server that may be long, whoever asks."""

    __slots__ = ("_lease",)

    async def __aenter__(self) -> asyncpg.Connection:
        self._lease = lease.begun()
        try:
            return await super().__aenter__()
        except BaseException:
            lease.ended(self._lease)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lease.ended(self._lease)
        await super().__aexit__(kind, error, trace)


class _Transaction(TransactionWrapper):
    """A transaction, or a savepoint in one: it asks for the lease of whoever uses it."""

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Transaction(self))

    def acquire_connection(self) -> ConnectionWrapper[asyncpg.Connection]:
        lease.check()
        return _Asking(self._lock, self)

    async def savepoint(self) -> None:
        lease.check()
        await self._timed(super().savepoint())

    async def release_savepoint(self) -> None:
        lease.check()
        await self._timed(super().release_savepoint())

    @staticmethod
    async def _timed(statement: Coroutine[Any, Any, None]) -> None:
        whose = lease.begun()
        try:
            await statement
        finally:
            lease.ended(whose)

    async def savepoint_rollback(self) -> None:
        # Those of whoever lost the transaction were taken back with it.
        if not lease.is_over():
            await super().savepoint_rollback()


client_class = Client
