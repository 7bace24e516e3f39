/* What all servers share: accepting connections, serving one of them, and stopping when told to.
 *
 * It knows sockets and signals, and nothing about who serves whom: no fork, no thread, no queue; that is each
 * server.c's. Include it first: it asks the system's headers for accept4, ppoll and gettid.
 *
 * Signals are blocked except where the main thread sleeps in ppoll(2). So none slips in between looking and
 * sleeping, no handler meets half-changed data, and whatever is started (a child, a thread) is never disturbed.
 */
#ifndef SERVICE_H
#define SERVICE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define PAUSE 100 /* milliseconds until the next try when the kernel was out of descriptors, memory or processes */
#define FOREVER (-1)

struct connection {
    int socket;
    unsigned number;                /* in accept order, from 1 */
    char peer[INET_ADDRSTRLEN + 6]; /* address:port */
    char actor[32];                 /* who serves it, for its lines */
};

/* An option of the command line, --name VALUE, or --name alone for a FLAG. A table of them ends with {0}. */
struct setting {
    const char *name;
    enum { TEXT, WHOLE, DECIMAL, FLAG } kind;
    void *value; /* to a const char *, an int, a double (0 or more) or a bool, which holds the default at first */
};

extern int listener; /* the listening socket */
extern double delay; /* seconds of sleep before the greeting */

/* Run a server from its command line; returns its exit status, 0 after a stop signal. */
int run(int argc, char **argv, const struct setting *own, void (*serve)(void));

/* Print the usage and one sentence to standard error, and exit with status 2. */
_Noreturn void refuse(const char *sentence, ...) __attribute__((format(printf, 1, 2)));

/* Print one event as one whole line. */
void say(const char *actor, const char *event, ...) __attribute__((format(printf, 2, 3)));

/* Wait for the next connection; false once a stop signal has come, and then nobody can connect any more. */
bool next_connection(struct connection *connection);

/* Serve one connection to its end and close it. The peer may vanish at any point. */
void handle(const struct connection *connection);

/* Let signals in, for so many milliseconds or until one comes; false once the server is to stop. */
bool wait_for_signal(int milliseconds);

/* Make the main thread's wait_for_signal return, now or the next time; any thread may say so. */
void wake(void);

/* Let a second stop signal end the server while the main thread is busy, or keep it for ppoll again. */
void allow_stop_signals(bool allowed);

/* Have a signal handled, with all others blocked meanwhile. */
void on_signal(int number, void (*handler)(int));

/* What a second stop signal does before it ends the server at once; NULL at first. */
extern void (*before_the_end)(void);

/* Seconds on a clock that nobody sets. */
double now(void);

/* Sleep so many seconds, whatever signals come. */
void sleep_for(double seconds);

#endif
