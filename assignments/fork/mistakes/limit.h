/* Included before a server, it makes fork(2) fail after two calls, as at the limit of processes (ulimit -u). */
#include <errno.h>
#include <unistd.h>

static pid_t limited_fork(void)
{
    static int calls;
    if (calls++ < 2)
        return fork();
    errno = EAGAIN;
    return -1;
}
#define fork limited_fork
