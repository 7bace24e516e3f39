/* The thread server with a mistake: it does not wait for its threads at a stop.
 *
 * Returning from main ends the process, and with it every detached thread, in the middle of an answer or before one.
 * All else is ../thread/server.c, to which this adds what must not be done. */

#define main main_that_waits
#include "../thread/server.c"
#undef main

/* region mistake */
/* As the right one does, but for its last line: finish_threads(). */
static void serve_and_leave(void)
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
}

int main(int argc, char **argv)
{
    return run(argc, argv, NULL, serve_and_leave); /* the threads end here, wherever they are */
}
/* endregion mistake */
