/* The serving of one connection, the accepting of connections, and the stop: see service.h. */

#include "service.h"

#include "lessons.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define GREETING "My first web server!"
#define LIMIT 30000  /* bytes of a request's head: the course's buffer */
#define SHOWN 80     /* characters of a request line in the log */
#define BACKLOG 4096 /* the kernel cuts it to net.core.somaxconn; too small, and clients connect seconds late */
#define PATIENCE 1.0 /* seconds that a peer has to take its answer */
#define LARGEST 1e9  /* of the command line's decimal numbers: a timespec has room for so many seconds */

int listener;
double delay = 5;
void (*before_the_end)(void);

static const char *host = "127.0.0.1";
static int port = 8090;
static double read_timeout = 10;
static const struct setting COMMON[] = {
    {"host", TEXT, &host},
    {"port", WHOLE, &port},
    {"delay", DECIMAL, &delay},
    {"read-timeout", DECIMAL, &read_timeout},
    {"lessons", FLAG, &lessons_on},
    {"ballast", WHOLE, &ballast},
    {0},
};
static const struct setting *settings[2] = {COMMON};
static volatile sig_atomic_t stopping; /* written by the signal handler: volatile, and of a type that has no halves */
static sigset_t nothing, stop_signals;
static pthread_t main_thread;

/* ---- Lines and time -------------------------------------------------------------------------------------------- */

/* A single write(2), so that lines of many processes never mix, and no buffer that fork(2) would copy and exit(3)
 * print again, as it does with printf's. If nobody reads them any more, that is no reason to stop serving. */
static void print(const char *line, size_t length)
{
    ssize_t printed = write(STDOUT_FILENO, line, length);
    (void)printed;
}

void say(const char *actor, const char *event, ...)
{
    char line[512];
    va_list values;
    va_start(values, event);
    size_t length = snprintf(line, sizeof line, "%s: ", actor);
    length += vsnprintf(line + length, sizeof line - length, event, values);
    va_end(values);
    if (length >= sizeof line) /* what there was no room for; at the most a line of 130 is ever asked for */
        length = sizeof line - 1;
    line[length++] = '\n';
    print(line, length);
}

double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

void sleep_for(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (time_t)seconds) * 1e9)};
    while (seconds > 0 && nanosleep(&left, &left) < 0 && errno == EINTR) /* a signal cut it short: sleep what is left */
        ;
}

/* True once the socket is ready for POLLIN or POLLOUT, or broken; false at the deadline. */
static bool wait_for(int socket, short event, double deadline)
{
    struct pollfd asked = {.fd = socket, .events = event};
    double left;
    do { /* again after a signal, and after a whole hour */
        left = deadline - now();
        if (poll(&asked, 1, left > 3600 ? 3600000 : left > 0 ? (int)(left * 1000) + 1 : 0) > 0)
            return true;
    } while (left > 0);
    return false;
}

/* ---- The answer to a request (RFC 9110, RFC 9112): bytes in, bytes out ----------------------------------------- */

/* Where the next line begins, NULL if the line does not end here: a line may end without the CR. */
static const char *next_line(const char *at)
{
    at += *at == '\r';
    return *at == '\n' ? at + 1 : NULL;
}

/* True if the head has its blank line, which the last `news` bytes must have completed. */
static bool is_whole(const char *request, size_t length, size_t news)
{
    for (size_t at = length > news + 4 ? length - news - 4 : 0; at < length; at++) {
        if (request[at] == '\r' || request[at] == '\n')
            continue;
        const char *second = next_line(request + at + 1);
        if (second != NULL && next_line(second) != NULL)
            return true;
    }
    return false;
}

