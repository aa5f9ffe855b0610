// SPDX-License-Identifier: GPL-2.0-only
/*
 * clients - a trace with times, of clients that leak and of clients that do not
 *
 * clients NUMBER SECONDS [MS] prints the trace with this number. The name of a call site is that of
 * its client. Time passes in steps of 10 milliseconds, and is marked every MS (by default 100), so
 * the trace does not depend on a machine.
 */
#include "../../test.h"

#define STEPS		100		/* in a second */
#define HELD		8192		/* blocks of a client */

struct client;

struct kind {
	const char *name;
	void (*step)(struct client *client, u32 step);
};

struct client {
	const char *name;
	u32 held[HELD];			/* ids, oldest first */
	u32 count;
};

static u32 steps;			/* of the whole trace */
static u32 ids, events;

static void forget(struct client *client, u32 bytes)
{
	printf("alloc %u %u %s+0x10/0x20 [m]\n", ++ids, bytes, client->name);
	events++;
}

static void hold(struct client *client, u32 bytes)
{
	REQUIRE(client->count < HELD);
	forget(client, bytes);
	client->held[client->count++] = ids;
}

static void drop(struct client *client, u32 which)
{
	u32 i;

	printf("free %u\n", client->held[which]);
	events++;
	client->count--;
	for (i = which; i < client->count; i++)
		client->held[i] = client->held[i + 1];
}

static bool every(u32 step, u32 period)
{
	return step % period == period / 2;
}

/* Hold blocks that live for a second on average. */
static void traffic(struct client *client)
{
	u32 i;

	for (i = 0; i < 5; i++) {
		if (client->count < 400)
			hold(client, 16 + next_random(500));
	}
	for (i = client->count; i--;) {
		if (!next_random(STEPS))
			drop(client, i);
	}
}

static void leak_slow(struct client *client, u32 step)
{
	if (every(step, STEPS))
		forget(client, 64);
}

static void leak_bursts(struct client *client, u32 step)
{
	u32 i;

	for (i = 0; every(step, 4 * STEPS) && i < 20; i++)
		forget(client, 32);
}

/* One block a second is not freed, of some 500. */
static void leak_busy(struct client *client, u32 step)
{
	traffic(client);
	leak_slow(client, step);
}

/* Blocks that live long, and every tenth of them forever. */
static void leak_sessions(struct client *client, u32 step)
{
	while (client->count < steps / 30)
		hold(client, 200);
	if (!every(step, STEPS / 10))
		return;
	hold(client, 200);
	if (!next_random(10))
		client->count--;
	else
		drop(client, next_random(client->count));
}

static void warm_up(struct client *client, u32 step)
{
	if (step < steps * 2 / 5 && every(step, 10))
		hold(client, 100);
}

/* A cache: the more it has, the less it misses. */
static void warm_up_fading(struct client *client, u32 step)
{
	if (next_random(steps) > 6 * step && next_random(1000) * client->count < 100000)
		hold(client, 100);
}

static void ring(struct client *client, u32 step)
{
	hold(client, 100);
	if (client->count > 2 * STEPS)
		drop(client, 0);
}

static void ring_long(struct client *client, u32 step)
{
	if (!every(step, 10))
		return;
	hold(client, 100);
	if (client->count > steps / 25)
		drop(client, 0);
}

/* Fill for half of the period, then free all again. */
static void oscillation(struct client *client, u32 step, u32 period)
{
	if (step % period < period / 2)
		hold(client, 50);
	else if (client->count)
		drop(client, next_random(client->count));
}

static void oscillate(struct client *client, u32 step)
{
	oscillation(client, step, 6 * STEPS);
}

static void oscillate_long(struct client *client, u32 step)
{
	if (!(step % 4))
		oscillation(client, step / 4, steps / 12);
}

static void steady(struct client *client, u32 step)
{
	traffic(client);
}

/* Connections that live longer than the recording. As many end as begin. */
static void sessions(struct client *client, u32 step)
{
	u32 i;

	for (i = 0; !step && i < 100; i++)
		hold(client, 300);
	if (!next_random(STEPS))
		hold(client, 300);
	if (!next_random(STEPS))
		drop(client, next_random(client->count));
}

static void resident(struct client *client, u32 step)
{
	if (step < 10)
		hold(client, 1000);
}

static const struct kind kinds[] = {
	{ "leak_slow", leak_slow },
	{ "leak_bursts", leak_bursts },
	{ "leak_busy", leak_busy },
	{ "leak_sessions", leak_sessions },
	{ "warm_up", warm_up },
	{ "warm_up_fading", warm_up_fading },
	{ "ring", ring },
	{ "ring_long", ring_long },
	{ "oscillate", oscillate },
	{ "oscillate_long", oscillate_long },
	{ "steady", steady },
	{ "sessions", sessions },
	{ "resident", resident },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

int main(int argc, char **argv)
{
	static struct client clients[KINDS];
	u32 number, mark, step, i;

	REQUIRE(argc >= 3);
	for (number = 10000 * atoi(argv[1]); number; number--)
		next_random(1);
	steps = atoi(argv[2]) * STEPS;
	mark = argc > 3 ? atoi(argv[3]) / 10 : 10;
	printf("# heaptrace 1\n");
	for (step = 0; step < steps; step++) {
		if (!(step % mark))
			printf("# time %u\n", step * 10);
		for (i = 0; i < KINDS; i++) {
			clients[i].name = kinds[i].name;
			kinds[i].step(&clients[i], step);
		}
	}
	printf("# time %u\n# end %u\n", steps * 10, events);
	return 0;
}
