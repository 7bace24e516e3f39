/* Assignment 2, a thread per connection: all in one process, which shares memory and descriptors.
 *
 * It knows only how a thread comes by its connection and how it ends; how to serve is service.c's. */

#include "../service.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_ended = PTHREAD_COND_INITIALIZER;
static unsigned living; /* threads at work; only with the lock held */

static void count(int change)
{
    pthread_mutex_lock(&lock);
    living += change;
    if (living == 0)
        pthread_cond_signal(&all_ended);
    pthread_mutex_unlock(&lock);
}

/* region thread */
/* A thread's whole life. The argument is its own: it frees it. The descriptor is the process's, but this thread alone
 * closes it, and nobody else. */
static void *run_thread(void *argument)
{
    struct connection *connection = argument;
    snprintf(connection->actor, sizeof connection->actor, "thread %d", gettid());
    handle(connection);
    free(connection);
    count(-1);
    return NULL;
}
/* endregion thread */

/* region start */
/* Hand the connection to a new thread; returns 0 or an error number.
 *
 * The argument travels as one pointer, so what it points to must outlive this call: memory of the thread's own, as
 * large as the whole struct, never the address of the caller's variable, which the next accept overwrites.
 * pthread_create(3) returns an error *number* (EAGAIN), never one below zero, and leaves errno alone. Detached, the
 * thread gives back its stack by itself when it ends; otherwise somebody would have to join it. */
static int start_thread(const struct connection *accepted)
{
    pthread_t thread;
    struct connection *connection = malloc(sizeof *connection);
    if (connection == NULL)
        return ENOMEM;
    *connection = *accepted;
    count(+1); /* before it can end */
    int error = pthread_create(&thread, NULL, run_thread, connection);
    if (error != 0) {
        count(-1);
        free(connection);
        return error;
    }
    pthread_detach(thread);
    return 0;
}
/* endregion start */

/* region finish */
/* Wait for the threads at work. A detached one cannot be joined: they are counted instead. */
static void finish_threads(void)
{
    allow_stop_signals(true); /* a second one ends it, whatever is at work */
    pthread_mutex_lock(&lock);
    while (living > 0)
        pthread_cond_wait(&all_ended, &lock);
    pthread_mutex_unlock(&lock);
    allow_stop_signals(false);
}
/* endregion finish */

/* region serve */
/* Serve every connection in a thread of its own: N clients take about one delay. */
static void serve(void)
{
    struct connection connection;
    int error;
    while (next_connection(&connection)) {
        while ((error = start_thread(&connection)) != 0) {
            say("server", "#%u no new thread (%s), trying again", connection.number, strerror(error));
            wait_for_signal(PAUSE);
        }
        say("server", "#%u handed to a new thread", connection.number);
    }
    finish_threads();
}
/* endregion serve */

int main(int argc, char **argv)
{
    return run(argc, argv, NULL, serve);
}
