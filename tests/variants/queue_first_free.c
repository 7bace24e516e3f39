// HW3: message queue server.  ./hw3 PORT DELAY
#define _GNU_SOURCE
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE_SIZE = 10, UPPER = 8, LOWER = 2, MAX_WORKER = 100 };

typedef enum { ABSENT, IDLE, BUSY, LAST_JOB, FIRED } State;

typedef struct {
  State state;
  int client;
  pthread_cond_t ready;
} Worker;

typedef struct {
  int fds[QUEUE_SIZE];
  int front, size;
} Queue;

static Queue queue;
static Worker workers[MAX_WORKER];
static int worker_count;
static struct timespec calm;  // since when the queue has not been above LOWER
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t room = PTHREAD_COND_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static double delay;
static int server;

static double seconds_since(struct timespec start) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - start.tv_sec) + (now.tv_nsec - start.tv_nsec) / 1e9;
}

static void wait_seconds(double s) {
  struct timespec t = {(time_t)s, (long)((s - (time_t)s) * 1e9)};
  nanosleep(&t, NULL);
}

static void enqueue(int fd) {
  queue.fds[(queue.front + queue.size) % QUEUE_SIZE] = fd;
  queue.size++;
}

static int dequeue(void) {
  int fd = queue.fds[queue.front];
  queue.front = (queue.front + 1) % QUEUE_SIZE;
  queue.size--;
  if (queue.size == LOWER) clock_gettime(CLOCK_MONOTONIC, &calm);
  pthread_cond_signal(&room);
  return fd;
}

static void process(int fd) {
  char buf[30000];
  int got = 0, n;
  struct timeval tv = {5, 0};
  char res[200];
  const char *msg = "My first web server!";
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
  while ((n = recv(fd, buf + got, sizeof(buf) - got, 0)) > 0) {
    got += n;
    if (memmem(buf, got, "\r\n\r\n", 4) != NULL || got == sizeof(buf)) {
      wait_seconds(delay);
      sprintf(res, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", (int)strlen(msg), msg);
      send(fd, res, strlen(res), MSG_NOSIGNAL);
      break;
    }
  }
  close(fd);
}

static void *worker_main(void *arg) {
  Worker *w = arg;
  pthread_mutex_lock(&lock);
  while (w->state != FIRED) {
    if (w->client < 0) {
      pthread_cond_wait(&w->ready, &lock);
      continue;
    }
    int fd = w->client;
    pthread_mutex_unlock(&lock);
    process(fd);
    pthread_mutex_lock(&lock);
    printf("[worker %d] done\n", (int)(w - workers));
    w->client = -1;
    if (w->state == LAST_JOB) {
      w->state = FIRED;
      worker_count--;
    } else if (queue.size > 0) {
      w->client = dequeue();
    } else {
      w->state = IDLE;
    }
    pthread_cond_signal(&done);
  }
  w->state = ABSENT;  // its place may be filled again
  pthread_mutex_unlock(&lock);
  return NULL;
}

static bool add_worker(int fd) {
  for (int i = 0; i < MAX_WORKER; i++) {
    pthread_t tid;
    if (workers[i].state != ABSENT) continue;
    workers[i].state = BUSY;
    workers[i].client = fd;
    if (pthread_create(&tid, NULL, worker_main, &workers[i]) != 0) {
      workers[i].state = ABSENT;
      return false;
    }
    pthread_detach(tid);
    worker_count++;
    return true;
  }
  return false;
}

static void on_message(int fd) {
  for (int i = 0; i < MAX_WORKER; i++) {
    if (workers[i].state == IDLE) {
      workers[i].state = BUSY;
      workers[i].client = fd;
      pthread_cond_signal(&workers[i].ready);
      return;
    }
  }
  enqueue(fd);
  if (queue.size >= UPPER && worker_count < MAX_WORKER) {
    int oldest = queue.fds[queue.front];
    if (add_worker(oldest)) dequeue();
  }
  printf("[queue] %d / %d, workers %d\n", queue.size, QUEUE_SIZE, worker_count);
}

// The scaler looks five times in each hold time whether the queue has stayed low.
static void *scaler_main(void *arg) {
  double hold = delay > 0.5 ? delay : 0.5;
  for (;;) {
    wait_seconds(hold / 5);
    pthread_mutex_lock(&lock);
    if (queue.size <= LOWER && seconds_since(calm) >= hold) {
      int victim = 0;
      for (int i = MAX_WORKER - 1; i > 0; i--) {
        if (workers[i].state == IDLE) {
          victim = i;
          break;
        }
        if (workers[i].state == BUSY && victim == 0) victim = i;
      }
      if (victim > 0) {
        printf("[scaler] worker %d goes\n", victim);
        if (workers[victim].state == IDLE) {
          workers[victim].state = FIRED;
          worker_count--;
          pthread_cond_signal(&workers[victim].ready);
        } else {
          workers[victim].state = LAST_JOB;
        }
      }
    }
    pthread_mutex_unlock(&lock);
  }
  return arg;
}

static bool somebody_works(void) {
  for (int i = 0; i < MAX_WORKER; i++)
    if (workers[i].state == BUSY || workers[i].state == LAST_JOB) return true;
  return queue.size > 0;
}

static void on_sigterm(int sig) {
  (void)sig;
  shutdown(server, SHUT_RDWR);
}

int main(int argc, char **argv) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd, on = 1;
  pthread_t tid;
  if (argc < 3) return 1;
  setlinebuf(stdout);
  addr.sin_port = htons(atoi(argv[1]));
  delay = atof(argv[2]);
  for (int i = 0; i < MAX_WORKER; i++) pthread_cond_init(&workers[i].ready, NULL);
  clock_gettime(CLOCK_MONOTONIC, &calm);

  server = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(server, (struct sockaddr *)&addr, sizeof(addr)) < 0) return perror("bind"), 1;
  signal(SIGTERM, on_sigterm);

  workers[0].state = IDLE;
  workers[0].client = -1;
  worker_count = 1;
  pthread_create(&tid, NULL, worker_main, &workers[0]);
  pthread_create(&tid, NULL, scaler_main, NULL);
  if (listen(server, SOMAXCONN) < 0) return perror("listen"), 1;

  for (;;) {
    pthread_mutex_lock(&lock);
    while (queue.size == QUEUE_SIZE) pthread_cond_wait(&room, &lock);
    pthread_mutex_unlock(&lock);
    fd = accept(server, NULL, NULL);
    if (fd < 0) break;
    pthread_mutex_lock(&lock);
    on_message(fd);
    pthread_mutex_unlock(&lock);
  }

  pthread_mutex_lock(&lock);
  while (somebody_works()) pthread_cond_wait(&done, &lock);
  return 0;
}
