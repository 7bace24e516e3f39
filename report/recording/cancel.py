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

    def is_set(self, within: float = 0.0) -> bool:
        """Whether it is, or will be before so many seconds have passed."""
        poll = select.poll()  # select() takes no descriptor over 1023
        poll.register(self.descriptor, select.POLLIN)
        return bool(poll.poll(within * 1000))

    def check(self) -> None:
        """Raises CancelledError once it is set."""
        if self.is_set():
            raise CancelledError

    def wait(self, seconds: float) -> None:
        """So many seconds have passed; raises CancelledError as soon as it is set."""
        if self.is_set(seconds):
            raise CancelledError

    def close(self) -> None:
        os.close(self.descriptor)
