"""The two pluggy markers: what botcrm asks (hookspec) and what a plugin answers (hookimpl)."""

import pluggy

hookspec = pluggy.HookspecMarker("botcrm")
hookimpl = pluggy.HookimplMarker("botcrm")
