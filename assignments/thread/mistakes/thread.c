/* A detached thread per connection, with the one mistake that a macro chooses. Without a macro it is right.
 *
 *     cc -O2 -pthread -DJOINS_AT_ONCE -o server thread.c && ./server 8090 5
 *
 * Written as a student writes it: a port and a delay, printf, and nothing of service.c. What stands between #ifdef and
 * #endif is the mistake, and the comment there says what an observer sees who knows only the socket, the processes
 * and the terminal; of four mistakes that is nothing, and the comment names what shows it. */

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 30000 /* bytes of a request: the course's buffer */
#define PATIENCE 5  /* seconds that a client may say nothing */

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n"
                             "Connection: close\r\n\r\nMy first web server!";

struct connection {
    int client, number;
};

static volatile sig_atomic_t stopping;
static int listener, serving, served; /* the last two: of all threads, under the lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t nobody_left = PTHREAD_COND_INITIALIZER;
static double delay = 5;

/* Accepting ends, whichever thread the signal found: EINVAL from now on. */
static void on_term(int number)
{
    (void)number;
    stopping = 1;
    shutdown(listener, SHUT_RDWR);
}

static void nap(double seconds)
{
    struct timespec left = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

/* True once the blank line has come. read(2) returns what is there, perhaps half a request: hence the loop. */
static int read_request(int client, char *request)
{
    size_t length = 0;
    request[0] = '\0';
    while (length < LIMIT && strstr(request, "\r\n\r\n") == NULL) {
        ssize_t count = read(client, request + length, LIMIT - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) /* the client left, or said nothing for too long */
            return 0;
        length += count;
        request[length] = '\0';
#ifdef READS_ONCE /* whose request comes in two pieces is answered before the second one has come */
        return 1;
#endif
    }
    return 1;
}

static void converse(const struct connection *connection)
{
    char request[LIMIT + 1];
    struct timeval patience = {PATIENCE, 0};
    setsockopt(connection->client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (read_request(connection->client, request)) {
        printf("thread %d: %.*s\n", connection->number, (int)strcspn(request, "\r\n"), request);
        nap(delay);
        if (write(connection->client, ANSWER, sizeof ANSWER - 1) < 0)
            perror("write");
        printf("thread %d: answered\n", connection->number);
    }
#ifdef UNLOCKED_COUNTER /* no answer tells: -fsanitize=thread does */
    served++;
#endif
#ifndef THREAD_KEEPS /* defined: the answer is whole, and its end never comes; one descriptor more after each request */
    close(connection->client);
#endif
}

static void *serve(void *argument)
{
#if defined STACK_ARGUMENT || defined SHARED_BUFFER /* all threads look where there is the last connection by now */
    nap(0.05); /* a moment, as a busy machine gives: it makes it certain */
    converse(argument);
#else
    struct connection connection = *(struct connection *)argument;
    free(argument);
    converse(&connection);
#endif
    pthread_mutex_lock(&lock);
#ifndef UNLOCKED_COUNTER
    served++;
#endif
    if (--serving == 0)
        pthread_cond_signal(&nobody_left);
    pthread_mutex_unlock(&lock);
#ifdef EXIT_IN_THREAD /* the whole server ends by itself, status 0, after the first answer */
    exit(0);
#endif
    return NULL;
}

int main(int argc, char **argv)
{
    int number = 0, yes = 1, port = argc > 1 ? atoi(argv[1]) : 8090;
    delay = argc > 2 ? atof(argv[2]) : 5;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    struct sigaction term = {.sa_handler = on_term};
    sigaction(SIGTERM, &term, NULL);
#ifndef DIES_OF_SIGPIPE /* defined: a client that sends FIN and then RST before its answer ends all of it (signal 13) */
    signal(SIGPIPE, SIG_IGN);
#endif
#ifdef PROCESSES_INSTEAD
    signal(SIGCHLD, SIG_IGN); /* the kernel reaps */
#endif
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, SOMAXCONN) < 0) {
        perror("bind or listen");
        return 1;
    }
#ifdef STACK_ARGUMENT /* one variable for all threads; most connections are never answered */
    struct connection current;
#endif
    while (!stopping) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) {
            if (!stopping) {
                perror("accept");
                nap(0.2); /* no descriptor is free, perhaps: an end may help */
            }
            continue;
        }
        printf("server: accepted connection %d\n", ++number);
#if defined NO_THREAD /* one thread, one connection at a time, whatever the backlog */
        converse(&(struct connection){client, number});
        continue;
#elif defined PROCESSES_INSTEAD /* many processes of one thread each */
        if (fork() == 0) {
            signal(SIGTERM, SIG_IGN);
            close(listener);
            converse(&(struct connection){client, number});
            _exit(0);
        }
        close(client);
        continue;
#endif
#if defined STACK_ARGUMENT
        struct connection *connection = &current;
#elif defined SHARED_BUFFER /* the same by a buffer of the whole program */
        static struct connection shared;
        struct connection *connection = &shared;
#elif defined MALLOC_ONE /* 8 bytes go into 1, and all seems well: -fsanitize=address, valgrind, gcc -Wall tell */
        struct connection *connection = malloc(1);
#else
        struct connection *connection = malloc(sizeof *connection);
#endif
        connection->client = client;
        connection->number = number;
        pthread_mutex_lock(&lock);
        serving++;
        pthread_mutex_unlock(&lock);
        pthread_t thread;
#ifdef CREATE_BELOW_ZERO /* seen where no thread is to be had (ulimit -v 60000): its connection is forgotten */
        if (pthread_create(&thread, NULL, serve, connection) < 0) {
            perror("pthread_create");
            close(client);
        }
        pthread_detach(thread);
#else
        int error;
        while ((error = pthread_create(&thread, NULL, serve, connection)) != 0) {
            fprintf(stderr, "pthread_create: %s\n", strerror(error));
            nap(0.2); /* an end may help */
        }
#if defined JOINS_AT_ONCE /* a thread for each connection, and still one after the other */
        pthread_join(thread, NULL);
#elif !defined NEVER_DETACHED /* defined: each dead thread keeps its stack mapped (VmSize); -fsanitize=thread tells */
        pthread_detach(thread);
#endif
#endif
#ifdef MAIN_CLOSES /* a thread shares the descriptor: the connection closes without an answer */
        close(client);
#endif
    }
    pthread_mutex_lock(&lock);
    while (serving > 0)
        pthread_cond_wait(&nobody_left, &lock);
    printf("server: served %d connections\n", served);
    pthread_mutex_unlock(&lock);
#ifdef PROCESSES_INSTEAD
    while (wait(NULL) > 0)
        ;
#endif
    return 0;
}
