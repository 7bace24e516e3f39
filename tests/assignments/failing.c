/* Preloaded into a server, it makes fork and pthread_create fail now and then, as at the limit of processes.
 *
 * EVERY=3: two of three calls fail. FIRST=3: all after the third call fail. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static int fails(void)
{
    static int calls;
    const char *every = getenv("EVERY"), *first = getenv("FIRST");
    calls++;
    return (every != NULL && calls % atoi(every) != 0) || (first != NULL && calls > atoi(first));
}

pid_t fork(void)
{
    pid_t (*real)(void) = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
    if (!fails())
        return real();
    errno = EAGAIN;
    return -1;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
        (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(RTLD_NEXT, "pthread_create");
    return fails() ? EAGAIN : real(thread, attributes, start, argument);
}
