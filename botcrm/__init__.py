"""A CRM that lives in the messenger; this module is what plugins may import."""

from botcrm.core.domain.events import Event
from botcrm.core.domain.kinds import ActivityKind
from botcrm.markers import hookimpl

__version__ = "0.1.0"

__all__ = ["ActivityKind", "Event", "__version__", "hookimpl"]
