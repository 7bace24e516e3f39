/* Experiments with fork(2) and threads that no client can bring about; the first connection starts one.
 *
 * It knows how to measure what a process and a thread cost, and what a child inherits of locks that other threads
 * hold. Every connection gets the greeting, one after the other. */

#include "../service.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1024 * 1024)
#define LARGEST_SIZE (1024 * 1024) /* MiB */
#define MOST_TIMES 10000
#define LEAST_PATIENCE 1.0 /* seconds, unless it is given: a child on a busy machine is not stuck */
#define BLOCK 5000         /* bytes: too many for malloc's cache of each thread, which needs no lock */
#define BLOCKS 1000
#define UNSET (-1.0)

static const char *experiment = "creation", *sizes = "1,16,64,256";
static int times = 20;
static double patience = UNSET;
static const struct setting OWN[] = {
    {"experiment", TEXT, &experiment}, {"sizes", TEXT, &sizes}, {"times", WHOLE, &times},
    {"patience", DECIMAL, &patience},  {0},
};

/* ---- What a process and a thread cost -------------------------------------------------------------------------- */

/* region creation */
static void *do_nothing(void *unused)
{
    return unused;
}

/* Make a child that ends at once, and reap it; returns 0 or an error number. */
static int fork_once(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return pid < 0 ? errno : 0;
}

/* Make a thread that ends at once, and join it. From the second time on its stack is one that glibc has kept. */
static int start_once(void)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, do_nothing, NULL);
    return error != 0 ? error : pthread_join(thread, NULL);
}
/* endregion creation */

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static double median(double *values, int count)
{
    qsort(values, count, sizeof *values, compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* Do it so many times, and tell the median of the times it took. */
static void time_it(const char *name, int (*once)(void), int size)
{
    double took[MOST_TIMES];
    for (int turn = 0; turn < times; turn++) {
        double start = now();
        int error = once();
        took[turn] = (now() - start) * 1e6;
        if (error != 0) {
            say("laboratory", "%s with %d MiB failed (%s)", name, size, strerror(error));
            return;
        }
    }
    say("laboratory", "%s with %d MiB took %.0f us (median of %d)", name, size, median(took, times), times);
}

/* What the kernel says of this process (proc(5), status), in KiB; -1 if it does not. */
static int status_of(const char *field)
{
    char line[256];
    int found = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && found < 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0 && line[strlen(field)] == ':')
            found = atoi(line + strlen(field) + 1);
    if (file != NULL)
        fclose(file);
    return found;
}

/* region sizes */
/* With so much memory of the parent's own. fork(2) copies no page, but the tables of all pages that were written: so
 * each is written first, and huge pages, whose tables are a 512th, are forbidden, or the size would be left to luck. */
static void create_with(int size)
{
    size_t length = size * MIB, page = sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        say("laboratory", "%d MiB could not be had (%s)", size, strerror(errno));
        return;
    }
    madvise(memory, length, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < length; at += page)
        memory[at] = 1;
    say("laboratory", "page tables of %d MiB are %d KiB", size, status_of("VmPTE"));
    time_it("fork", fork_once, size);
    time_it("thread", start_once, size);
    munmap(memory, length);
}
/* endregion sizes */

/* The next size of the list, 0 at its end, -1 if it is not one. */
static int next_size(const char **list)
{
    char *end;
    if (**list == '\0')
        return 0;
    long size = strtol(*list, &end, 10);
    if (end == *list || (*end != ',' && *end != '\0') || (*end == ',' && end[1] == '\0'))
        return -1;
    *list = end + (*end == ',');
    return size >= 1 && size <= LARGEST_SIZE ? (int)size : -1;
}

static void creation(void)
{
    int size;
    for (const char *list = sizes; (size = next_size(&list)) > 0;)
        create_with(size);
}

/* ---- What a child inherits of other threads' locks ------------------------------------------------------------- */

/* A lock that another thread holds while this one forks. */
struct trial {
    const char *name;
    void (*hold)(void); /* the other thread: takes it, says announce(), keeps it until may_go(), gives it back */
    bool (*use)(void);  /* the child: false if it waited in vain */
    bool by_luck;       /* whether it is held at the fork is luck: forks many times */
};

static sem_t held, over;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, repaired = PTHREAD_MUTEX_INITIALIZER;
static FILE *file_stream, *memory_stream;

static void announce(void)
{
    sem_post(&held);
}

static void await(sem_t *event)
{
    while (sem_wait(event) < 0 && errno == EINTR)
        ;
}

/* region inherit */
/* The child has one thread, the one that called fork(2), and a copy of all memory: of a mutex that says "taken", too.
 * Whoever took it does not exist here. */
static bool lock_in_time(pthread_mutex_t *lock)
{
    double limit = now() + patience;
    struct timespec deadline = {.tv_sec = (time_t)limit, .tv_nsec = (long)((limit - (time_t)limit) * 1e9)};
    return pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &deadline) == 0;
}

static void hold_mutex(void)
{
    pthread_mutex_lock(&mutex);
    announce();
    await(&over);
    pthread_mutex_unlock(&mutex);
}

static bool use_mutex(void)
{
    return lock_in_time(&mutex);
}

/* The remedy of pthread_atfork(3): whoever forks takes the lock first, waiting for its holder, so that it is the
 * child's own, which gives it back. Locks of libraries would all have to be known, and taken in one order. */
static void before_fork(void)
{
    sem_post(&over); /* the holder goes on, as it would by itself, and comes to its end */
    pthread_mutex_lock(&repaired);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&repaired);
}

