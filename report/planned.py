"""Floor 1. A run that is to be made: what the scenario declares, at the run's own speed. Starts nothing."""

from dataclasses import dataclass

from report.run import Identity
from report.scenario import Scenario
from report.spec import Assignment, Server


@dataclass(frozen=True, slots=True)
class Planned:
    """One run that is to be made: an assignment and which of its scenarios, servers and speeds.

    `port` is the one that the server has in its source; otherwise it gets one that is free.
    """

    assignment: Assignment
    identity: Identity
    port: int | None = None

    @property
    def scenario(self) -> Scenario:
        return self.assignment.scenarios[self.identity.scenario]

    @property
    def server(self) -> Server:
        return self.assignment.servers[self.identity.server]

    @property
    def delay(self) -> float:
        """Seconds that each answer takes, at this run's speed."""
        return self.scenario.delay / self.identity.speed

    @property
    def settle(self) -> float:
        """Seconds of observing after the last answer, at this run's speed."""
        return self.scenario.settle / self.identity.speed

    @property
    def stop_after(self) -> float | None:
        """Seconds after the first request at which the server is asked to stop, at this run's speed, if declared."""
        declared = self.scenario.stop_after
        return None if declared is None else declared / self.identity.speed

    @property
    def last_due(self) -> float:
        """Seconds from the first request to the end of the last phase, at this run's speed."""
        return sum(phase.seconds for phase in self.scenario.arrival or ()) / self.identity.speed

    @property
    def busiest(self) -> float:
        """Seconds after the first request at which the most is under way: late in the fastest phase's answers."""
        end, best, moment = 0.0, 0.0, 0.0
        for phase in self.scenario.arrival or ():
            end += phase.seconds
            if phase.rate > best:
                best, moment = phase.rate, end
        return moment / self.identity.speed + 0.6 * self.delay

    @property
    def expected_seconds(self) -> float:
        """A guess at how long the run takes, so that the longest begins first."""
        delays = float(self.scenario.predicted.get("makespan.delays", 1))
        return self.last_due + max(delays, 1) * self.delay + self.settle