/* The status that answers a request, a string; a request that is not HTTP gets 400. */
static int judge(const char *request, bool *with_body, struct asked *asked)
{
    static const char TOKEN[] = "!#$%&'*+.^_`|~-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char *method = request + strspn(request, "\r\n"), *target = method + strspn(method, TOKEN);
    if (target == method || *target++ != ' ')
        return 400;
    const char *version = target;
    while (isgraph((unsigned char)*version))
        version++;
    if (version == target || strncmp(version, " HTTP/1.", 8) != 0 || !isdigit((unsigned char)version[8]))
        return 400;
    int hosts = 0;
    const char *line = next_line(version + 9);
    while (line != NULL && next_line(line) == NULL) { /* a field: its name stands right before its colon */
        size_t name = strspn(line, TOKEN);
        if (name == 0 || line[name] != ':')
            return 400;
        hosts += name == 4 && strncasecmp(line, "host", 4) == 0;
        line = next_line(line + strcspn(line, "\r\n"));
    }
    if (line == NULL || hosts > 1 || (hosts == 0 && version[8] != '0')) /* exactly one since HTTP/1.1 */
        return 400;
    if (strncmp(method, "GET ", 4) != 0 && strncmp(method, "HEAD ", 5) != 0)
        return 405;
    *with_body = *method == 'G';
    size_t length = version - target;
    if (length >= 7 && strncasecmp(target, "http://", 7) == 0) { /* the form that a client sends to a proxy */
        target += 7 + strcspn(target + 7, "/ ");
        if (*target == ' ') /* no path is the root's */
            return 200;
    }
    if (*target != '/')
        return 400;
    if (target[1] == ' ' || target[1] == '?')
        return 200;
    return lessons_on && *with_body ? find_lesson(target, asked) : 404;
}

static const char *reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 431: return "Request Header Fields Too Large";
    default: return "Bad Request";
    }
}

/* Write a response's bytes; returns their number and that of the body, which the answer to HEAD leaves out. Every line
 * ends with CR LF, the last one is empty, and the length is counted, not typed. */
static size_t respond(char *reply, size_t size, int status, bool with_body, size_t *body_length)
{
    char refusal[64];
    snprintf(refusal, sizeof refusal, "%d %s\n", status, reason(status));
    const char *body = status == 200 ? GREETING : refusal;
    *body_length = with_body ? strlen(body) : 0;
    return snprintf(reply, size,
                    "HTTP/1.1 %d %s\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Length: %zu\r\n"
                    "Connection: close\r\n"
                    "%s"
                    "\r\n"
                    "%s",
                    status, reason(status), strlen(body), status == 405 ? "Allow: GET, HEAD\r\n" : "",
                    with_body ? body : "");
}

/* A request's first line, fit for a terminal: what is not printable ASCII escaped, a long line cut. */
static void first_line(const char *request, size_t length, char shown[SHOWN + 8])
{
    const char *end = request + length, *at = request + strspn(request, "\r\n");
    const char *line_end = memchr(at, '\n', end - at);
    if (line_end != NULL)
        end = line_end;
    while (end > at && end[-1] == '\r')
        end--;
    size_t used = 0;
    for (shown[0] = '\0'; at < end && used <= SHOWN; at++) {
        unsigned char byte = *at;
        const char *short_form = byte == '\t' ? "\\t" : byte == '\r' ? "\\r" : byte == '\\' ? "\\\\" : NULL;
        if (short_form != NULL)
            used += sprintf(shown + used, "%s", short_form);
        else
            used += sprintf(shown + used, isprint(byte) ? "%c" : "\\x%02x", byte);
    }
    if (used > SHOWN)
        strcpy(shown + SHOWN - 3, "...");
}

/* ---- One connection -------------------------------------------------------------------------------------------- */

/* region read */
/* Read what comes until the blank line, the limit or the peer's end; false at the read timeout.
 *
 * read(2) returns what is there, perhaps a single byte: hence the loop, and one deadline for all its turns, or a
 * silent client would hold its server for ever. */
static bool read_request(int socket, char request[LIMIT + 1], size_t *length)
{
    double deadline = now() + read_timeout;
    ssize_t count = 1;
    bool in_time = true, whole = false;
    *length = 0;
    while (*length < LIMIT && !whole && (in_time = wait_for(socket, POLLIN, deadline))) {
        count = read(socket, request + *length, LIMIT - *length);
        if (count <= 0) /* 0: the peer's end; below: reset by the peer */
            break;
        *length += count;
        request[*length] = '\0'; /* so that no search runs beyond it */
        whole = is_whole(request, *length, count);
    }
    return in_time;
}
/* endregion read */

/* region write */
/* Write it all, as fast as the peer takes it; false if it left. SIGPIPE is ignored (see run), or writing to a peer
 * that has reset the connection would end the whole server: so write(2) returns -1 and EPIPE instead. */
static bool write_all(int socket, const char *bytes, size_t length)
{
    double deadline = now() + PATIENCE;
    while (length > 0) {
        ssize_t count = wait_for(socket, POLLOUT, deadline) ? write(socket, bytes, length) : -1;
        if (count < 0)
            return false;
        bytes += count;
        length -= count;
    }
    return true;
}
/* endregion write */

