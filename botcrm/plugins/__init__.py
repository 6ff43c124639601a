"""Built-in plugins, written on the same hooks as everybody's."""

from botcrm.plugins import kinds

BUILT_IN = (kinds,)
