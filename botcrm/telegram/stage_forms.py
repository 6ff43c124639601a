"""The forms of pipelines and stages: "stage.5" is stage 5's suggestion and days, "pipe.1" pipeline 1's suggestion."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.rot import MOST_ROT_DAYS, ROT_DAYS
from botcrm.core.services.stages import change_pipeline, change_stage, pipeline_of, stage_of
from botcrm.telegram.context import Context
from botcrm.telegram.forms import SOURCES, Form
from botcrm.telegram.screens.base import Button, bold, clip, pack

_PLACES = "{client} and {deal} become the names; a first word like “call” makes it a call"
_Text = Annotated[str, Field(max_length=300, title="Next step")]


class StageForm(BaseModel):
    """What a stage suggests, and how long a deal in it may be quiet."""

    suggests: bool = Field(
        True, title="Suggest a next step", description="Off: nobody is asked about deals in this stage"
    )
    smart_text: _Text = Field("", description="Suggested where a deal has none. " + _PLACES)
    rot_days: int = Field(
        ROT_DAYS,
        ge=0,
        le=MOST_ROT_DAYS,
        title="Quiet days",
        description="Business days without the client before a deal is marked with 🥀; 0: never",
    )


class PipelineForm(BaseModel):
    """What the stages of a pipeline suggest that say nothing of their own."""

    suggests: bool = Field(
        True, title="Suggest a next step", description="Off: nobody is asked about deals in this pipeline"
    )
    smart_text: _Text = Field("", description="Suggested where neither deal nor stage has one. " + _PLACES)


def stage_key(stage_id: int) -> str:
    """Return the key of a stage's form."""
    return f"stage.{stage_id}"


def pipeline_key(pipeline_id: int) -> str:
    """Return the key of a pipeline's form."""
    return f"pipe.{pipeline_id}"


def _id(rest: str) -> int:
    if not rest.isdecimal():
        raise NotFound(ref=rest)
    return int(rest)


def _back(ctx: Context) -> list[Button]:
    return [Button("← " + ctx.words.t("All stages"), pack("sl"))]


class StageForms:
    """Reads and writes what a stage is set to, for who has a say in what happens by itself."""

    async def load(self, ctx: Context, rest: str) -> Form:
        """Return a stage's form."""
        stage = await stage_of(ctx.work, _id(rest))
        values = {"suggests": stage.suggests, "smart_text": stage.smart_text, "rot_days": stage.rot_days}
        return Form(bold(clip(stage.name, 100)), StageForm, values, (_back(ctx),))

    async def save(self, ctx: Context, rest: str, values: dict[str, Any]) -> None:
        """Keep a stage's form."""
        known = StageForm(**values)
        await change_stage(
            ctx.work, _id(rest), smart_text=known.smart_text, rot_days=known.rot_days, suggests=known.suggests
        )


class PipelineForms:
    """Reads and writes what a pipeline is set to, for who has a say in what happens by itself."""

    async def load(self, ctx: Context, rest: str) -> Form:
        """Return a pipeline's form."""
        pipeline = await pipeline_of(ctx.work, _id(rest))
        values = {"suggests": pipeline.suggests, "smart_text": pipeline.smart_text}
        return Form(bold(clip(pipeline.name, 100)), PipelineForm, values, (_back(ctx),))

    async def save(self, ctx: Context, rest: str, values: dict[str, Any]) -> None:
        """Keep a pipeline's form."""
        known = PipelineForm(**values)
        await change_pipeline(ctx.work, _id(rest), smart_text=known.smart_text, suggests=known.suggests)


SOURCES["stage"] = StageForms()
SOURCES["pipe"] = PipelineForms()
