"""Plugins in the terminal: what there is, switching, and the commands that they bring."""

import argparse
import asyncio
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from botcrm.cli.failures import Failure
from botcrm.cli.session import opened, read_settings
from botcrm.cli.show import print_table
from botcrm.hooks import Loaded, state
from botcrm.hooks.loading import installed


def plugins(options: Namespace) -> int:
    """List the plugins, or switch one on or off; a bot that runs follows within half a minute."""
    return asyncio.run(_plugins(options.on, options.off))


async def _plugins(on: str | None, off: str | None) -> int:
    async with opened() as app:
        for name, wanted in ((on, True), (off, False)):
            if name is not None:
                await app.hooks.switch(name, wanted, reason="" if wanted else "switched off in the terminal")
        kept = await state.read_all()
        rows = [_row(plugin, kept.get(plugin.name, {}).get(":stats", {})) for plugin in app.hooks.plugins]
        reasons = [(plugin.name, plugin.reason) for plugin in app.hooks.plugins if plugin.reason]
    print_table([("Plugin", "Version", "Where", "State", "Calls", "Errors", "Seconds", "Hooks"), *rows])
    for name, reason in reasons:
        print(f"\n{name}: {reason}")
    return 0


def _row(plugin: Loaded, stats: dict[str, Any]) -> tuple[str, ...]:
    """Return a line; the figures are those that the running bot saved last."""
    return (
        plugin.name,
        plugin.version or "-",
        plugin.where,
        plugin.state,
        str(stats.get("calls", 0)),
        str(stats.get("errors", 0)),
        f"{stats.get('seconds', 0):.1f}",
        ", ".join(plugin.hooks) or "-",
    )


def run_command(words: Sequence[str]) -> int | None:
    """Run a command that a plugin brings; None where no plugin has it.

    :raises PluginFailed: it failed
    """
    return asyncio.run(_run_command(words))


async def _run_command(words: Sequence[str]) -> int | None:
    settings = read_settings()
    if not settings.plugins or not installed(settings.plugins_dir):
        return None  # what came with botcrm has no commands here: no database is made for a mistyped word
    async with opened(settings) as app:
        owned = app.hooks.registry.cli.get(words[0])
        if owned is None:
            return None
        command = owned.value
        parser = argparse.ArgumentParser(prog=f"botcrm {command.name}", description=command.help)
        try:
            if command.arguments is not None:
                command.arguments(parser)
        except Exception as exc:  # the plugin's own code
            raise Failure(f"the plugin {owned.plugin} failed: {type(exc).__name__}: {exc}") from exc
        options = parser.parse_args(words[1:])
        api = app.hooks.plugin(owned.plugin)
        # A person waits for it, and can interrupt it.
        code = await app.hooks.call(
            owned.plugin, f"terminal command {command.name}", command.run, api, options, deadline=86_400.0
        )
        return int(code or 0)
