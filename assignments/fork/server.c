/* Assignment 1, a child process per connection.
 *
 * It knows fork, wait and who closes which descriptor; how to serve is service.c's. No threads here: fork(2) copies
 * only the thread that calls it, and a lock that another one held would stay locked in the child for ever. */

#include "../service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIDS (4 * 1024 * 1024) /* process ids are below it (proc(5), pid_max) */

static unsigned served_by[PIDS]; /* process id -> number of its connection, 0 if it is none of ours; pages never
                                    touched cost nothing */
static unsigned living;

/* region reap */
/* Collect the exit status of the children that have ended; with flags 0 of all children, waiting for them.
 *
 * Until waitpid(2) has told its status, an ended child stays a zombie. Many ends may come as one SIGCHLD, so it asks
 * until there is no more. */
static void reap(int flags)
{
    pid_t pid;
    int status;
    while (living > 0 && (pid = waitpid(-1, &status, flags)) > 0) { /* 0: the others are still at work */
        if (served_by[pid] == 0)
            continue; /* an orphan that a container's first process inherits */
        if (WIFEXITED(status))
            say("server", "#%u reaped child %d, exit status %d", served_by[pid], pid, WEXITSTATUS(status));
        else
            say("server", "#%u reaped child %d, killed by signal %d", served_by[pid], pid, WTERMSIG(status));
        served_by[pid] = 0;
        living--;
    }
}
/* endregion reap */

/* Signals come only while the parent sleeps in ppoll (service.h): so this may print and change what serve changes. */
static void on_child_end(int number)
{
    (void)number;
    reap(WNOHANG);
}

/* End the children at once: SIGKILL cannot be ignored. */
static void kill_children(void)
{
    for (pid_t pid = 1; pid < PIDS; pid++)
        if (served_by[pid] != 0)
            kill(pid, SIGKILL);
    reap(0);
}

/* Serve every connection in a child process: N clients take about one delay. */
static void serve(void)
{
    struct connection connection;
    on_signal(SIGCHLD, on_child_end);
    before_the_end = kill_children;
    while (next_connection(&connection)) {
        /* region fork */
        /* fork(2) returns twice: 0 in the child and the child's process id in the parent. -1 is neither: the limit of
         * processes (EAGAIN) or of memory (ENOMEM) is reached, and some child's end may help. */
        pid_t pid;
        while ((pid = fork()) < 0) {
            say("server", "#%u fork failed (%s), trying again", connection.number, strerror(errno));
            wait_for_signal(PAUSE);
        }
        /* endregion fork */
        if (pid == 0) {
            /* region child */
            /* The child's whole life. Its copy of the listening socket would keep the port beyond the parent's end. It
             * always leaves by _exit(2): without that it would fall back into the accept loop, and exit(3) would also
             * run the parent's exit handlers and write out its buffers a second time. The stop signals stay blocked:
             * a stop is the parent's affair (Ctrl-C reaches them all), and the child finishes its work. */
            close(listener);
            snprintf(connection.actor, sizeof connection.actor, "child %d", getpid());
            handle(&connection);
            _exit(0);
            /* endregion child */
        }
        /* region parent */
        /* The parent closes its copy of the connection, or the child's close would not be the last one, which sends
         * FIN: the client would wait for the end, and the parent would run out of descriptors. */
        served_by[pid] = connection.number;
        living++;
        say("server", "#%u forked child %d", connection.number, pid);
        close(connection.socket);
        /* endregion parent */
    }
    while (living > 0) /* whose ends are told by SIGCHLD */
        wait_for_signal(FOREVER);
}

int main(int argc, char **argv)
{
    return run(argc, argv, NULL, serve);
}
