"""The verb about files of records: how one is imported."""

from botcrm.core.domain.grammar import Line
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen, bold, lines
from botcrm.telegram.screens.importing import KINDS as TITLES
from botcrm.telegram.screens.importing import importable


async def take_in(ctx: Context, line: Line) -> Screen:
    """Say how a file is imported: it is sent, and asked about."""
    kinds = [ctx.words.t(TITLES[entity]).casefold() for entity in importable(ctx)]
    if not kinds:
        return Screen("✋ " + ctx.words.t("Your role does not allow that."))
    return Screen(
        lines(
            "📥 " + bold(ctx.words.t("Import")),
            ctx.words.t(
                "Send me the file here: CSV, XLSX or vCard, up to 20 MB. I ask what it is: {kinds}.",
                kinds=", ".join(kinds),
            ),
            ctx.words.t("Exports of Bitrix24, HubSpot, Pipedrive, Kommo and Odoo are known by their columns."),
            ctx.words.t("You see how it was understood before anything is written, and can take it back as a whole."),
            ctx.words.t("Larger files: botcrm import on the server."),
        )
    )
