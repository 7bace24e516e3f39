"""Assignment 2, a thread per connection: all in one process, which shares memory and descriptors.

It knows only how a thread comes by its connection and how it ends; how to serve is `service.py`'s.
"""

import threading

from assignments.service import Connection, Connections, Handle, Options, main, say


def serve(connections: Connections, handle: Handle, options: Options) -> None:
    """Serve every connection in a thread of its own: N clients take about one delay."""
    for connection in connections:
        start_thread(connection, connections, handle)
    finish_threads()


def start_thread(connection: Connection, connections: Connections, handle: Handle) -> None:
    """Hand the connection to a new thread, if need be after some tries.

    `start()` calls pthread_create(3), which returns an error *number* (EAGAIN), never one below zero; Python
    makes a RuntimeError of it. Target and arguments travel as one pointer, to memory that the new thread
    owns and frees: in C a malloc'd struct of its own, never the address of a local variable.
    """
    while True:
        try:
            threading.Thread(target=run_thread, args=(connection, handle)).start()
        except RuntimeError as error:
            say("server", f"#{connection.number} no new thread ({error}), trying again")
            connections.pause()
        else:
            say("server", f"#{connection.number} handed to a new thread")
            return


def run_thread(connection: Connection, handle: Handle) -> None:
    """A thread's whole life. The descriptor is the process's: this thread alone closes it, and nobody else."""
    connection.actor = f"thread {threading.get_native_id()}"
    handle(connection)


def finish_threads() -> None:
    """Wait for the threads at work. They are detached: nobody keeps them, and each frees itself at its end.

    A thread detached by pthread_detach(3) cannot be joined, so a server in C would count its threads and wait
    for none on a condition variable; Python has that list, and a lock for each that its end releases.
    """
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join()


if __name__ == "__main__":
    main(serve)
