"""Tortoise's PostgreSQL engine, with transactions that can be taken back from code that holds on to them."""

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    TransactionContext,
    TransactionContextPooled,
)

from botcrm.core import lease


class Client(AsyncpgDBClient):
    """The engine's client: a pool of connections."""

    def _in_transaction(self) -> TransactionContext:
        return TransactionContextPooled(_Transaction(self), self._pool_init_lock)


class _Transaction(TransactionWrapper):
    """A transaction, or a savepoint in one: it asks for the lease of whoever uses it."""

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Transaction(self))

    def acquire_connection(self) -> ConnectionWrapper[asyncpg.Connection]:
        lease.check()
        return super().acquire_connection()

    async def savepoint(self) -> None:
        lease.check()
        await super().savepoint()

    async def release_savepoint(self) -> None:
        lease.check()
        await super().release_savepoint()

    async def savepoint_rollback(self) -> None:
        # Those of whoever lost the transaction were taken back with it.
        if not lease.is_over():
            await super().savepoint_rollback()


client_class = Client
