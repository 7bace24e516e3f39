/* The rule of assignment 3: which worker gets which message, when a worker is added, and when one is removed.
 *
 * It knows messages (connections), workers and one lock; every change happens under that lock, and is printed there
 * with depth and worker count, so the lines tell the true order. It starts no thread and reads no socket. */
#ifndef DISPATCHER_H
#define DISPATCHER_H

#include "../service.h"

#include <pthread.h>

/* The numbers of the rule: messages, workers, and seconds. */
struct rule {
    int capacity, max_workers, add_at, remove_at;
    double hold, cooldown;
};

/* A server logic: idle unless busy, and told to leave or gone from the ring by flags of its own. So the wish to stop
 * is never mistaken for a message, nor a message for it. What concerns this worker wakes this worker and no other. */
struct worker {
    unsigned number;
    bool busy, leaving, gone;
    struct connection message; /* while busy it is the worker's alone */
    pthread_cond_t ready;
};

/* Begin with an empty queue and the worker that never leaves; `start_thread` starts a worker's thread and returns 0
 * or an error number, and so does this. */
int open_queue(const struct rule *numbers, int (*start_thread)(struct worker *));

/* Called by the accept loop: is a slot free, a message arrives, no more will come (and all threads have ended). */
bool has_room(void);
void put(const struct connection *message);
void stop_workers(void);

/* Called by a worker's thread: its next message or NULL, done with it, and the last thing that it does. */
struct connection *take(struct worker *worker);
void finish(struct worker *worker);
void end_worker(struct worker *worker);

/* Called by the scaler's thread: tell a worker to leave whenever that is due, until the stop. */
void remove_while_low(void);

#endif
