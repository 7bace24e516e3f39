"""What Locust runs: its fast client, one connection a request, no pause; it prints its totals at the end."""

import json
import time

from locust import FastHttpUser, constant, events, task


class Client(FastHttpUser):  # type: ignore[misc]
    wait_time = constant(0)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """One request."""
        self.client.get("/", headers={"Connection": "close"})


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def tell(environment: object, **_: object) -> None:
    """The totals, in the same words as the other clients'."""
    total = environment.stats.total  # type: ignore[attr-defined]
    seconds = total.last_request_timestamp - total.start_time
    answered = total.num_requests - total.num_failures
    told = {"answered": answered, "failed": total.num_failures, "seconds": seconds, "cpu": time.process_time()}
    print(json.dumps(told), flush=True)
