/* The given server, one connection at a time, with the one mistake that a macro chooses. Without a macro it is right.
 *
 *     cc -O2 -DBARE_LF -o server iterative.c && ./server 8090 5
 *
 * Written as a student writes it: a port and a delay, printf, and nothing of service.c. What stands between #ifdef and
 * #endif is the mistake, and the comment there says what an observer sees who knows only the socket, the processes
 * and the terminal. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 30000 /* bytes of a request: the course's buffer */
#define PATIENCE 5  /* seconds that a client may say nothing */

#ifdef BARE_LF /* the answer does not parse: a header line ends with CR LF (RFC 9112, 2.2) */
#define EOL "\n"
#else
#define EOL "\r\n"
#endif
#ifdef NO_LINE_BREAK /* the type swallows the length: no Content-Length, and a Content-Type that is none */
#define AFTER_TYPE ""
#else
#define AFTER_TYPE EOL
#endif
#ifdef LENGTH_TOO_LONG /* the client waits for 5 bytes that never come */
#define LENGTH "25"
#else
#define LENGTH "20"
#endif
#if defined LENGTH_TOO_SHORT /* 21 bytes where the header says 20: the last one is nobody's */
#define BODY "My first web server!\n"
#elif defined WRONG_BODY /* 20 bytes, and others */
#define BODY "This is a web server"
#else
#define BODY "My first web server!"
#endif

static const char ANSWER[] = "HTTP/1.1 200 OK" EOL "Content-Type: text/plain" AFTER_TYPE "Content-Length: " LENGTH EOL
                             "Connection: close" EOL EOL BODY;

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

/* True once the blank line has come. read(2) returns what is there, perhaps half a request: hence the loop. */
static int read_request(int client, char *request)
{
    size_t length = 0;
    request[0] = '\0';
    while (length < LIMIT && strstr(request, "\r\n\r\n") == NULL) {
#ifdef CLOSE_UNREAD /* the answer is followed by a reset: close(2) on unread bytes sends RST, not FIN */
        if (length > 0)
            return 1;
        ssize_t count = read(client, request, strlen("GET / HTTP/1.1"));
#else
        ssize_t count = read(client, request + length, LIMIT - length);
#endif
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

static void respond(int client)
{
#ifndef NO_DELAY /* defined: answers come long before their delay is over */
    nap(delay);
#endif
#ifndef NO_ANSWER /* defined: the connection closes without a byte */
    if (write(client, ANSWER, sizeof ANSWER - 1) < 0)
        perror("write");
#endif
}

static void converse(int client, int number)
{
    static char request[LIMIT + 1];
    struct timeval patience = {PATIENCE, 0};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
#ifdef ANSWERS_UNASKED /* even a silent client gets an answer */
    respond(client);
    read_request(client, request);
#else
    if (!read_request(client, request)) {
        printf("connection %d: no request\n", number);
        return;
    }
    printf("connection %d: %.*s\n", number, (int)strcspn(request, "\r\n"), request);
#ifdef CRASHES /* the second request ends the server by signal 11 */
    char *volatile first_line = number == 1 ? request : NULL;
    first_line[strcspn(request, "\r\n")] = '\0';
#endif
    respond(client);
#endif
    printf("connection %d: answered\n", number);
#ifdef LEAKS_DESCRIPTOR /* one descriptor more after each request */
    int log = open("/dev/null", O_WRONLY);
    if (write(log, request, strlen(request)) < 0)
        perror("log");
#endif
#ifdef LEAKS_MEMORY /* 1 MiB more after each request */
    static char *volatile copy;
    copy = malloc(1 << 20);
    memset(copy, 1, 1 << 20);
#endif
}

int main(int argc, char **argv)
{
    int number = 0, yes = 1, port = argc > 1 ? atoi(argv[1]) : 8090;
    delay = argc > 2 ? atof(argv[2]) : 5;
    struct sigaction term = {.sa_handler = on_term};
#ifdef NEVER_FLUSHES /* nothing is ever printed: the lines stay in a buffer, which _exit(2) forgets */
    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
#else
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
#endif
#ifdef IGNORES_TERM /* it has to be killed */
    term.sa_handler = SIG_IGN;
#endif
    sigaction(SIGTERM, &term, NULL);
#ifndef DIES_OF_SIGPIPE /* defined: a client that sends FIN, then RST before its answer ends the server (signal 13) */
    signal(SIGPIPE, SIG_IGN);
#endif
#ifdef IGNORES_PORT /* it listens, but not where the command line says */
    port = 8090;
#endif
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
#ifdef ENDS_AT_ONCE /* status 1 before it listened: bind(2) returns 0 where all is well */
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0) {
#else
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) {
#endif
        perror("bind");
        return 1;
    }
#ifdef DOES_NOT_COMPILE /* the compiler says where */
    printf("listening on port %d\n", port)
#endif
#ifndef NEVER_LISTENS /* defined: a bound socket is no listening one, and accept(2) says EINVAL for ever */
    if (listen(listener, SOMAXCONN) < 0) {
        perror("listen");
        return 1;
    }
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
        number++;
        converse(client, number);
#ifndef LEAVES_OPEN /* defined: the answer is whole, and its end never comes; one descriptor more after each request */
        close(client);
#endif
#ifdef ENDS_AFTER_ONE /* status 0 after the first answer */
        break;
#endif
    }
#ifdef NEVER_FLUSHES
    _exit(0);
#endif
    return 0;
}
