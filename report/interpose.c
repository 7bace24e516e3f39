/* Put before a server's own libraries, it has the system do what POSIX lets it do, and what it seldom does.
 *
 *     cc -shared -fPIC -DWAKEUPS -o interpose.so interpose.c && LD_PRELOAD=./interpose.so ./a.out 8090 5
 *
 * LEAVE: SIGTERM, where the server leaves it alone, is exit(0), at which sanitizers look for leaks; see signal(7).
 * REFUSALS: the sixth fork(2) or pthread_create(3) fails with EAGAIN, as it does where there are too many.
 * WAKEUPS: pthread_cond_wait(3) returns though nobody has signalled. Who then does not look again but goes on, and
 * takes a mutex for that, gets it late, as on a busy machine: so what the others do meanwhile is lost for certain. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef LEAVE
static void leave(int number)
{
    (void)number;
    exit(0);
}

__attribute__((constructor)) static void begin(void)
{
    struct sigaction old;
    if (sigaction(SIGTERM, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
        signal(SIGTERM, leave);
}
#endif

#ifdef REFUSALS
#define REFUSED 6

static int is_refused(void)
{
    static int count;
    return __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) == REFUSED;
}

pid_t fork(void)
{
    pid_t (*real)(void);
    *(void **)&real = dlsym(RTLD_NEXT, "fork");
    if (!is_refused())
        return real();
    errno = EAGAIN;
    return -1;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return is_refused() ? EAGAIN : real(thread, attributes, start, argument);
}
#endif

#ifdef WAKEUPS
#define SOON 5000  /* microseconds that a wait lasts */
#define LATE 50000 /* microseconds until who goes on gets its mutex */

static __thread int woken; /* the last that this thread called of these two was a wait */

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    if (woken)
        usleep(LATE);
    woken = 0;
    return real(mutex);
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    (void)condition;
    woken = 0;
    pthread_mutex_unlock(mutex);
    usleep(SOON);
    pthread_mutex_lock(mutex);
    woken = 1;
    return 0;
}
#endif
