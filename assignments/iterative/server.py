"""One connection at a time: whoever comes while one is served waits in the kernel's accept queue.

The given server of the course. It knows only the order of serving; how to serve is `service.py`'s.
"""

from assignments.service import Connections, Handle, Options, main


def serve(connections: Connections, handle: Handle, options: Options) -> None:
    """Serve the connections one after the other: N clients take N delays."""
    for connection in connections:
        handle(connection)


if __name__ == "__main__":
    main(serve)
