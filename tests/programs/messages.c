// SPDX-License-Identifier: GPL-2.0-only
/*
 * messages - use /dev/message_queue as programs do: read, write, poll, epoll, signals
 *
 * Prints a line for each check, and exits with 1 if one failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGEST	4096
#define SOON	10000		/* milliseconds: only a failure waits as long for an event */

static int failures;
static char buffer[LARGEST + 1];

/* Memory that cannot be accessed. */
static char *nowhere(void)
{
	return mmap(NULL, LARGEST, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void check(const char *name, bool holds)
{
	printf("%sok - %s\n", holds ? "" : "not ", name);
	failures += !holds;
}

static int open_queue(int flags)
{
	int fd = open("/dev/message_queue", O_RDWR | flags);

	if (fd < 0) {
		perror("/dev/message_queue");
		exit(1);
	}
	return fd;
}

static short events(int fd, short wanted, int milliseconds)
{
	struct pollfd poller = { .fd = fd, .events = wanted };

	poll(&poller, 1, milliseconds);
	return poller.revents & wanted;
}

/* The contents of message @number, of a length of its own. */
static size_t compose(unsigned int number)
{
	size_t length = number * 37 % 1500 + 1;

	memset(buffer, number, length);
	return length;
}

static bool send_message(int fd, unsigned int number)
{
	size_t length = compose(number);

	return write(fd, buffer, length) == (ssize_t)length;
}

static bool receive(int fd, unsigned int number)
{
	size_t length = compose(number), i;

	memset(buffer, 0, sizeof(buffer));
	if (read(fd, buffer, sizeof(buffer)) != (ssize_t)length)
		return false;
	for (i = 0; i < length; i++)
		if (buffer[i] != (char)number)
			return false;
	return true;
}

static unsigned int fill(int fd)
{
	unsigned int count = 0;

	while (send_message(fd, count))
		count++;
	if (errno != EAGAIN)
		check("a full queue refuses a message with EAGAIN", false);
	return count;
}

static bool drain(int fd, unsigned int from, unsigned int to)
{
	for (; from < to; from++)
		if (!receive(fd, from))
			return false;
	return true;
}

/*
 * Fill the queue as an empty heap holds it. Messages that were read are freed after a grace period
 * only: until then less fits. Return: the number of messages.
 */
static unsigned int fill_all(int fd)
{
	static unsigned int capacity;
	unsigned int count;

	while ((count = fill(fd)) < capacity)
		if (!drain(fd, 0, count))
			break;
	capacity = count;
	return count;
}

static void check_empty(int fd)
{
	check("an empty queue can be written", events(fd, POLLOUT, SOON));
	check("... and not be read", !events(fd, POLLIN, 0));
	check("a read of it fails with EAGAIN", read(fd, buffer, 1) < 0 && errno == EAGAIN);
	check("a message of more than the largest size is refused",
	      write(fd, buffer, LARGEST + 1) < 0 && errno == EMSGSIZE);
	check("a message from a bad address is refused",
	      write(fd, nowhere(), 100) < 0 && errno == EFAULT);
}

static bool fdinfo_has(int fd, const char *text)
{
	char path[64], line[4096];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		found |= !!strstr(line, text);
	if (file)
		fclose(file);
	return found;
}

static void check_read(int fd)
{
	check("a message is written", send_message(fd, 5) && send_message(fd, 6));
	check("then the queue can be read", events(fd, POLLIN, 0));
	check("fdinfo has the lengths", fdinfo_has(fd, "messages: 186 223\n"));
	check("a read with too short a buffer is refused",
	      read(fd, buffer, 185) < 0 && errno == EMSGSIZE);
	check("a read to a bad address is refused",
	      read(fd, nowhere(), LARGEST) < 0 && errno == EFAULT);
	check("the messages are still there, in order", receive(fd, 5) && receive(fd, 6));
}

/* The watch notifies of this, too, but it wakes no poll. */
static bool until_not_crowded(int fd)
{
	int tries;

	for (tries = 0; tries < SOON && events(fd, POLLPRI, 0); tries += 10)
		usleep(10000);
	return tries < SOON;
}

static void check_epoll(int fd, unsigned int trigger, const char *name)
{
	struct epoll_event event = { .events = EPOLLOUT | trigger };
	int status, epoll = epoll_create1(0);
	unsigned int count;

	printf("# %s\n", name);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	check("epoll reports room", epoll_wait(epoll, &event, 1, SOON) == 1);
	count = fill_all(fd);
	while (epoll_wait(epoll, &event, 1, 0) == 1 && trigger)
		;
	check("epoll reports no room", epoll_wait(epoll, &event, 1, 0) == 0);
	check("poll reports that the queue fills up", events(fd, POLLPRI, SOON));
	if (!fork()) {
		/* Let the parent sleep in epoll_wait(). */
		usleep(100000);
		_exit(!drain(open_queue(0), 0, count));
	}
	check("epoll reports room when messages were read",
	      epoll_wait(epoll, &event, 1, SOON) == 1 && event.events & EPOLLOUT);
	wait(&status);
	check("all messages were read unchanged", !status);
	check("poll reports that the queue is not full any more", until_not_crowded(fd));
	close(epoll);
}

static void handle(int signal)
{
	(void)signal;
}

static void check_wait(int fd)
{
	struct sigaction action = { .sa_handler = handle };
	unsigned int count = fill_all(fd);
	int status;
	pid_t child;

	child = fork();
	if (!child)
		_exit(!send_message(open_queue(0), count));
	usleep(100000);
	check("a writer waits while there is no room", waitpid(child, &status, WNOHANG) == 0);
	check("messages are read", drain(fd, 0, count));
	check("then its message is written", waitpid(child, &status, 0) == child && !status);
	check("... unchanged", events(fd, POLLIN, SOON) && receive(fd, count));

	count = fill_all(fd);
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	check("a signal ends a wait", !send_message(open_queue(0), count) && errno == EINTR);
	check("no message was lost", drain(fd, 0, count));
	check("nor added", !events(fd, POLLIN, 0));
}

int main(void)
{
	int fd = open_queue(O_NONBLOCK);

	setvbuf(stdout, NULL, _IOLBF, 0);
	check("a queue is filled and drained", drain(fd, 0, fill_all(fd)));
	check_empty(fd);
	check_read(fd);
	check_epoll(fd, 0, "level-triggered");
	check_epoll(fd, EPOLLET, "edge-triggered");
	check_wait(fd);
	return !!failures;
}
