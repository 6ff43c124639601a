"""The built-in reports keep the contract that every plugin's have to."""

from botcrm.testing.contracts import ReportContract


class TestFunnel(ReportContract):
    """The sales funnel."""

    report = "funnel"


class TestActivities(ReportContract):
    """Activities by person."""

    report = "activities"
