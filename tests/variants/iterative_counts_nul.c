/* Given server: one client at a time.   usage: PORT DELAY */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BUFSIZE 30000

static const char body[] = "My first web server!";
static int server_fd;

static void quit(int sig)
{
    (void)sig;
    shutdown(server_fd, SHUT_RDWR); /* accept() fails from now on */
}

static void nap(double seconds)
{
    struct timespec left = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
    while (nanosleep(&left, &left) == -1 && errno == EINTR)
        ;
}

static int get_request(int fd, char *buffer)
{
    size_t used = 0;
    while (used < BUFSIZE) {
        ssize_t n = read(fd, buffer + used, BUFSIZE - used);
        if (n <= 0)
            return 0;
        used += n;
        if (memmem(buffer, used, "\r\n\r\n", 4))
            break;
    }
    printf("%.*s\n", (int)used, buffer);
    return 1;
}

static void put_response(int fd)
{
    char text[256];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 200 OK\r\n"
                          "Content-Type: text/plain\r\n"
                          "Content-Length: %zu\r\n"
                          "Connection: close\r\n\r\n%s",
                          sizeof body, body);
    if (write(fd, text, length) != length)
        perror("write");
}

int main(int argc, char *argv[])
{
    static char buffer[BUFSIZE];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sigaction action = {.sa_handler = quit, .sa_flags = SA_RESTART};
    int on = 1;

    if (argc != 3)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &action, NULL);
    server_fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    address.sin_port = htons(atoi(argv[1]));
    if (bind(server_fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(server_fd, SOMAXCONN) < 0) {
        perror("bind or listen");
        return 1;
    }
    for (;;) {
        struct timeval patience = {3, 0};
        int fd = accept(server_fd, NULL, NULL);
        if (fd < 0 && errno == EINVAL)
            break;
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (get_request(fd, buffer)) {
            nap(atof(argv[2]));
            put_response(fd);
        }
        close(fd);
    }
    puts("bye");
    return 0;
}
