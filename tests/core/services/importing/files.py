"""What tests of importing share: files, and imports of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botcrm.app import App
from botcrm.core.models import Operation
from botcrm.core.services.operations import operations
from botcrm.core.services.staff.people import actor_by_id
from botcrm.imports.analysing import read_layout
from botcrm.imports.step import fingerprint
from botcrm.reminders import operations as running

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


async def begun(app: App, path: Path, entity: str, user_id: int | None = None, **params: Any) -> Operation:
    actor = await actor_by_id(app.defaults, user_id) if user_id else None
    layout = await read_layout(path, entity)
    async with app.work(actor) as work:
        operation = await operations.start(
            work,
            "import",
            entity,
            path.name,
            params={
                "name": path.name,
                "path": str(path),
                "fingerprint": fingerprint(path),
                "header": list(layout.header),
                "mapping": list(layout.mapping),
                "source": layout.source,
                "problems": str(path.with_suffix(".problems.csv")),
                "here": True,
                **params,
            },
        )
        await operations.run(work, operation, here=True)
    return operation


async def imported(app: App, path: Path, entity: str, user_id: int | None = None, **params: Any) -> Operation:
    operation = await begun(app, path, entity, user_id, **params)
    done = await running.run_here(app, operation.id)
    assert (done.state, done.error) == ("done", "")
    return done


def table(folder: Path, *rows: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def problems(operation: Operation) -> str:
    return Path(operation.params["problems"]).read_text(encoding="utf-8-sig")


def rewrite(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def told(operation: Operation) -> dict[str, int]:
    return {name: count for name, count in operation.counts.items() if count and name not in ("seen", "total")}


def people(folder: Path, count: int) -> Path:
    rows = [f"x{n},Person {n},60{n:07d},{'bad@' if n % 7 == 3 else ''},Firma {n % 11}" for n in range(count)]
    return table(folder, "external_id,Name,Phone,E-mail,Company", *rows)
