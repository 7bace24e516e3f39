/* Assignment #3. Messages are nodes of a linked list; every worker sleeps in read() on a pipe of its own,
   through which it is told the number of the next connection.   usage: PORT DELAY */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define CAPACITY 10
#define HIGH 8
#define LOW 2
#define MAX_WORKERS 100
#define GO_HOME (-1)

struct node { int connfd; struct node *next; };
struct worker { int number, busy, leaving, mail[2]; struct worker *next; };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static struct node *messages;
static int length, workers, busy_workers, hired;
static struct worker *first, *last; /* a circle; `last` was handed something last */
static double delay, low_since;
static int listenfd;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static struct timespec moment(double seconds)
{
    return (struct timespec){(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
}

static void insert(int connfd)
{
    struct node *node = malloc(sizeof *node);
    node->connfd = connfd;
    node->next = messages;
    messages = node;
    length++;
}

static int pop(void)
{
    struct node *node = messages;
    int connfd = node->connfd;
    messages = node->next;
    free(node);
    if (--length == LOW)
        low_since = now();
    return connfd;
}

static void hand(struct worker *w, int connfd)
{
    if (!w->busy)
        busy_workers++;
    w->busy = 1;
    last = w;
    if (write(w->mail[1], &connfd, sizeof connfd) < 0)
        perror("pipe");
}

static void serve(int fd)
{
    static const char response[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n"
                                   "Connection: close\r\n\r\nMy first web server!";
    struct timeval limit = {5, 0};
    struct timespec pause = moment(delay);
    char request[30000];
    size_t size = 0;
    ssize_t n;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    do {
        n = read(fd, request + size, sizeof request - size);
        if (n <= 0)
            return;
        size += n;
    } while (size < sizeof request && !memmem(request, size, "\r\n\r\n", 4));
    nanosleep(&pause, NULL);
    send(fd, response, sizeof response - 1, MSG_NOSIGNAL);
}

static void unlink_worker(struct worker *w)
{
    struct worker *before = w;
    while (before->next != w)
        before = before->next;
    before->next = w->next;
    if (last == w)
        last = before;
    workers--;
}

static void *work(void *argument)
{
    struct worker *me = argument;
    int connfd, staying = 1;

    while (staying && read(me->mail[0], &connfd, sizeof connfd) > 0 && connfd != GO_HOME) {
        serve(connfd);
        close(connfd);
        pthread_mutex_lock(&mutex);
        printf("worker %d served a message\n", me->number);
        if (me->leaving) {
            busy_workers--;
            unlink_worker(me);
            staying = 0;
        } else if (length > 0) {
            hand(me, pop());
        } else {
            me->busy = 0;
            busy_workers--;
        }
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    close(me->mail[0]);
    close(me->mail[1]);
    free(me);
    return NULL;
}

static struct worker *hire(void)
{
    pthread_t thread;
    struct worker *w = calloc(1, sizeof *w), *end = first;

    w->number = ++hired;
    if (pipe(w->mail) < 0) {
        free(w);
        return NULL;
    }
    if (pthread_create(&thread, NULL, work, w) != 0) {
        close(w->mail[0]);
        close(w->mail[1]);
        free(w);
        return NULL;
    }
    pthread_detach(thread);
    if (first == NULL) {
        first = last = w;
    } else {
        while (end->next != first)
            end = end->next;
        end->next = w;
    }
    w->next = first;
    workers++;
    return w;
}

static void arrive(int connfd)
{
    struct worker *w = last;
    do {
        w = w->next;
        if (!w->busy && !w->leaving) {
            hand(w, connfd);
            return;
        }
    } while (w != last);
    insert(connfd);
    if (length >= HIGH && workers < MAX_WORKERS && (w = hire()) != NULL)
        hand(w, pop());
    printf("%d messages, %d workers\n", length, workers);
}

static void *remove_workers(void *unused)
{
    double hold = delay > 0.5 ? delay : 0.5, next = 0;
    struct worker *w, *chosen;

    pthread_mutex_lock(&mutex);
    for (;;) {
        double due = low_since + hold > next ? low_since + hold : next;
        struct timespec until = moment(due);
        for (chosen = NULL, w = first->next; w != first; w = w->next)
            if (!w->leaving && (chosen == NULL || (chosen->busy && !w->busy)))
                chosen = w;
        if (chosen == NULL || length > LOW) {
            pthread_cond_wait(&changed, &mutex);
        } else if (due > now()) {
            pthread_cond_timedwait(&changed, &mutex, &until);
        } else {
            int home = GO_HOME;
            printf("worker %d is removed\n", chosen->number);
            chosen->leaving = 1;
            if (!chosen->busy) {
                unlink_worker(chosen);
                if (write(chosen->mail[1], &home, sizeof home) < 0)
                    perror("pipe");
            }
            next = now() + hold / 5;
        }
    }
    return unused;
}

static void stop(int number) { (void)number; shutdown(listenfd, SHUT_RDWR); }

int main(int argc, char *argv[])
{
    struct sockaddr_in self = {.sin_family = AF_INET};
    struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
    pthread_condattr_t monotonic;
    pthread_t remover;
    int connfd, one = 1;

    if (argc != 3)
        return 1;
    setlinebuf(stdout);
    delay = atof(argv[2]);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &monotonic);
    self.sin_port = htons(atoi(argv[1]));
    self.sin_addr.s_addr = inet_addr("127.0.0.1");
    listenfd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listenfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sigaction(SIGTERM, &action, NULL);
    low_since = now();
    if (bind(listenfd, (struct sockaddr *)&self, sizeof self) < 0 || hire() == NULL ||
        pthread_create(&remover, NULL, remove_workers, NULL) != 0 || listen(listenfd, 1024) < 0) {
        perror("start");
        return 1;
    }
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (length >= CAPACITY)
            pthread_cond_wait(&changed, &mutex);
        pthread_mutex_unlock(&mutex);
        if ((connfd = accept(listenfd, NULL, NULL)) < 0)
            break;
        pthread_mutex_lock(&mutex);
        arrive(connfd);
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    pthread_mutex_lock(&mutex);
    while (length > 0 || busy_workers > 0)
        pthread_cond_wait(&changed, &mutex);
    return 0;
}
