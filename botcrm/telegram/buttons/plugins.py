"""Buttons about plugins: turn the list's pages, open one, switch it; and the form of its settings."""

from typing import Any

from botcrm.core.domain.errors import NotFound
from botcrm.hooks import PluginRefused
from botcrm.telegram.commands.plugins import demand_administrator
from botcrm.telegram.context import Context
from botcrm.telegram.fields import Sort, fields_of
from botcrm.telegram.forms import SOURCES, Form
from botcrm.telegram.screens.base import Button, Screen, bold, pack
from botcrm.telegram.screens.plugins import additions, plugin_screen, plugins_screen


async def show_plugins(ctx: Context, page: str) -> Screen:
    """Show a page of the list."""
    demand_administrator(ctx)
    return plugins_screen(ctx.words, ctx.plugged.hooks.plugins, int(page))


async def show_plugin(ctx: Context, name: str, head: str = "") -> Screen:
    """Show one plugin."""
    demand_administrator(ctx)
    hooks = ctx.plugged.hooks
    loaded, registry = ctx.plugged.loaded(name), ctx.plugged.registry
    words = ctx.plugged.words_of(name, ctx.words)
    return plugin_screen(
        words,
        loaded,
        hooks.manifest(name),
        additions(words, registry, name),
        settings=name in registry.settings,
        head=head,
    )


async def switch(ctx: Context, name: str, to: str) -> Screen:
    """Switch a plugin on or off; what it adds appears or vanishes at once."""
    demand_administrator(ctx)
    if to not in ("on", "off"):
        raise NotFound(ref=name)
    try:
        await ctx.plugged.hooks.switch(name, to == "on", by=ctx.user_id)
    except PluginRefused:
        return await show_plugin(ctx, name, "✋ " + ctx.words.t("It cannot be switched on."))
    done = ctx.words.t("Switched on") if to == "on" else ctx.words.t("Switched off")
    return await show_plugin(ctx, name, f"✅ {done}")


class PluginSettings:
    """The settings of plugins as forms: "plugin.visits"."""

    async def load(self, ctx: Context, rest: str) -> Form:
        """Return a plugin's settings.

        :raises NotAllowed: the actor is no administrator
        :raises NotFound: it is off, or has none
        """
        demand_administrator(ctx)
        model = ctx.plugged.registry.settings.get(rest)
        if model is None:
            raise NotFound(ref=rest)
        chosen = await ctx.plugged.hooks.settings_of(rest)
        own = ctx.plugged.words_of(rest, ctx.words)
        back = [Button("← " + ctx.words.t("Back"), pack("pd", rest))]
        title = "⚙️ " + bold(ctx.words.t("Settings of {plugin}", plugin=ctx.plugged.title(rest)))
        return Form(title, model, chosen.model_dump(mode="json", exclude_unset=True), (back,), own)

    async def save(self, ctx: Context, rest: str, values: dict[str, Any]) -> None:
        """Keep a plugin's settings; they are in force at once."""
        demand_administrator(ctx)
        model = ctx.plugged.registry.settings.get(rest)
        if model is None:
            raise NotFound(ref=rest)
        secret = {field.name for field in fields_of(model) if field.sort is Sort.SECRET}
        # What is no longer chosen goes back to its default.
        defaults = model.model_construct().model_dump(mode="json")
        chosen = {name: value for name, value in (defaults | values).items() if name not in secret}
        await ctx.plugged.hooks.change_settings(ctx.work, rest, **chosen)


SOURCES["plugin"] = PluginSettings()
