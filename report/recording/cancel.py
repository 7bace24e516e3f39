"""Floor 2. One request to stop, seen by every wait of every thread. Knows nothing of what is stopped."""

import os
import select


class CancelledError(Exception):
    """The recording was told to stop; everything begun has been ended."""


class Cancel:
    """Set once, also from a signal handler (it only writes to an eventfd(2)); `descriptor` stays readable then."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def set(self) -> None:
        os.eventfd_write(self.descriptor, 1)

    def is_set(self) -> bool:
        poll = select.poll()  # select() takes no descriptor over 1023
        poll.register(self.descriptor, select.POLLIN)
        return bool(poll.poll(0))

    def check(self) -> None:
        """Raises CancelledError once it is set."""
        if self.is_set():
            raise CancelledError

    def close(self) -> None:
        os.close(self.descriptor)
