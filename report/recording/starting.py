"""Floor 2. The first stage of a run: the server is started, until the kernel says that it listens on its port.

Knows what can keep a server from that, and tells it with the stage that it did not come through. Probes no port with
a connection, which a student's server would count as a client.
"""

import re
from contextlib import ExitStack
from time import monotonic

from report.errors import ServerError
from report.recording import environment, kernel, network
from report.recording.command import Built, server_command
from report.recording.limits import Hold
from report.recording.process import NotStartedError, Supervised
from report.recording.stages import LOOK, Context, Started, fault

PORT_TRIES = 3
TIME_WAIT = 65.0  # seconds until the kernel has forgotten the connections of a port, and a little more: tcp(7)
SELDOM = 0.1  # seconds between looks at other ports than the server's own
_PORT_TAKEN = re.compile(r"address already in use|EADDRINUSE", re.IGNORECASE)


def start(context: Context, made: Built | None, stack: ExitStack) -> Started:
    """The server listens; `stack` ends it. A port that was taken meanwhile is tried with another.

    Raises ServerError with its stage: it could not be started or ended at once, or it does not listen there. When a
    port that is in the server's source is held by another program, no stage is told: the server is not to blame.
    """
    planned = context.planned
    name = f"{planned.identity}: the server"
    for tries_left in reversed(range(PORT_TRIES)):
        started = _started(context, name, made, stack)
        try:
            _await_listener(context, name, started)
        except ServerError:
            if not (tries_left and _was_taken(context, started)):
                raise
            if planned.port is not None:
                context.progress.stage(planned.identity, f"waiting for port {started.port}")
                _forget(context, started.port)
        else:
            break
    return started


def _is_apart(context: Context) -> bool:
    """Whether the server has a network of its own: nobody else has the port there that is in its source, and one that
    is shut in speaks to nobody else."""
    return (context.planned.port is not None or context.limits.room is not None) and network.is_possible()


def _port(context: Context) -> int:
    planned = context.planned
    if planned.port is None:
        return kernel.free_port()
    if not _is_apart(context) and kernel.listening(planned.port):
        raise ServerError(
            f"{planned.identity}: port {planned.port}, which the server has in its source, is held by another program; "
            f"end that one and try again (ss -ltnp 'sport = :{planned.port}' shows it)"
        )
    return planned.port


def _started(context: Context, name: str, made: Built | None, stack: ExitStack) -> Started:
    planned = context.planned
    port = _port(context)
    command = server_command(planned, port, made)
    hold = Hold(context.limits.bounds)
    stack.callback(hold.remove)
    apart = network.words(network.NEW) if _is_apart(context) else ()
    try:
        with environment.confined(planned.scenario.confine):
            server = Supervised(
                name,
                command.words,
                context.root / planned.server.directory,
                context.cancel,
                context.listener("server"),
                hold=hold.words,
                descriptors=hold.descriptors,
                network=apart,
                room=context.limits.room,
            )
        beside = network.words(str(server.pid)) if apart else ()
        return Started(stack.enter_context(server), port, command, hold, beside)
    except NotStartedError as error:
        raise ServerError(error.problems, "starts") from None


def _await_listener(context: Context, name: str, started: Started) -> None:
    """Returns when a process of the server's tree listens on the port."""
    server, port, command, hold = started.server, started.port, started.command, started.hold
    limits = context.limits
    patience = impatience = monotonic() + limits.start
    look = 0.0
    while not server.wait(lambda: server.finished is not None, LOOK):
        if kernel.listeners(port, server.supervisor):
            return
        now = monotonic()
        if now < min(look, impatience):
            continue
        look = now + SELDOM
        hold.look(server)
        if hold.excess:  # it is being ended for that, however long it has not listened
            server.wait(lambda: server.finished is not None, limits.start)
            break
        others = kernel.ports(server.supervisor)
        if port in others:  # since a moment ago
            return
        impatience = min(impatience, now + limits.elsewhere) if others else patience
        if now >= impatience and others:
            problem = f"does not listen on port {port}; it listens on {', '.join(map(str, others))}"
            raise fault(name, problem, server, command, "listens", others)
        if now >= patience:
            raise fault(name, f"did not listen on port {port} within {limits.start:g} s", server, command, "listens")
    if told := hold.close(server):
        raise fault(name, f"{told}, before it listened on port {port}", server, command, "starts", excess=hold.excess)
    problem = f"ended before it listened on port {port}"
    if _says_taken(server) and kernel.is_free(port):
        problem += ", which is free: the port that it tried is taken"
        raise fault(name, problem, server, command, "listens", astray=True)
    raise fault(name, problem, server, command, "starts")


def _was_taken(context: Context, started: Started) -> bool:
    """Whether the server may only have failed since its port could not be bound, be that port free by now.

    A port that is its own cannot be for a minute after each run, unless with SO_REUSEADDR: connections of the run
    before are in TIME_WAIT. Not every server says so.
    """
    if context.planned.port is not None:
        return not (_is_apart(context) or kernel.is_free(started.port))
    return _says_taken(started.server)


def _says_taken(server: Supervised) -> bool:
    return server.exited is not None and _PORT_TAKEN.search("\n".join(server.output().lines())) is not None


def _forget(context: Context, port: int) -> None:
    """The port can be bound again, or never will."""
    deadline = monotonic() + TIME_WAIT
    while not kernel.is_free(port) and monotonic() < deadline:
        context.cancel.wait(SELDOM)
