/* The message queue, the ring of its workers, and who is next: see dispatcher.h. */

#include "dispatcher.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rule rule;
static int (*start)(struct worker *);

/* One mutex for all that follows: nothing here is read or changed without it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct connection *slots; /* the message queue, a ring buffer: `waiting` messages from `oldest` on */
static int oldest, waiting;
static struct worker **workers; /* the ring, in order of addition, so of their numbers */
static int worker_count;
static unsigned added;       /* workers ever added: numbers are not used again */
static unsigned served_last; /* number of the worker */
static double low_since;     /* since when the depth has been rule.remove_at or less, INFINITY if it is not */
static double next_removal;  /* not before: one removal per cooldown */
static pthread_cond_t low = PTHREAD_COND_INITIALIZER; /* told when the depth begins to be low */
static bool stopping;
static int threads; /* that have not ended: the workers' and the scaler's */
static pthread_cond_t all_ended = PTHREAD_COND_INITIALIZER;

static void tell(const char *actor, const char *event, ...) __attribute__((format(printf, 2, 3)));

/* ---- Called with the lock held --------------------------------------------------------------------------------- */

/* Print an event with what it made of depth and worker count: in the order of the changes, as they have one lock. */
static void tell(const char *actor, const char *event, ...)
{
    char text[160];
    va_list values;
    va_start(values, event);
    vsnprintf(text, sizeof text, event, values);
    va_end(values);
    say(actor, "%s, queue %d/%d, workers %d", text, waiting, rule.capacity, worker_count);
}

/* Start the clock of the hold when the depth becomes low; forget it when it is not low any more. */
static void watch_depth(void)
{
    if (waiting > rule.remove_at) {
        low_since = INFINITY;
    } else if (isinf(low_since)) {
        low_since = now();
        pthread_cond_signal(&low);
    }
}

/* region queue */
static void append(const struct connection *message)
{
    slots[(oldest + waiting) % rule.capacity] = *message;
    waiting++;
    watch_depth();
}

static struct connection pop(void)
{
    struct connection message = slots[oldest];
    if (waiting == rule.capacity)
        wake(); /* the accept loop, which waits for a free slot */
    oldest = (oldest + 1) % rule.capacity;
    waiting--;
    watch_depth();
    return message;
}
/* endregion queue */

static bool is_idle(const struct worker *worker)
{
    return !worker->busy;
}

/* Anybody but the first worker can be told to leave, and once. */
static bool is_removable(const struct worker *worker)
{
    return worker->number != 1 && !worker->leaving;
}

static bool is_idle_and_removable(const struct worker *worker)
{
    return is_idle(worker) && is_removable(worker);
}

/* region turn */
/* Round-robin: the first that suits, from the worker after the one served last all the way round; NULL if none does. */
static struct worker *next_in_turn(bool (*suits)(const struct worker *))
{
    int first = 0;
    while (first < worker_count && workers[first]->number <= served_last)
        first++;
    for (int step = 0; step < worker_count; step++) {
        struct worker *worker = workers[(first + step) % worker_count];
        if (suits(worker))
            return worker;
    }
    return NULL;
}

static void hand(const struct connection *message, struct worker *worker)
{
    worker->message = *message;
    worker->busy = true;
    served_last = worker->number;
    tell("server", "#%u handed to worker %u", message->number, worker->number);
    pthread_cond_signal(&worker->ready);
}
/* endregion turn */

/* region add */
/* Add a worker to the ring and start its thread; returns 0 or an error number. */
static int append_worker(void)
{
    struct worker *worker = calloc(1, sizeof *worker); /* its own memory: see end_worker */
    if (worker == NULL)
        return ENOMEM;
    worker->number = added + 1;
    pthread_cond_init(&worker->ready, NULL);
    int error = start(worker);
    if (error != 0) {
        pthread_cond_destroy(&worker->ready);
        free(worker);
        return error;
    }
    threads++;
    added++;
    workers[worker_count++] = worker;
    return 0;
}

/* Add one worker, which gets the oldest message at once: so nobody is ever added for nothing. */
static void add_worker(void)
{
    int error = append_worker();
    if (error != 0) {
        tell("server", "no new worker (%s)", strerror(error));
        return;
    }
    tell("server", "worker %u added", added);
    struct connection message = pop();
    hand(&message, workers[worker_count - 1]);
}
/* endregion add */

/* region remove */
static void remove_worker(struct worker *worker)
{
    int place = 0;
    while (workers[place] != worker)
        place++;
    worker_count--;
    memmove(workers + place, workers + place + 1, (worker_count - place) * sizeof *workers);
    worker->gone = true;
    tell("server", "worker %u removed", worker->number);
    pthread_cond_signal(&worker->ready);
}

