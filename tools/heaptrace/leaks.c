// SPDX-License-Identifier: GPL-2.0-only
/*
 * leaks - the call sites of a trace whose old blocks become more and more
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "../trace/callers.h"
#include "../trace/die.h"
#include "growth.h"
#include "json.h"
#include "options.h"

#define EXIT_LEAK	2

static const char * const verdicts[VERDICTS] = {
	[VERDICT_LEAK] = "leak",
	[VERDICT_UNCLEAR] = "unclear",
	[VERDICT_WARM_UP] = "warm-up",
	[VERDICT_TURNOVER] = "turnover",
	[VERDICT_STEADY] = "steady",
};

static const char * const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char * const ascii_bars[] = { "_", ".", ",", "-", "=", "+", "*", "#" };

struct leaks_options {
	u64 age;			/* milliseconds; 0: the default */
	bool json;
};

/* By verdict, then most old bytes first, then most live bytes first. */
static int compare(const void *a, const void *b)
{
	const struct growth *left = a, *right = b;

	if (left->verdict != right->verdict)
		return left->verdict < right->verdict ? -1 : 1;
	if (left->old_bytes != right->old_bytes)
		return left->old_bytes < right->old_bytes ? 1 : -1;
	if (left->live_bytes != right->live_bytes)
		return left->live_bytes < right->live_bytes ? 1 : -1;
	return strcmp(caller_name(left->caller), caller_name(right->caller));
}

static bool is_empty(const struct growth *site)
{
	return !site->live_blocks && !site->freed;
}

static double seconds(const struct growths *growths, u64 time)
{
	return (time - growths->start) / 1000.0;
}

static void print_curve(const struct growth *site, const char * const *levels)
{
	u64 most = 1;
	u32 i;

	for (i = 0; i < GROWTH_SLICES; i++) {
		if (most < site->live[i])
			most = site->live[i];
	}
	for (i = 0; i < GROWTH_SLICES; i++)
		fputs(levels[site->live[i] * (COUNT(bars) - 1) / most], stdout);
}

static void print_sizes(const struct growth *site)
{
	char text[48];

	if (!site->most)
		strcpy(text, "-");
	else if (site->least == site->most)
		snprintf(text, sizeof(text), "%" PRIu64, site->most);
	else
		snprintf(text, sizeof(text), "%" PRIu64 "-%" PRIu64, site->least, site->most);
	printf(" %12s", text);
}

static void print_ages(const struct growths *growths, const struct growth *site)
{
	if (site->most)
		printf(" %8.1f %8.1f  ", seconds(growths, site->first),
		       seconds(growths, site->last));
	else
		printf(" %8s %8s  ", "-", "-");
}

static void print_site(const struct growths *growths, const struct growth *site,
		       const char * const *levels)
{
	printf("%-8s %10" PRIu64 " %8" PRIu64 " %10.1f", verdicts[site->verdict],
	       site->old_bytes, site->old_blocks, growth_rate(growths, site));
	print_sizes(site);
	print_ages(growths, site);
	print_curve(site, levels);
	printf("  %s\n", caller_name(site->caller));
}

static u32 count_leaks(const struct growths *growths)
{
	u32 count = 0, i;

	for (i = 0; i < growths->count; i++)
		count += growths->sites[i].verdict == VERDICT_LEAK;
	return count;
}

static const char * const *levels_of_locale(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") ? ascii_bars : bars;
}

static void print_table(const struct trace *trace, const struct growths *growths)
{
	const char * const *levels = levels_of_locale();
	u32 leaks = count_leaks(growths), i;

	printf("%" PRIu32 " call site%s leak%s in %.1f seconds; a block is old after %.1f\n",
	       leaks, leaks == 1 ? "" : "s", leaks == 1 ? "s" : "",
	       seconds(growths, growths->end), growths->age / 1000.0);
	if (trace->lost)
		printf("! %" PRIu64 " events were lost: a block whose free was lost looks leaked\n",
		       trace->lost);
	printf("\n%-8s %10s %8s %10s %12s %8s %8s  %-*s  %s\n", "verdict", "old_bytes", "blocks",
	       "bytes/s", "sizes", "first", "last", GROWTH_SLICES, "live bytes", "caller");
	for (i = 0; i < growths->count; i++) {
		if (!is_empty(&growths->sites[i]))
			print_site(growths, &growths->sites[i], levels);
	}
}

static void print_json_site(const struct growths *growths, const struct growth *site)
{
	u32 i;

	printf("{\"caller\": ");
	json_string(caller_name(site->caller));
	printf(", \"verdict\": \"%s\", \"live_bytes\": %" PRIu64 ", \"live_blocks\": %" PRIu64
	       ", \"old_bytes\": %" PRIu64 ", \"old_blocks\": %" PRIu64 ", \"freed\": %" PRIu64
	       ", \"bytes_per_second\": %.3f", verdicts[site->verdict], site->live_bytes,
	       site->live_blocks, site->old_bytes, site->old_blocks, site->freed,
	       growth_rate(growths, site));
	if (site->most)
		printf(", \"first\": %.3f, \"last\": %.3f, \"smallest\": %" PRIu64
		       ", \"largest\": %" PRIu64, seconds(growths, site->first),
		       seconds(growths, site->last), site->least, site->most);
	printf(", \"live_over_time\": [");
	for (i = 0; i < GROWTH_SLICES; i++)
		printf("%s%" PRIu64, i ? ", " : "", site->live[i]);
	printf("]}");
}

static void print_json(const struct trace *trace, const struct growths *growths)
{
	const char *separator = "\n";
	u32 i;

	printf("{\"version\": 1, \"seconds\": %.3f, \"old_after\": %.3f, \"lost\": %" PRIu64
	       ", \"leaks\": %" PRIu32 ", \"sites\": [", seconds(growths, growths->end),
	       growths->age / 1000.0, trace->lost, count_leaks(growths));
	for (i = 0; i < growths->count; i++) {
		if (is_empty(&growths->sites[i]))
			continue;
		fputs(separator, stdout);
		print_json_site(growths, &growths->sites[i]);
		separator = ",\n";
	}
	printf("\n]}\n");
}

static void require_times(const struct trace *trace, const char *path, u64 age)
{
	u64 length;

	if (!trace->marks_count)
		die("%s has no times: record it with this version of heaptrace", path);
	if (!has_length(trace))
		die("%s has no length: no time passed in it", path);
	length = trace->marks[trace->marks_count - 1].ms - trace->marks[0].ms;
	if (age >= length)
		die("--older: the recording has only %.1f seconds", length / 1000.0);
}

static int leaks(const char *path, const struct leaks_options *options)
{
	struct trace trace = trace_load(path);
	struct growths growths;
	u32 found;

	require_times(&trace, path, options->age);
	growths = growths_of(&trace, options->age);
	found = count_leaks(&growths);
	qsort(growths.sites, growths.count, sizeof(*growths.sites), compare);
	if (options->json)
		print_json(&trace, &growths);
	else
		print_table(&trace, &growths);
	free(growths.sites);
	trace_free(&trace);
	return found ? EXIT_LEAK : 0;
}

int leaks_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "older", required_argument, NULL, 'o' },
		{}
	};
	struct leaks_options chosen = {};
	int option;

	setlocale(LC_CTYPE, "");
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option == 'j')
			chosen.json = true;
		else if (option == 'o')
			chosen.age = 1000 * number_option("--older", optarg, 1, 1U << 30);
		else
			bad_option(option, argv);
	}
	return leaks(only_argument(argc, argv, "trace"), &chosen);
}
