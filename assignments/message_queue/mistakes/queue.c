/* Assignment 3 as a student hands it in: `server PORT DELAY`, one file, nothing of this project.
 *
 * It keeps the rule as it stands. Each macro below puts in one mistake of the course and no other, and judge.toml
 * says what an observer must make of it; what surrounds a mistake is right, so nothing else can be found. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifdef UNBOUNDED_QUEUE
#define SLOTS 100000
#else
#define SLOTS 10
#endif
#if defined(ADDS_AT_SEVEN)
#define ADD_AT 7
#elif defined(ADDS_AT_NINE)
#define ADD_AT 9
#else
#define ADD_AT 8
#endif
#ifdef REMOVES_AT_ZERO
#define REMOVE_AT 0
#else
#define REMOVE_AT 2
#endif
#ifndef MAX_WORKERS
#define MAX_WORKERS 100
#endif
#define BODY "My first web server!"

struct worker {
    int number, leaving, gone;
    int fd; /* of the client that it serves, -1 while it is idle */
#ifdef NEWEST_WORKER
    double idle_since;
#endif
    pthread_cond_t ready;
};

static double delay, hold, cooldown;
static int listener;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that follows */
static pthread_cond_t room = PTHREAD_COND_INITIALIZER, calm = PTHREAD_COND_INITIALIZER;
static int slots[SLOTS], first, waiting; /* the message queue: a ring of accepted connections */
static struct worker *workers[MAX_WORKERS];
static int count, added, served_last, serving;
static double low_since, next_removal; /* low_since is 0 while more than REMOVE_AT wait */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void watch_depth(void)
{
    if (waiting > REMOVE_AT)
        low_since = 0;
    else if (low_since == 0)
        low_since = now();
}

static void push(int fd)
{
    slots[(first + waiting) % SLOTS] = fd;
#ifdef OVERWRITES
    if (waiting == SLOTS) { /* full: the newest has taken the place of the oldest */
        first = (first + 1) % SLOTS;
        return;
    }
#endif
    waiting++;
    watch_depth();
}

static int pop(void)
{
#ifdef LAST_IN_FIRST_OUT
    int fd = slots[(first + waiting - 1) % SLOTS];
#else
    int fd = slots[first];
    first = (first + 1) % SLOTS;
#endif
    waiting--;
    watch_depth();
    pthread_cond_signal(&room);
    return fd;
}

/* Round-robin: the next one after the worker served last; idle, or else (for a removal) any that may leave. */
static struct worker *next_worker(int idle, int removable)
{
    int start = 0;
#ifndef LOWEST_NUMBER
    while (start < count && workers[start]->number <= served_last)
        start++;
#endif
    for (int step = 0; step < count; step++) {
        struct worker *worker = workers[(start + step) % count];
#ifdef REMOVES_FIRST
        int may_leave = !worker->leaving;
#else
        int may_leave = !worker->leaving && worker->number != 1;
#endif
        if ((!idle || worker->fd < 0) && (!removable || may_leave))
            return worker;
    }
    return NULL;
}

#ifdef NEWEST_WORKER
static struct worker *newest_idle(void)
{
    struct worker *newest = NULL;
    for (int place = 0; place < count; place++)
        if (workers[place]->fd < 0 && (newest == NULL || workers[place]->idle_since > newest->idle_since))
            newest = workers[place];
    return newest;
}
#endif

static void hand(int fd, struct worker *worker)
{
    worker->fd = fd;
    served_last = worker->number;
    serving++;
    printf("[main] client %d -> worker %d (queue %d, workers %d)\n", fd, worker->number, waiting, count);
    pthread_cond_signal(&worker->ready);
}

static void take_out(struct worker *worker)
{
    int place = 0;
    while (workers[place] != worker)
        place++;
    count--;
    memmove(workers + place, workers + place + 1, (count - place) * sizeof workers[0]);
    worker->gone = 1;
    printf("[main] worker %d removed (queue %d, workers %d)\n", worker->number, waiting, count);
    pthread_cond_signal(&worker->ready);
}

static void answer(int fd)
{
    char request[30001], reply[200];
    struct timeval patience = {.tv_sec = 5};
    size_t length = 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    do {
        ssize_t got = read(fd, request + length, sizeof request - 1 - length);
        if (got <= 0)
            goto end; /* gone, silent or too long */
        length += got;
        request[length] = '\0';
    } while (strstr(request, "\r\n\r\n") == NULL);
    printf("[worker] client %d: %.*s\n", fd, (int)strcspn(request, "\r\n"), request);
    usleep((useconds_t)(delay * 1e6));
    int size = snprintf(reply, sizeof reply,
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                        "Connection: close\r\n\r\n%s", strlen(BODY), BODY);
    if (write(fd, reply, size) < 0)
        perror("write");
end:
    close(fd);
}

