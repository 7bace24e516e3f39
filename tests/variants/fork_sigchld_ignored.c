/* Assignment 1, right: the kernel itself reaps, as SIGCHLD is ignored.   usage: PORT DELAY */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int door;

static void close_door(int signal_number) { (void)signal_number, shutdown(door, SHUT_RDWR); }

static bool whole_request(int peer)
{
    static char text[30000];
    for (size_t length = 0; length < sizeof text;) {
        const ssize_t more = recv(peer, text + length, sizeof text - length, 0);
        if (more <= 0) return false;
        length += (size_t)more;
        if (memmem(text, length, "\r\n\r\n", 4)) break;
    }
    dprintf(STDOUT_FILENO, "child %d: %.*s\n", getpid(), (int)strcspn(text, "\r\n"), text);
    return true;
}

static _Noreturn void child(int peer, double delay)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n"
                                 "Connection: close\r\n\r\nMy first web server!";
    const struct timeval limit = {5, 0};
    const struct timespec sleep_for = {(time_t)delay, (long)((delay - (double)(time_t)delay) * 1e9)};
    signal(SIGTERM, SIG_DFL);
    close(door);
    setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (whole_request(peer)) {
        nanosleep(&sleep_for, NULL);
        send(peer, answer, sizeof answer - 1, MSG_NOSIGNAL);
    }
    _exit(EXIT_SUCCESS);
}

int main(int count, char *words[])
{
    if (count != 3) errx(EXIT_FAILURE, "usage: %s PORT DELAY", words[0]);
    const double delay = atof(words[2]);
    const struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    signal(SIGCHLD, SIG_IGN);
    signal(SIGTERM, close_door);
    door = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(door, (const struct sockaddr *)&here, sizeof here)) err(EXIT_FAILURE, "bind");
    if (listen(door, 10)) err(EXIT_FAILURE, "listen");
    for (int peer;;) {
        if ((peer = accept(door, NULL, NULL)) < 0) {
            if (errno == EINVAL) break;
            continue;
        }
        const pid_t pid = fork();
        if (pid == 0) child(peer, delay);
        if (pid < 0) warn("fork");
        close(peer);
    }
    close(door);
    while (wait(NULL) > 0 || errno == EINTR) continue; /* until the last child is gone: ECHILD */
}
