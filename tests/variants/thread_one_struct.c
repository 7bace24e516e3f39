/*
 * assignment #2: pthread web server
 * usage: ./thread_one_struct port delay
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <netinet/in.h>

struct client_info {
	int sock;
	int number;
	double delay;
};

static int recv_all(int sock, char *buf, int max)
{
	int len = 0, n;

	while (len < max && !memmem(buf, len, "\r\n\r\n", 4)) {
		n = read(sock, buf + len, max - len);
		if (n <= 0)
			return -1;
		len += n;
	}
	return len;
}

static void *connection(void *arg)
{
	struct client_info *client = arg;
	char *request = malloc(30000);
	const char *response =
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: text/plain\r\n"
		"Content-Length: 20\r\n"
		"\r\n"
		"My first web server!";

	if (recv_all(client->sock, request, 30000) > 0) {
		printf("client %d: request received\n", client->number);
		usleep(client->delay * 1000000);
		write(client->sock, response, strlen(response));
		printf("client %d: response sent\n", client->number);
	}
	free(request);
	close(client->sock);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { 0 };
	struct client_info client;
	int server, opt = 1, err;
	pthread_t tid;

	setlinebuf(stdout);
	signal(SIGPIPE, SIG_IGN);
	server = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &opt, sizeof(opt));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[1]));
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(server, (struct sockaddr *)&addr, sizeof(addr)) != 0 || listen(server, 100) != 0) {
		perror("server");
		return 1;
	}
	client.number = 0;
	client.delay = atof(argv[2]);
	while ((client.sock = accept(server, NULL, NULL)) >= 0) {
		client.number++;
		err = pthread_create(&tid, NULL, connection, &client);
		if (err != 0) {
			fprintf(stderr, "pthread_create: %s\n", strerror(err));
			close(client.sock);
			continue;
		}
		pthread_detach(tid);
	}
	return 0;
}