static void *work(void *argument)
{
    struct worker *me = argument;
    pthread_mutex_lock(&lock);
#ifdef LOSES_ONE
    me->fd = -1; /* "idle at first": but a new worker has been handed its first message already */
#endif
    for (;;) {
#if defined(IF_INSTEAD_OF_WHILE)
        if (me->fd < 0 && !me->gone)
            pthread_cond_wait(&me->ready, &lock);
#elif defined(BUSY_WAIT)
        while (me->fd < 0 && !me->gone) {
            pthread_mutex_unlock(&lock);
            pthread_mutex_lock(&lock);
        }
#else
        while (me->fd < 0 && !me->gone)
            pthread_cond_wait(&me->ready, &lock);
#endif
        if (me->gone)
            break;
        pthread_mutex_unlock(&lock);
        answer(me->fd);
        pthread_mutex_lock(&lock);
        me->fd = -1;
        serving--;
#ifdef NEWEST_WORKER
        me->idle_since = now();
#endif
        if (me->leaving)
            take_out(me);
#ifdef STARVES
        else if (waiting > 1) /* 0 or 1? the last one waits until another one comes */
#else
        else if (waiting > 0)
#endif
            hand(pop(), me);
#ifdef STRANDED
        else
            take_out(me); /* nothing left to do: but who serves the next one? */
#endif
        pthread_cond_signal(&calm);
    }
    pthread_mutex_unlock(&lock);
    free(me);
    return NULL;
}

static void start(void *(*life)(void *), void *argument)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, life, argument);
    if (error != 0) {
        fprintf(stderr, "pthread_create: %s\n", strerror(error));
        exit(1);
    }
#ifndef NEVER_DETACHED
    pthread_detach(thread); /* nobody joins it: its stack is given back when it ends */
#endif
}

static struct worker *add_worker(void)
{
    struct worker *worker = calloc(1, sizeof *worker);
    worker->number = ++added;
    worker->fd = -1;
    pthread_cond_init(&worker->ready, NULL);
    workers[count++] = worker;
#ifdef PHANTOM_WORKER
    if (added == 1) {
        worker->fd = 0; /* counted as one at work, and there is no thread */
        return worker;
    }
#endif
    start(work, worker);
    return worker;
}

static void arrive(int fd)
{
    struct worker *idle;
    pthread_mutex_lock(&lock);
#if defined(THREAD_EACH)
    idle = add_worker();
    idle->leaving = 1;
    hand(fd, idle);
#elif defined(DUPLICATES)
    int handed = 0;
    while ((idle = next_worker(1, 0)) != NULL) { /* where `if` is meant: to all of the idle ones */
        hand(fd, idle);
        handed = 1;
    }
    if (!handed)
        push(fd);
#else
#ifdef NEWEST_WORKER
    idle = newest_idle(); /* a stack of idle workers instead of a ring */
#else
    idle = next_worker(1, 0);
#endif
    if (idle != NULL)
        hand(fd, idle);
    else
        push(fd);
#endif
#if !defined(ONE_WORKER) && !defined(FIXED_POOL)
    if (waiting >= ADD_AT && count < MAX_WORKERS) {
        struct worker *worker = add_worker();
        hand(pop(), worker);
    }
#endif
    pthread_mutex_unlock(&lock);
}

static void *remove_workers(void *unused)
{
    for (;; usleep(10000)) {
        pthread_mutex_lock(&lock);
        double time = now();
        if (low_since != 0 && time >= low_since + hold && time >= next_removal) {
            struct worker *worker = next_worker(1, 1);
            if (worker == NULL)
                worker = next_worker(0, 1);
            if (worker != NULL) {
                next_removal = time + cooldown;
                worker->leaving = 1;
                if (worker->fd < 0)
                    take_out(worker);
            }
        }
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

/* SIGTERM is blocked everywhere and waited for here: the accept loop then ends as if the listener had failed. */
static void *await_stop(void *signals)
{
    int number;
    sigwait(signals, &number);
    shutdown(listener, SHUT_RDWR);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    sigset_t stop;
    int yes = 1, fd;
    if (argc != 3) {
        fprintf(stderr, "usage: %s PORT DELAY\n", argv[0]);
        return 2;
    }
    delay = atof(argv[2]);
    hold = delay > 0.5 ? delay : 0.5;
    cooldown = hold / 5;
#ifdef REMOVES_AT_ONCE
    hold = 0;
#endif
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a whole line at a time, not only on a terminal */
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    address.sin_port = htons(atoi(argv[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 10) < 0) {
        perror("bind");
        return 1;
    }
    low_since = now();
#ifdef FIXED_POOL
    while (count < 4)
#endif
        add_worker();
    start(await_stop, &stop);
#if !defined(NEVER_REMOVES) && !defined(FIXED_POOL)
    start(remove_workers, NULL);
#endif
    for (;;) {
#if defined(UNLOCKED_LENGTH)
        while (waiting == SLOTS)
            usleep(1000);
#elif !defined(OVERWRITES)
        pthread_mutex_lock(&lock);
        while (waiting == SLOTS) /* a slot must be free before a connection is accepted */
            pthread_cond_wait(&room, &lock);
        pthread_mutex_unlock(&lock);
#endif
        if ((fd = accept(listener, NULL, NULL)) < 0)
            break;
        arrive(fd);
    }
    pthread_mutex_lock(&lock);
    while (waiting > 0 || serving > 0)
        pthread_cond_wait(&calm, &lock);
    return 0;
}
