/* A child process per connection, with the one mistake that a macro chooses. Without a macro it is right.
 *
 *     cc -O2 -pthread -DNEVER_REAPS -o server fork.c && ./server 8090 5
 *
 * Written as a student writes it: a port and a delay, printf, and nothing of service.c. What stands between #ifdef and
 * #endif is the mistake, and the comment there says what an observer sees who knows only the socket, the processes
 * and the terminal. */

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
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

#ifdef NO_LINE_BREAK /* the type swallows the length: no Content-Length, and a Content-Type that is none */
#define AFTER_TYPE ""
#else
#define AFTER_TYPE "\r\n"
#endif

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain" AFTER_TYPE "Content-Length: 20\r\n"
                             "Connection: close\r\n\r\nMy first web server!";

static volatile sig_atomic_t stopping;
static int listener;
static double delay = 5;

/* Accepting ends: at once where it waits (EINTR), and where it is about to (EBADF). */
static void on_term(int number)
{
    (void)number;
    stopping = 1;
    close(listener);
}

static void nap(double seconds)
{
    struct timespec left = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

/* Many ends may come as one SIGCHLD: it asks until there is none. */
static void on_child_end(int number)
{
    int before = errno;
    (void)number;
#ifdef REAPS_ONE /* of a burst's children most stay zombies. As slow as a terminal may be, which makes it certain */
    if (waitpid(-1, NULL, WNOHANG) > 0)
        nap(0.05);
#else
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
#endif
    errno = before;
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

static void converse(int client)
{
    char request[LIMIT + 1];
    struct timeval patience = {PATIENCE, 0};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (read_request(client, request)) {
        printf("child %d: %.*s\n", getpid(), (int)strcspn(request, "\r\n"), request);
        nap(delay);
        if (write(client, ANSWER, sizeof ANSWER - 1) < 0)
            perror("write");
        printf("child %d: answered\n", getpid());
    }
    close(client);
}

#ifdef THREADS_INSTEAD
static void *serve(void *client)
{
    converse((int)(intptr_t)client);
    return NULL;
}
#endif

int main(int argc, char **argv)
{
    int number = 0, yes = 1, port = argc > 1 ? atoi(argv[1]) : 8090;
    delay = argc > 2 ? atof(argv[2]) : 5;
#ifndef DOUBLED_OUTPUT /* defined: on a pipe, what was printed before fork(2) comes out of each child again */
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
#endif
    struct sigaction term = {.sa_handler = on_term}, child = {.sa_handler = on_child_end, .sa_flags = SA_RESTART};
#ifdef IGNORES_TERM /* it has to be killed */
    term.sa_handler = SIG_IGN;
#endif
    sigaction(SIGTERM, &term, NULL);
#ifdef EINTR_ENDS /* no SA_RESTART: the first child that ends interrupts accept(2), see below */
    child.sa_flags = 0;
#endif
#ifdef NEVER_REAPS /* one zombie for each connection */
    child.sa_handler = SIG_DFL;
#endif
    sigaction(SIGCHLD, &child, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, SOMAXCONN) < 0) {
        perror("bind or listen");
        return 1;
    }
    while (!stopping) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) {
#ifdef EINTR_ENDS /* the server ends by itself, status 1, after the first answer */
            perror("accept");
            return 1;
#endif
            if (!stopping) {
                perror("accept");
                nap(0.2); /* no descriptor is free, perhaps: an end may help */
            }
            continue;
        }
        printf("server: accepted connection %d\n", ++number);
#if defined NO_FORK /* one process, one connection at a time, whatever the backlog */
        converse(client);
        continue;
#elif defined THREADS_INSTEAD /* one process with many threads */
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)client) == 0)
            pthread_detach(thread);
        continue;
#endif
        pid_t pid;
        while ((pid = fork()) < 0) { /* no process to be had, perhaps: an end may help */
#ifdef FORK_FAILURE_AS_CHILD /* at the limit of processes (ulimit -u) the parent takes the child's branch, and leaves */
            pid = 0;
            break;
#endif
            perror("fork");
            nap(0.2);
        }
        if (pid == 0) {
            signal(SIGTERM, SIG_IGN); /* the stop is the parent's affair */
#if !defined CHILD_KEEPS_LISTENER && !defined CHILD_RETURNS /* or children that still serve keep a gone server's port */
            close(listener);
#endif
#ifdef DAEMON_CHILD /* a grandchild in a session of its own outlives the server, and nobody ends it */
            if (fork() > 0)
                _exit(0);
            setsid();
#endif
            converse(client);
#ifdef CHILD_RETURNS /* one process more for each connection, no zombie; all of them accept, and keep the port */
            continue;
#endif
#ifdef DAEMON_CHILD
            pause();
#endif
#ifdef DOUBLED_OUTPUT
            exit(0);
#endif
            fflush(stdout);
            _exit(0);
        }
#ifdef WAITS_AT_ONCE /* a process for each connection, and still one after the other */
        waitpid(pid, NULL, 0);
#endif
#ifndef PARENT_KEEPS /* defined: the answer is whole, its end never comes: the child's close is not the last one */
        close(client);
#endif
    }
#if !defined CHILD_KEEPS_LISTENER && !defined CHILD_RETURNS /* or it leaves at once, as the course's own server does */
    while (wait(NULL) > 0 || errno == EINTR)
        ;
#endif
    return 0;
}
