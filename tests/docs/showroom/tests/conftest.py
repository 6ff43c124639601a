"""The kit's fixtures, with this plugin in the bot."""

import botcrm_showroom
import pytest

pytest_plugins = ["botcrm.testing.fixtures"]


@pytest.fixture
def plugins() -> dict[str, object]:
    """Name the plugins of the bot under test; whatever else is installed is left out."""
    return {"showroom": botcrm_showroom}
