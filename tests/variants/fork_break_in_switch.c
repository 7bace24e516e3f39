// HW1 - multi process web server
// ./server <port> <sleep>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
  int port;
  useconds_t sleep_us;
  int listen_fd;
} Server;

void die(const char *what) {
  perror(what);
  exit(EXIT_FAILURE);
}

void reap(int signo) {
  int saved = errno;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
  errno = saved;
}

void open_server(Server *s) {
  struct sockaddr_in addr;
  int yes = 1;
  bzero(&addr, sizeof(addr));
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  addr.sin_port = htons(s->port);
  if ((s->listen_fd = socket(AF_INET, SOCK_STREAM, 0)) < 0) die("socket");
  setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (bind(s->listen_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) die("bind");
  if (listen(s->listen_fd, 128) < 0) die("listen");
}

void handle_client(Server *s, int fd) {
  char request[30001];
  int total = 0;
  const char *hello =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n"
      "Connection: close\r\n\r\nMy first web server!";

  do {
    int n = recv(fd, request + total, 30000 - total, 0);
    if (n <= 0) return;
    total += n;
    request[total] = '\0';
  } while (strstr(request, "\r\n\r\n") == NULL && total < 30000);

  printf("pid %d got %d bytes\n", getpid(), total);
  fflush(stdout);
  usleep(s->sleep_us);
  send(fd, hello, strlen(hello), MSG_NOSIGNAL);
  printf("pid %d sent hello\n", getpid());
  fflush(stdout);
}

int main(int argc, char **argv) {
  Server s;
  struct sigaction sa;
  if (argc < 3) die("usage: server port sleep");
  s.port = atoi(argv[1]);
  s.sleep_us = (useconds_t)(strtod(argv[2], NULL) * 1000000);

  memset(&sa, 0, sizeof(sa));
  sa.sa_handler = reap;
  sa.sa_flags = SA_RESTART | SA_NOCLDSTOP;
  sigaction(SIGCHLD, &sa, NULL);

  open_server(&s);
  while (1) {
    int fd = accept(s.listen_fd, NULL, NULL);
    if (fd < 0) continue;
    switch (fork()) {
      case -1:
        perror("fork");
        close(fd);
        break;
      case 0:
        handle_client(&s, fd);
        close(fd);
        break;
      default:
        close(fd);
        break;
    }
  }
}