/* Read away what the peer sent beyond its request, for `patience` seconds at most.
 *
 * close(2) on unread bytes sends RST, which can destroy our answer on its way (RFC 9112, 9.6). A refused peer may
 * still be sending: it gets our end (FIN) and time to leave. Otherwise the server closes first. */
static void discard_rest(int socket, double patience)
{
    char rest[LIMIT];
    double deadline = now() + patience;
    if (patience > 0)
        shutdown(socket, SHUT_WR);
    for (int turn = 0; turn < 200 && wait_for(socket, POLLIN, deadline); turn++)
        if (read(socket, rest, sizeof rest) <= 0)
            break;
}

/* Read the request, sleep if it earned the greeting (or do what its lesson does), answer. */
static void converse(const struct connection *connection)
{
    char request[LIMIT + 1] = "", reply[512], shown[SHOWN + 8];
    size_t length, body_length;
    bool in_time = read_request(connection->socket, request, &length), with_body = true;
    struct asked asked = {0};
    if (length > 0) {
        first_line(request, length, shown);
        say(connection->actor, "#%u request %s, %zu bytes", connection->number, shown, length);
    } else if (in_time) {
        say(connection->actor, "#%u client left without a request", connection->number);
        return;
    }
    int status = in_time ? judge(request, &with_body, &asked) : 408;
    if (status == 400 && length == LIMIT && !is_whole(request, length, length))
        status = 431;
    if (status == 200 && asked.lesson == NULL)
        sleep_for(delay);
    else if (status == 200 && !teach(&asked, connection))
        return;
    size_t reply_length = respond(reply, sizeof reply, status, with_body, &body_length);
    if (!write_all(connection->socket, reply, reply_length)) {
        say(connection->actor, "#%u client left before the answer", connection->number);
        return;
    }
    say(connection->actor, "#%u answered %d, %zu bytes", connection->number, status, body_length);
    discard_rest(connection->socket, status == 200 || status == 404 ? 0 : PATIENCE);
}

void handle(const struct connection *connection)
{
    converse(connection);
    /* region close */
    close(connection->socket);
    say(connection->actor, "#%u closed", connection->number);
    /* endregion close */
}

/* ---- Accepting and stopping ------------------------------------------------------------------------------------ */

bool next_connection(struct connection *connection)
{
    static unsigned accepted;
    while (wait_for_signal(0)) { /* before each look: a listener that is always ready must not keep signals out */
        struct pollfd asked = {.fd = listener, .events = POLLIN};
        if (ppoll(&asked, 1, NULL, &nothing) <= 0)
            continue;
        /* region accept */
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        connection->socket = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC);
        if (connection->socket >= 0) {
            char address[INET_ADDRSTRLEN];
            inet_ntop(AF_INET, &peer.sin_addr, address, sizeof address);
            snprintf(connection->peer, sizeof connection->peer, "%s:%d", address, ntohs(peer.sin_port));
            strcpy(connection->actor, "server");
            connection->number = ++accepted;
            say("server", "#%u accepted from %s", connection->number, connection->peer);
            return true;
        }
        if (errno != EAGAIN && errno != ECONNABORTED) { /* these two: the peer has left the backlog */
            say("server", "cannot accept (%s), trying again", strerror(errno)); /* EMFILE, say: it stays there */
            wait_for_signal(PAUSE);
        }
        /* endregion accept */
    }
    close(listener);
    say("server", "stopping");
    return false;
}

bool wait_for_signal(int milliseconds)
{
    struct timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
    ppoll(NULL, 0, milliseconds == FOREVER ? NULL : &limit, &nothing); /* blocks `nothing` as long as it sleeps */
    return !stopping;
}

void wake(void)
{
    pthread_kill(main_thread, SIGUSR1); /* stays pending until the main thread sleeps: so it is never too early */
}

void allow_stop_signals(bool allowed)
{
    pthread_sigmask(allowed ? SIG_UNBLOCK : SIG_BLOCK, &stop_signals, NULL);
}

