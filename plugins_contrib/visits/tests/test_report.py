"""The report."""

from botcrm_visits.tables import Visit

from botcrm import services
from botcrm.testing import Crm, Member
from botcrm.testing.contracts import ReportContract
from botcrm.testing.records import in_hands_of


class TestReport(ReportContract):
    """Whatever a report has to do right: rights, kinds of its columns, files."""

    report = "visits"

    async def fill(self, crm: Crm, owner: Member, count: int) -> None:
        """Have so many visits of somebody."""
        async with crm.work() as work:
            theirs = await in_hands_of(work, owner)
            activity = await services.log_activity(theirs, "meeting", "Visit", duration=20)
            for number in range(count):
                await Visit.create(
                    user_id=owner.user_id,
                    state="ended",
                    began_at=work.now,
                    ended_at=work.now,
                    minutes=20,
                    verdict=("in", "out", "unverifiable")[number % 3],
                    activity_id=activity.id,
                )


async def test_visits_are_counted_by_person(crm: Crm, rep: Member, manager: Member) -> None:
    await TestReport().fill(crm, rep, 4)
    table = await TestReport().table(crm, manager)
    assert list(table.rows) == [("Anna Rep", 4, 2, 1, 1, 80)]
