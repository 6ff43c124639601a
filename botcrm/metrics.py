"""What a process counts and measures, in the form that Prometheus reads."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from botcrm.core.services.doctor import Queues

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Spent = tuple[str, int, float]
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The measures of one process, in a registry of their own.

    Whoever does the work observes:
    `update_seconds.labels(verb="deal").observe(0.004)`, `sends.labels(result="ok").inc()`.
    Labels come from closed sets; a name that a person typed is never one.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.update_seconds = Histogram(
            "botcrm_update_seconds",
            "Seconds from taking an update up to its commit",
            ["verb"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.send_seconds = Histogram(
            "botcrm_send_seconds", "Seconds a call to the Bot API took", buckets=_SECONDS, registry=self.registry
        )
        self.updates = Counter("botcrm_updates", "Updates handled", registry=self.registry)
        self.sends = Counter("botcrm_sends", "Calls to the Bot API by result", ["result"], registry=self.registry)
        self.errors = Counter("botcrm_errors", "Errors by plugin", ["plugin"], registry=self.registry)
        self._spent: Callable[[], Iterable[Spent]] = tuple
        self.registry.register(self)
        self._queues = {
            name: Gauge(f"botcrm_{name}", meaning, registry=self.registry)
            for name, meaning in (
                ("inbox_waiting", "Updates stored and not handled yet"),
                ("inbox_oldest_seconds", "Age of the oldest update that is not handled"),
                ("inbox_quarantined", "Updates set aside after failing three times"),
                ("jobs_due", "Jobs whose time has come"),
                ("jobs_oldest_seconds", "How late the oldest due job is"),
                ("outbox_waiting", "Messages not sent yet"),
                ("outbox_oldest_seconds", "Age of the oldest message that is not sent"),
            )
        }

    def watch_plugins(self, spent: Callable[[], Iterable[Spent]]) -> None:
        """Say who tells, when somebody reads the measures, what calls of each plugin took: name, calls, seconds."""
        self._spent = spent

    def collect(self) -> Iterable[Metric]:
        """Return the measures that are read off at the moment; by the registry. A call itself costs nothing for it."""
        seconds = CounterMetricFamily("botcrm_plugin_seconds", "Seconds that calls of a plugin took", labels=["plugin"])
        calls = CounterMetricFamily("botcrm_plugin_calls", "Calls of a plugin", labels=["plugin"])
        for name, number, took in self._spent():
            calls.add_metric([name], number)
            seconds.add_metric([name], took)
        return [calls, seconds]

    def show_queues(self, queues: Queues) -> None:
        """Set the gauges of what waits."""
        for name, gauge in self._queues.items():
            gauge.set(getattr(queues, name))

    def text(self) -> bytes:
        """Return all measures in Prometheus' text format (`CONTENT_TYPE`)."""
        return generate_latest(self.registry)
