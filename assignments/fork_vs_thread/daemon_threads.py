"""A MISTAKE, for comparison: the thread server with daemon threads, which its end does not wait for.

All is as in `thread/server.py` until a stop signal. Then `serve` returns at once, the interpreter ends, and with it
every daemon thread wherever it is: who was accepted gets no answer. So a C server whose main returns (or calls
exit(3)) ends its detached threads; either has to wait for them, see `finish_threads`.
"""

import threading

from assignments.service import Connections, Handle, Options, main, say
from assignments.thread.server import run_thread


def serve(connections: Connections, handle: Handle, options: Options) -> None:
    """Serve every connection in a thread of its own, and wait for none of them."""
    for connection in connections:
        threading.Thread(target=run_thread, args=(connection, handle), daemon=True).start()
        say("server", f"#{connection.number} handed to a new thread")


if __name__ == "__main__":
    main(serve)
