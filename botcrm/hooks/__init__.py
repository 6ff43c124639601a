"""Loading plugins and calling them, so that a broken one never takes the bot down."""

from botcrm.hooks.calling import PluginFailed, PluginOff, PluginRefused
from botcrm.hooks.entry import Loaded
from botcrm.hooks.registry import Owned, Registry
from botcrm.hooks.switchboard import PluginManager

__all__ = ["Loaded", "Owned", "PluginFailed", "PluginManager", "PluginOff", "PluginRefused", "Registry"]