/* An idle worker leaves at once; if all are busy, the next in turn leaves after its message (see finish). */
static void tell_one_to_leave(void)
{
    struct worker *worker = next_in_turn(is_idle_and_removable);
    if (worker == NULL)
        worker = next_in_turn(is_removable);
    worker->leaving = true;
    next_removal = now() + rule.cooldown;
    tell("server", "worker %u told to leave", worker->number);
    if (is_idle(worker))
        remove_worker(worker);
}

/* When the next worker is to be told to leave, by the clock; INFINITY as long as nothing asks for it. */
static double removal_due(void)
{
    if (next_in_turn(is_removable) == NULL)
        return INFINITY;
    return low_since + rule.hold > next_removal ? low_since + rule.hold : next_removal;
}
/* endregion remove */

static void thread_ends(void)
{
    if (--threads == 0)
        pthread_cond_signal(&all_ended);
}

/* ---- Called by the accept loop --------------------------------------------------------------------------------- */

int open_queue(const struct rule *numbers, int (*start_thread)(struct worker *))
{
    rule = *numbers;
    start = start_thread;
    slots = calloc(rule.capacity, sizeof *slots);
    workers = calloc(rule.max_workers, sizeof *workers);
    if (slots == NULL || workers == NULL)
        return ENOMEM;
    low_since = next_removal = now();
    pthread_mutex_lock(&lock);
    threads = 1; /* the scaler's, which the caller starts */
    int error = append_worker();
    pthread_mutex_unlock(&lock);
    return error;
}

bool has_room(void)
{
    pthread_mutex_lock(&lock);
    bool room = waiting < rule.capacity;
    pthread_mutex_unlock(&lock);
    return room;
}

/* region put */
/* A message arrives: an idle worker gets it at once, otherwise it queues, which may add a worker. */
void put(const struct connection *message)
{
    pthread_mutex_lock(&lock);
    struct worker *idle = next_in_turn(is_idle);
    if (idle != NULL) {
        hand(message, idle);
    } else {
        append(message);
        tell("server", "#%u queued", message->number);
        if (waiting >= rule.add_at && worker_count < rule.max_workers)
            add_worker();
    }
    pthread_mutex_unlock(&lock);
}
/* endregion put */

/* Who is idle, or becomes so, ends; and this returns when all have. */
void stop_workers(void)
{
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_signal(&low);
    for (int place = 0; place < worker_count; place++)
        pthread_cond_signal(&workers[place]->ready);
    while (threads > 0)
        pthread_cond_wait(&all_ended, &lock);
    for (int place = 0; place < worker_count; place++) {
        pthread_cond_destroy(&workers[place]->ready);
        free(workers[place]);
    }
    free(workers);
    free(slots);
    pthread_mutex_unlock(&lock);
}

/* ---- Called by a worker's thread ------------------------------------------------------------------------------- */

/* region take */
/* The message handed to the worker, after waiting for it; NULL if the worker is to end.
 *
 * pthread_cond_wait(3) releases the lock and sleeps in one step, so no hand-over goes unnoticed between looking and
 * sleeping; the loop looks again after every wake-up, and sleeping costs nothing, where asking on and on would. */
struct connection *take(struct worker *worker)
{
    pthread_mutex_lock(&lock);
    while (!worker->busy && !worker->gone && !stopping)
        pthread_cond_wait(&worker->ready, &lock);
    struct connection *message = worker->busy ? &worker->message : NULL;
    pthread_mutex_unlock(&lock);
    return message;
}

/* The worker is done with its message: it leaves if told so, or gets the oldest one that waits. */
void finish(struct worker *worker)
{
    char actor[32];
    snprintf(actor, sizeof actor, "worker %u", worker->number);
    pthread_mutex_lock(&lock);
    worker->busy = false;
    tell(actor, "#%u done", worker->message.number);
    if (worker->leaving) {
        remove_worker(worker);
    } else if (waiting > 0) {
        struct connection message = pop();
        hand(&message, worker);
    }
    pthread_mutex_unlock(&lock);
}
/* endregion take */

/* Who has left the ring is known to nobody else any more, and frees itself; the others are freed after the stop. */
void end_worker(struct worker *worker)
{
    pthread_mutex_lock(&lock);
    if (worker->gone) {
        pthread_cond_destroy(&worker->ready);
        free(worker);
    }
    thread_ends();
    pthread_mutex_unlock(&lock);
}

/* ---- Called by the scaler's thread ----------------------------------------------------------------------------- */

/* region scale */
void remove_while_low(void)
{
    pthread_mutex_lock(&lock);
    while (!stopping) {
        double due = removal_due();
        if (due <= now()) {
            tell_one_to_leave();
        } else if (isinf(due)) {
            pthread_cond_wait(&low, &lock);
        } else {
            struct timespec until = {.tv_sec = (time_t)due, .tv_nsec = (long)((due - (time_t)due) * 1e9)};
            pthread_cond_clockwait(&low, &lock, CLOCK_MONOTONIC, &until);
        }
    }
    thread_ends();
    pthread_mutex_unlock(&lock);
}
/* endregion scale */
