"""Floor 3. An executor of many machines: a Dask scheduler, whose workers have this project too.

Knows dask.distributed, which is there only where it was asked for. A worker offers slots, as many as submissions may be
judged beside each other there; one that must be alone takes all. The scheduler gives what a dead worker had to another;
what failed is tried again by who asks, as on one machine.
"""

import contextlib
from collections.abc import Iterator

from report.errors import SpecError
from report.grading.engine import Place
from report.recording import network

SLOTS = "slots"
PATIENCE = 15.0  # seconds for the scheduler to answer
REMEDY = "start each in this checkout: .venv/bin/python -m dask worker ADDRESS --nthreads 8 --resources slots=8"


@contextlib.contextmanager
def at(address: str) -> Iterator[Place]:
    """The workers of the scheduler there; raises SpecError where there are none that can be used."""
    try:
        from distributed import Client
    except ImportError:
        raise SpecError(
            "--scheduler needs Dask, here and on each worker: "
            ".venv/bin/python -m pip install --require-hashes -r requirements-cluster.txt"
        ) from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SpecError(f"--scheduler {address}: cannot be reached: {error}") from None
    with client:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        slots = [int(one["resources"].get(SLOTS, 0)) for one in workers.values()]
        if not any(slots):
            raise SpecError(f"--scheduler {address}: no worker there offers slots; {REMEDY}")
        try:
            are_apart = all(client.run(network.is_possible).values())
        except Exception as error:  # whatever a worker that has not this project makes of it
            raise SpecError(
                f"--scheduler {address}: a worker there cannot load this project: {error}; {REMEDY}"
            ) from None
        yield Place(
            client.get_executor(pure=False, resources={SLOTS: 1}),
            client.get_executor(pure=False, resources={SLOTS: max(slots)}),
            2 * sum(slots),  # who has done one finds the next already there
            f"{sum(slots)} submissions side by side on {len(slots)} workers",
            are_apart,
        )
