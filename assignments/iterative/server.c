/* One connection at a time: whoever comes while one is served waits in the kernel's accept queue.
 *
 * The given server of the course. It knows only the order of serving; how to serve is service.c's. */

#include "../service.h"

/* region serve */
/* Serve the connections one after the other: N clients take N delays. */
static void serve(void)
{
    struct connection connection;
    while (next_connection(&connection)) {
        allow_stop_signals(true); /* the main thread itself sleeps in there: a second one must be able to end it */
        handle(&connection);
        allow_stop_signals(false);
    }
}
/* endregion serve */

int main(int argc, char **argv)
{
    return run(argc, argv, NULL, serve);
}
