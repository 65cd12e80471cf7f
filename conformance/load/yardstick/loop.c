// The least a hub can do, as a yardstick for one that does more: a thread, an
// epoll set, and one write(2) per stream and event. It knows no topics, no
// tokens and no history, keeps nothing of a stream but its descriptor, and
// answers a publish when all have been written to.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char stream_head[] =
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: private\r\n"
	"Transfer-Encoding: chunked\r\n\r\nd\r\nretry: 3000\n\n\r\n";

static int *streams;       // descriptors, gaps closed by the last
static int streams_n;
static int *place;         // in streams, by descriptor; -1 for a publisher
static char request[4 << 20];
static size_t request_n;   // bytes of a request that has not come whole
static int request_fd = -1; // whose: publishers send one at a time
static char event[sizeof request + 256];
static unsigned long events;

static void die(const char *what) { perror(what); exit(1); }

static void stop(int signal) { (void)signal; _exit(0); }

// send_all writes everything: where a socket is full, it waits.
static void send_all(int fd, const char *b, size_t n) {
	while (n > 0) {
		ssize_t sent = send(fd, b, n, MSG_NOSIGNAL);
		if (sent >= 0) {
			b += sent, n -= sent;
		} else if (errno == EAGAIN) {
			struct pollfd p = {fd, POLLOUT, 0};
			poll(&p, 1, -1);
		} else if (errno != EINTR) {
			return; // the peer is gone; epoll tells
		}
	}
}

static void leave(int fd) {
	if (place[fd] >= 0) {
		int last = streams[--streams_n];
		streams[place[fd]] = last;
		place[last] = place[fd];
	}
	if (request_fd == fd)
		request_fd = -1, request_n = 0;
	close(fd);
}

// publish sends the data of a form, which needs no decoding, to all streams.
static void publish(int fd, const char *form, size_t n) {
	const char *data = memmem(form, n, "data=", 5);
	if (data == NULL) {
		leave(fd);
		return;
	}
	data += 5;
	const char *end = memchr(data, '&', form + n - data);
	size_t length = (end ? end : form + n) - data;
	char id[64], size[16], answer[256];
	int id_n = snprintf(id, sizeof id, "urn:uuid:00000000-0000-8000-8000-%012lx", ++events);
	int size_n = snprintf(size, sizeof size, "%zx\r\n", 4 + id_n + 1 + 6 + length + 2);
	char *at = event;
	at = mempcpy(at, size, size_n);
	at = mempcpy(at, "id: ", 4);
	at = mempcpy(at, id, id_n);
	at = mempcpy(at, "\ndata: ", 7);
	at = mempcpy(at, data, length);
	at = mempcpy(at, "\n\n\r\n", 4);
	for (int i = 0; i < streams_n; i++)
		send_all(streams[i], event, at - event);
	int answer_n = snprintf(answer, sizeof answer,
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", id_n, id);
	send_all(fd, answer, answer_n);
}

// take reads a request, or the next part of a publish.
static void take(int fd) {
	if (request_fd != fd)
		request_fd = fd, request_n = 0;
	ssize_t n = recv(fd, request + request_n, sizeof request - request_n - 1, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		leave(fd);
		return;
	}
	request_n += n;
	request[request_n] = 0;
	char *body = memmem(request, request_n, "\r\n\r\n", 4);
	if (body == NULL)
		return;
	body += 4;
	if (strncmp(request, "POST ", 5) != 0) {
		if (place[fd] < 0) {
			place[fd] = streams_n;
			streams[streams_n++] = fd;
			send_all(fd, stream_head, sizeof stream_head - 1);
		}
		request_n = 0;
		return;
	}
	char *length = strcasestr(request, "\r\ncontent-length:");
	size_t form_n = length ? strtoul(length + 17, NULL, 10) : 0;
	if ((size_t)(request + request_n - body) < form_n)
		return;
	request_n = 0;
	publish(fd, body, form_n);
}

int main(void) {
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	streams = malloc(files.rlim_max * sizeof *streams);
	place = malloc(files.rlim_max * sizeof *place);
	if (streams == NULL || place == NULL)
		die("malloc");
	signal(SIGTERM, stop);
	signal(SIGINT, SIG_IGN); // of a terminal, meant for whoever started this

	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t at_n = sizeof at;
	if (bind(listener, (struct sockaddr *)&at, at_n) || listen(listener, 4096) ||
	    getsockname(listener, (struct sockaddr *)&at, &at_n))
		die("listen");
	int set = epoll_create1(0);
	struct epoll_event e = {.events = EPOLLIN, .data.fd = listener}, ready[256];
	if (epoll_ctl(set, EPOLL_CTL_ADD, listener, &e))
		die("epoll_ctl");
	printf("{\"event\":\"ready\",\"hub\":\"http://127.0.0.1:%d/.well-known/mercure\",\"pid\":%d}\n",
		ntohs(at.sin_port), getpid());
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(set, ready, 256, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (ready[i].data.fd != listener) {
				take(ready[i].data.fd);
				continue;
			}
			int fd;
			while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
				setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
				place[fd] = -1;
				e.data.fd = fd;
				if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e))
					die("epoll_ctl");
			}
		}
	}
}
