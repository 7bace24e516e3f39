/* Assignment 3, a bounded message queue whose workers are added and removed as the queue's depth demands.
 *
 * It knows the threads: the accept loop puts in, workers take out, a scaler removes workers. The rule itself, who gets
 * what and when, is dispatcher.c's; how to serve is service.c's. */

#include "dispatcher.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLD 0.5     /* seconds, the least at speed 1: with no delay workers would come and go all the time */
#define COOLDOWN 0.1 /* likewise */
#define FLOOR 0.025  /* seconds, the least at any speed */
#define UNSET (-1.0)

static struct rule rule = {
    .capacity = 10, .max_workers = 100, .add_at = 8, .remove_at = 2, .hold = UNSET, .cooldown = UNSET,
};
static double speed = 1;
static const struct setting OWN[] = {
    {"capacity", WHOLE, &rule.capacity},
    {"max-workers", WHOLE, &rule.max_workers},
    {"add-at", WHOLE, &rule.add_at},
    {"remove-at", WHOLE, &rule.remove_at},
    {"hold", DECIMAL, &rule.hold},
    {"cooldown", DECIMAL, &rule.cooldown},
    {"speed", DECIMAL, &speed},
    {0},
};

/* region work */
/* A worker's whole life: take a message, serve it, say so, until there is none to wait for. */
static void *work(void *argument)
{
    struct worker *worker = argument;
    struct connection *message;
    while ((message = take(worker)) != NULL) {
        snprintf(message->actor, sizeof message->actor, "worker %u", worker->number);
        handle(message);
        finish(worker);
    }
    end_worker(worker);
    return NULL;
}

static void *scale(void *unused)
{
    remove_while_low();
    return unused;
}

/* Nobody joins them: a detached thread gives back its stack when it ends, and they are counted. */
static int start_detached(void *(*life)(void *), void *argument)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, life, argument); /* an error number, never below zero */
    if (error == 0)
        pthread_detach(thread);
    return error;
}

static int start_worker(struct worker *worker)
{
    return start_detached(work, worker);
}
/* endregion work */

static double largest(double a, double b, double c)
{
    double larger = a > b ? a : b;
    return larger > c ? larger : c;
}

/* Hold and cooldown follow the delay unless given. */
static void complete_rule(void)
{
    if (!(0 <= rule.remove_at && rule.remove_at < rule.add_at && rule.add_at <= rule.capacity))
        refuse("must be 0 <= --remove-at < --add-at <= --capacity");
    if (!(rule.max_workers >= 1 && speed > 0))
        refuse("--max-workers must be 1 or more, --speed over 0");
    if (rule.hold == UNSET)
        rule.hold = largest(delay, HOLD / speed, FLOOR);
    if (rule.cooldown == UNSET)
        rule.cooldown = largest(rule.hold / 5, COOLDOWN / speed, FLOOR);
}

/* region serve */
static void wait_for_room(void)
{
    while (!has_room() && wait_for_signal(FOREVER)) /* such as the wake-up by who makes room; not if it is to stop */
        ;
}

/* Queue the connections for the workers. A slot is free *before* a connection is accepted: there is no hidden
 * eleventh, and the rest waits in the kernel's backlog. */
static void serve(void)
{
    struct connection connection;
    complete_rule();
    int error = open_queue(&rule, start_worker);
    if (error == 0)
        error = start_detached(scale, NULL);
    if (error != 0) {
        fprintf(stderr, "server: cannot start (%s)\n", strerror(error));
        exit(1);
    }
    for (wait_for_room(); next_connection(&connection); wait_for_room())
        put(&connection);
    allow_stop_signals(true); /* a second one ends it, whatever is at work */
    stop_workers();
    allow_stop_signals(false);
}
/* endregion serve */

int main(int argc, char **argv)
{
    return run(argc, argv, OWN, serve);
}
