"""The kinds of activity that botcrm ships."""

from botcrm import ActivityKind, Manifest, hookimpl

manifest = Manifest("Kinds of activity", "Call, meeting, task and e-mail.")


@hookimpl
def register_activity_kinds() -> list[ActivityKind]:
    """Name call, meeting, task and e-mail."""
    return [
        ActivityKind("call", "Call", "📞", words=("call", "phone", "ring")),
        ActivityKind("meeting", "Meeting", "🤝", words=("meet", "meeting", "visit", "see", "site")),
        ActivityKind("email", "E-mail", "✉️", words=("email", "e-mail", "mail", "write")),
        ActivityKind("task", "Task", "📌"),
    ]
