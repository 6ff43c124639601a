"""What an administrator can choose."""

from pydantic import Field

from botcrm import Settings


class VisitSettings(Settings):
    """The settings of visits."""

    radius: int = Field(500, ge=50, le=10_000, description="Metres from where a meeting began within which it lasts")
    silent_minutes: int = Field(
        15,
        ge=2,
        le=120,
        title="Silence",
        description="Minutes without news of the place until the person counts as gone",
    )
    most_hours: int = Field(
        12, ge=1, le=48, title="Longest", description="Hours after which a meeting nobody checked out of is closed"
    )
    keep_days: int = Field(30, ge=1, le=365, title="Keep", description="Days that positions are kept")
