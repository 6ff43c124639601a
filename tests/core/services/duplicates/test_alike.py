"""Evidence that two records are the same comes together; the look-alikes themselves are in tests/hooks/test_cards.py."""

import pytest

from botcrm.core.services.duplicates.alike import together


def test_evidence_comes_together() -> None:
    assert together([]) == 0
    assert together([0.9]) == pytest.approx(0.9)
    assert together([0.9, 0.5]) == pytest.approx(0.95)
    assert together([0.9, -1.0]) == 0
    assert together([0.9, 0.9, -0.5]) == pytest.approx(0.495)