void on_signal(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void on_stop_signal(int number)
{
    static const char LAST[] = "server: stopped at once\n";
    if (!stopping) {
        stopping = true;
        return;
    }
    if (before_the_end != NULL)
        before_the_end();
    print(LAST, sizeof LAST - 1); /* write(2) and _exit(2) may be called wherever a signal comes, snprintf not */
    _exit(128 + number);          /* the status by which a shell names a death by signal */
}

static void on_wake(int number)
{
    (void)number; /* that it came is all: it interrupts ppoll */
}

static void catch_signals(void)
{
    sigset_t all;
    main_thread = pthread_self();
    sigemptyset(&nothing);
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGTERM);
    sigaddset(&stop_signals, SIGINT);
    all = stop_signals;
    sigaddset(&all, SIGCHLD);
    sigaddset(&all, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    on_signal(SIGTERM, on_stop_signal);
    on_signal(SIGINT, on_stop_signal);
    on_signal(SIGUSR1, on_wake);
    on_signal(SIGPIPE, SIG_IGN);
}

/* ---- The command line ------------------------------------------------------------------------------------------ */

static _Noreturn void cannot_listen(const char *why)
{
    fprintf(stderr, "server: cannot listen on %s:%d (%s); choose another --port?\n", host, port, why);
    exit(1);
}

/* Each call's error has to be looked at: -1, and errno says which. */
static void open_listener(void)
{
    /* region socket */
    int yes = 1;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0)
        cannot_listen(strerror(errno));
    /* So an earlier run's connections in TIME_WAIT do not hold the port: no "Address already in use". */
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    /* endregion socket */
    /* region bind */
    /* A socket address is an IP address and a port, both in network byte order. */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (port < 0 || port > 65535)
        cannot_listen("port must be 0-65535");
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        cannot_listen("not an IPv4 address");
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0)
        cannot_listen(strerror(errno));
    /* endregion bind */
    /* region listen */
    /* From here on the kernel completes connections by itself, and keeps so many that nobody has accepted yet. */
    if (listen(listener, BACKLOG) < 0)
        cannot_listen(strerror(errno));
    /* endregion listen */
    socklen_t size = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &size); /* the kernel chooses for port 0 */
    port = ntohs(address.sin_port);
}

static void print_usage(FILE *stream)
{
    static const char *const VALUES[] = {[TEXT] = " TEXT", [WHOLE] = " WHOLE", [DECIMAL] = " DECIMAL", [FLAG] = ""};
    fprintf(stream, "usage: server [--help]");
    for (int table = 0; table < 2; table++)
        for (const struct setting *one = settings[table]; one != NULL && one->name != NULL; one++)
            fprintf(stream, " [--%s%s]", one->name, VALUES[one->kind]);
    fprintf(stream, "\n");
}

void refuse(const char *sentence, ...)
{
    va_list values;
    va_start(values, sentence);
    print_usage(stderr);
    fprintf(stderr, "server: ");
    vfprintf(stderr, sentence, values);
    fprintf(stderr, "\n");
    va_end(values);
    exit(2);
}

static void set(const struct setting *setting, const char *text)
{
    char *end = NULL;
    bool right = true;
    if (setting->kind == TEXT) {
        *(const char **)setting->value = text;
    } else if (setting->kind == FLAG) {
        *(bool *)setting->value = true;
    } else if (setting->kind == WHOLE) {
        long value = strtol(text, &end, 10);
        right = end != text && *end == '\0' && value >= INT_MIN && value <= INT_MAX;
        *(int *)setting->value = (int)value;
    } else {
        double value = strtod(text, &end);
        right = end != text && *end == '\0' && value >= 0 && value <= LARGEST; /* false for not-a-number, too */
        *(double *)setting->value = value;
    }
    if (!right)
        refuse("--%s needs %s, not %s", setting->name,
               setting->kind == WHOLE ? "a whole number" : "a number that is 0 or more", text);
}

static void read_command_line(int argc, char **argv)
{
    struct option options[32] = {{"help", no_argument, NULL, 'h'}};
    const struct setting *meant[32] = {NULL};
    int count = 1, index = 0, found;
    for (int table = 0; table < 2; table++)
        for (const struct setting *one = settings[table]; one != NULL && one->name != NULL; one++, count++) {
            options[count] = (struct option){one->name, one->kind == FLAG ? no_argument : required_argument, NULL, 0};
            meant[count] = one;
        }
    opterr = 0; /* it is told below */
    while ((found = getopt_long(argc, argv, "h", options, &index)) == 0)
        set(meant[index], optarg);
    if (found == 'h') {
        print_usage(stdout);
        exit(0);
    }
    if (found != -1 || optind < argc)
        refuse("unknown option, or one without its value: %s", argv[found == -1 ? optind : optind - 1]);
}

int run(int argc, char **argv, const struct setting *own, void (*serve)(void))
{
    settings[1] = own;
    read_command_line(argc, argv);
    if (lessons_on)
        prepare_lessons();
    open_listener();
    catch_signals();
    say("server", "listening on %s:%d, delay %g s", host, port, delay);
    serve();
    say("server", "stopped");
    return 0;
}