static void hold_repaired(void)
{
    pthread_mutex_lock(&repaired);
    pthread_atfork(before_fork, after_fork, after_fork); /* for ever: so this trial is the last */
    announce();
    await(&over);
    pthread_mutex_unlock(&repaired);
}

static bool use_repaired(void)
{
    return lock_in_time(&repaired);
}

/* malloc(3) has a lock, too: glibc takes it in fork(2), as above. */
static void hold_malloc(void)
{
    announce();
    while (sem_trywait(&over) < 0) {
        void *volatile block = malloc(BLOCK); /* volatile, or the compiler leaves out the pair */
        free(block);
    }
}

static bool use_malloc(void)
{
    for (int turn = 0; turn < BLOCKS; turn++) {
        void *volatile block = malloc(BLOCK);
        free(block);
    }
    return true;
}

/* So has each stream: in the child glibc sets free those of its list, which holds all files, but no memory stream
 * (2.36; seen, not promised). What such a lock guards may be half-changed in the child: a line half written. */
static void hold_stream(FILE *stream)
{
    flockfile(stream);
    announce();
    await(&over);
    funlockfile(stream);
}

static void hold_file(void)
{
    hold_stream(file_stream);
}

static bool use_file(void)
{
    return fputs("from the child\n", file_stream) >= 0;
}

static void hold_memory(void)
{
    hold_stream(memory_stream);
}

static bool use_memory(void)
{
    return fputs("from the child\n", memory_stream) >= 0;
}

static const struct trial TRIALS[] = {
    {"mutex", hold_mutex, use_mutex, false},
    {"malloc", hold_malloc, use_malloc, true},
    {"stdio", hold_file, use_file, false},
    {"memory stream", hold_memory, use_memory, false},
    {"repaired mutex", hold_repaired, use_repaired, false},
};

/* The child's whole life: SIGALRM ends it where it waits without a limit of its own. */
static _Noreturn void try_in_child(const struct trial *trial)
{
    double limit = patience * 2; /* later than lock_in_time's */
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)limit, .tv_usec = (limit - (time_t)limit) * 1e6}};
    setitimer(ITIMER_REAL, &timer, NULL);
    _exit(trial->use() ? 0 : 1);
}

/* Fork, and return the child's wait status; -1 if there is none. */
static int fork_for(const struct trial *trial)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        try_in_child(trial);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}
/* endregion inherit */

static void *run_holder(void *argument)
{
    const struct trial *trial = argument;
    trial->hold();
    return NULL;
}

static void carry_out(const struct trial *trial)
{
    pthread_t holder;
    int status = 0;
    sem_init(&held, 0, 0);
    sem_init(&over, 0, 0);
    int error = pthread_create(&holder, NULL, run_holder, (void *)trial);
    if (error != 0) {
        say("laboratory", "%s not tried: no new thread (%s)", trial->name, strerror(error));
        return;
    }
    await(&held);
    for (int turn = 0; turn < (trial->by_luck ? times : 1) && status == 0; turn++)
        status = fork_for(trial);
    sem_post(&over);
    pthread_join(holder, NULL);
    if (status == 0)
        say("laboratory", "child got through %s", trial->name);
    else if (status > 0 && (WIFSIGNALED(status) ? WTERMSIG(status) == SIGALRM : WEXITSTATUS(status) == 1))
        say("laboratory", "child found %s stuck", trial->name);
    else
        say("laboratory", "child failed at %s, wait status %d", trial->name, status);
}

static void inherit(void)
{
    char *text = NULL;
    size_t length = 0;
    mallopt(M_ARENA_MAX, 1); /* one heap, hence one lock, for all threads: as far as they need one at all */
    file_stream = fopen("/dev/null", "w");
    memory_stream = open_memstream(&text, &length);
    if (file_stream == NULL || memory_stream == NULL) {
        say("laboratory", "nothing tried: no stream (%s)", strerror(errno));
        return;
    }
    for (size_t place = 0; place < sizeof TRIALS / sizeof *TRIALS; place++)
        carry_out(&TRIALS[place]);
    fclose(file_stream);
    fclose(memory_stream);
    free(text);
}

/* ---- The server ------------------------------------------------------------------------------------------------ */

static void check_options(void)
{
    int size;
    for (const char *list = sizes; (size = next_size(&list)) != 0 || *sizes == '\0';)
        if (size <= 0)
            refuse("--sizes needs whole numbers from 1 to %d, apart by commas, not %s", LARGEST_SIZE, sizes);
    if (times < 1 || times > MOST_TIMES)
        refuse("--times must be from 1 to %d", MOST_TIMES);
    if (patience == UNSET)
        patience = delay > LEAST_PATIENCE ? delay : LEAST_PATIENCE;
    if (patience == 0)
        refuse("--patience must be over 0");
}

static void serve(void)
{
    struct connection connection;
    void (*carry_out_it)(void) = strcmp(experiment, "creation") == 0 ? creation : inherit;
    check_options();
    if (carry_out_it == inherit && strcmp(experiment, "inherit") != 0)
        refuse("--experiment must be creation or inherit, not %s", experiment);
    while (next_connection(&connection)) {
        allow_stop_signals(true); /* the main thread itself is at work in there: a second one must be able to end it */
        if (connection.number == 1)
            carry_out_it();
        handle(&connection);
        allow_stop_signals(false);
    }
}

int main(int argc, char **argv)
{
    return run(argc, argv, OWN, serve);
}
