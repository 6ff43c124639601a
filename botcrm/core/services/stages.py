"""What managers set for a pipeline and its stages: the next step that is suggested, and how long a deal may be quiet."""

from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, NotFound
from botcrm.core.domain.events import SettingChanged
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.rot import MOST_ROT_DAYS
from botcrm.core.models import Pipeline, Stage
from botcrm.core.services.access import demand
from botcrm.core.services.work import Work

_LONGEST = 300


async def pipelines(work: Work) -> list[tuple[Pipeline, list[Stage]]]:
    """Return the pipelines in their order, each with its open stages.

    :raises NotAllowed: the actor has no say in what happens by itself
    """
    demand(work, "rule", Action.CHANGE)
    stages = await Stage.filter(kind="open").order_by("position", "id")
    return [
        (pipeline, [stage for stage in stages if stage.pipeline_id == pipeline.id])
        for pipeline in await Pipeline.all().order_by("position", "id")
    ]


async def stage_of(work: Work, stage_id: int) -> Stage:
    """Return a stage that the actor may change.

    :raises NotFound: there is none
    :raises NotAllowed: the actor has no say in what happens by itself
    """
    demand(work, "rule", Action.CHANGE)
    stage = await Stage.filter(id=stage_id).first()
    if stage is None:
        raise NotFound(ref=f"stage {stage_id}")
    return stage


async def pipeline_of(work: Work, pipeline_id: int) -> Pipeline:
    """Return a pipeline that the actor may change; see `stage_of`."""
    demand(work, "rule", Action.CHANGE)
    pipeline = await Pipeline.filter(id=pipeline_id).first()
    if pipeline is None:
        raise NotFound(ref=f"pipeline {pipeline_id}")
    return pipeline


async def change_stage(work: Work, stage_id: int, *, smart_text: str, rot_days: int, suggests: bool = True) -> Stage:
    """Set what is suggested in a stage, and after how many business days without contact a deal in it is pointed out.

    :param suggests: whether anything is suggested in it
    :raises InvalidValue: the text is too long, or the days are under 0 or over a year
    """
    stage = await stage_of(work, stage_id)
    if not 0 <= rot_days <= MOST_ROT_DAYS:
        raise InvalidValue(what="days", value=str(rot_days), how=f"From 0 (never) to {MOST_ROT_DAYS}.")
    text = _checked(smart_text)
    await Stage.filter(id=stage.id).update(smart_text=text, rot_days=rot_days, suggests=suggests)
    _told(work, f"stage.{stage.id}", smart_text=text, rot_days=rot_days, suggests=suggests)
    return await Stage.get(id=stage.id)


async def change_pipeline(work: Work, pipeline_id: int, *, smart_text: str, suggests: bool = True) -> Pipeline:
    """Set what is suggested in the stages of a pipeline that say nothing of their own.

    :param suggests: whether anything is suggested in any of them
    :raises InvalidValue: the text is too long
    """
    pipeline = await pipeline_of(work, pipeline_id)
    text = _checked(smart_text)
    await Pipeline.filter(id=pipeline.id).update(smart_text=text, suggests=suggests)
    _told(work, f"pipeline.{pipeline.id}", smart_text=text, suggests=suggests)
    return await Pipeline.get(id=pipeline.id)


def _checked(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        raise InvalidValue(what="text", value=text[:60], how=f"{_LONGEST} characters at most.")
    return text


def _told(work: Work, key: str, **values: Any) -> None:
    work.remember_plain(SettingChanged, "setting", 0, key=key, value=values)


async def suggested_text(deal_id: int) -> str:
    """Return what a deal's stage, or else its pipeline, suggests as the next step; empty where neither says anything.

    {client} becomes the contact's or else the company's name, {deal} the deal's title.
    """
    row = await db.fetch_one(
        "SELECT s.smart_text AS stage, p.smart_text AS pipeline, d.title, k.name AS contact, c.name AS company FROM deal d "
        "JOIN stage s ON s.id = d.stage_id JOIN pipeline p ON p.id = d.pipeline_id "
        "LEFT JOIN contact k ON k.id = d.contact_id AND k.deleted_at IS NULL "
        "LEFT JOIN company c ON c.id = d.company_id AND c.deleted_at IS NULL WHERE d.id = ?",
        deal_id,
    )
    if row is None:
        return ""
    text = str(row["stage"] or row["pipeline"])
    client = row["contact"] or row["company"] or row["title"]
    return " ".join(text.replace("{client}", client).replace("{deal}", row["title"]).split())[:1000]
