"""Assignment 3, a bounded message queue whose workers are added and removed as the queue's depth demands.

It knows the threads: the accept loop puts in, workers take out, a scaler removes workers. The rule itself,
who gets what and when, is `dispatcher.py`'s; how to serve is `service.py`'s.
"""

import argparse
import sys
import threading
import time

from assignments.message_queue.dispatcher import Dispatcher, Rule, Worker
from assignments.options import Options, seconds
from assignments.service import PATIENCE, Connections, Handle, StopAtOnce, main

HOLD, COOLDOWN = 0.5, 0.1  # seconds, the least at speed 1: with no delay workers would come and go all the time
FLOOR = 0.025  # seconds, the least at any speed


def serve(connections: Connections, handle: Handle, options: Options) -> None:
    """Queue the connections for the workers. A slot is free *before* a connection is accepted."""

    def start_worker(worker: Worker) -> None:
        threading.Thread(target=work, args=(worker, dispatcher, handle), daemon=True).start()

    dispatcher = Dispatcher(rule(options), start_worker, freed=connections.wake, clock=time.monotonic)
    dispatcher.add_first_worker()
    threading.Thread(target=dispatcher.remove_while_low, daemon=True).start()
    connections.room = dispatcher.has_room
    for connection in connections:
        dispatcher.put(connection)
    dispatcher.stop()
    longest = (options.capacity + 1) * (options.read_timeout + options.delay + 2 * PATIENCE)
    join_all(longest)


def work(worker: Worker, dispatcher: Dispatcher, handle: Handle) -> None:
    """A worker's whole life: take a message, serve it, say so, until there is none to wait for."""
    while (message := dispatcher.take(worker)) is not None:
        message.actor = f"worker {worker.number}"
        handle(message)
        dispatcher.finish(worker, message)


def join_all(longest: float) -> None:
    """Wait for all threads, `longest` seconds altogether: one deadline, not one for each of them."""
    deadline = time.monotonic() + longest
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                raise StopAtOnce(1)


def rule(options: Options) -> Rule:
    """The rule's numbers from the command line, where hold and cooldown follow the delay unless given."""
    if not (0 <= options.remove_at < options.add_at <= options.capacity):
        sys.exit("server: must be 0 <= --remove-at < --add-at <= --capacity")
    if not (options.max_workers >= 1 and options.speed > 0):
        sys.exit("server: --max-workers must be 1 or more, --speed over 0")
    hold = max(options.delay, HOLD / options.speed, FLOOR) if options.hold is None else options.hold
    cooldown = max(hold / 5, COOLDOWN / options.speed, FLOOR) if options.cooldown is None else options.cooldown
    return Rule(options.capacity, options.max_workers, options.add_at, options.remove_at, hold, cooldown)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--capacity", default=10, type=int, help="slots of the queue")
    parser.add_argument("--max-workers", default=100, type=int, help="at most so many workers")
    parser.add_argument("--add-at", default=8, type=int, help="messages in the queue that add a worker")
    parser.add_argument("--remove-at", default=2, type=int, help="messages at or under which workers leave")
    parser.add_argument("--hold", type=seconds, help="seconds at --remove-at or under before the first leaves")
    parser.add_argument("--cooldown", type=seconds, help="seconds from one removal to the next")
    parser.add_argument("--speed", default=1, type=float, help="divides the floors of hold and cooldown")


if __name__ == "__main__":
    main(serve, add_arguments)
