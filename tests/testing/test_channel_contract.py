"""A channel of fifty lines passes the whole contract, and each promise broken is found."""

import pytest

from botcrm import Incoming
from botcrm.testing import Crm
from botcrm.testing.contracts import ChannelContract
from tests.testing import fifty_lines


class TestFiftyLines(ChannelContract):
    """The whole contract, by the provider's way."""

    channel = "sms"

    @pytest.fixture
    def plugins(self) -> list[object]:
        """Load the channel, and the contract's spam filter."""
        return [{"sms": fifty_lines}, ChannelContract.blocker()]

    async def deliver(self, crm: Crm, incoming: Incoming) -> None:
        """Post it as the service does."""
        body = {"id": incoming.external_id, "from": incoming.address, "text": incoming.text, "name": incoming.name}
        answer = await crm.post("/plugins/sms/in", json=body)
        assert (answer.status, answer.text) == (200, "ok")
