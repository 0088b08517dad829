// SPDX-License-Identifier: GPL-2.0-only
/* ephemport wait-clean: returns when TIME_WAIT for a destination has drained. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/message.h"
#include "commands/commands.h"
#include "commands/live.h"
#include "holders/time_wait.h"
#include "range/netns.h"
#include "render/format.h"

enum {
	ADDRESSES_MAX = 64,
	HOST_LEN = 256,
	/* The kernel's timers are late by up to an eighth of 60 s; no look at the sockets comes
	 * sooner than this after the one before. */
	LOOK_AGAIN_MS = 250,
};

struct wait_options {
	const char *to, *netns;
	uint64_t timeout_ns;
	double below_pct;
};

struct wait {
	struct wait_options options;
	struct time_wait_query query;
	struct in6_addr addresses[ADDRESSES_MAX];
	struct netns_list namespaces;
	struct time_wait_state state;
	struct reason why;
};

#define FIELD(name) offsetof(struct wait_options, name)

static int parse_percent(const struct option_spec *spec, const char *value, void *dest, char *why,
			 size_t why_len)
{
	size_t length = strspn(value, "0123456789.");
	char *end;
	double percent = strtod(value, &end);

	(void)spec;
	if (!length || *value == '.' || end != value + length || (*end && strcmp(end, "%")) ||
	    percent > 100) {
		snprintf(why, why_len, "use a percentage, as 1%%");
		return -EINVAL;
	}
	*(double *)dest = percent;
	return 0;
}

static const struct option_spec wait_specs[] = {
	{ .name = "to",
	  .arg = "HOST:PORT",
	  .help = "the destination: 10.0.0.2:80, [fd00::2]:80, or a name, of which all addresses "
		  "are waited for",
	  .parse = parse_string,
	  .offset = FIELD(to) },
	{ .name = "below",
	  .arg = "PERCENT",
	  .help = "clean is less than this share of the usable ports, or none; 1% by default",
	  .parse = parse_percent,
	  .offset = FIELD(below_pct) },
	{ .name = "timeout",
	  .arg = "DURATION",
	  .help = "give up after this long, with status 4; 90s by default",
	  .parse = parse_duration,
	  .offset = FIELD(timeout_ns) },
	{ .name = "netns",
	  .arg = "PID|PATH",
	  .help = "in the network namespace of this process or file, not the current one",
	  .parse = parse_string,
	  .offset = FIELD(netns) },
};

static const struct option_group wait_groups[] = {
	OPTION_GROUP("Options", wait_specs, 0),
	{ 0 },
};

/* HOST:PORT or [HOST]:PORT. */
static int destination_split(const char *text, char host[HOST_LEN], uint64_t *port)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;

	if (!length || length >= HOST_LEN || uint_parse(colon + 1, 65535, port) || !*port)
		return -EINVAL;
	if (*text == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	} else if (memchr(text, ':', length)) {
		return -EINVAL;
	}
	snprintf(host, HOST_LEN, "%.*s", (int)length, text);
	return 0;
}

static void address_add(struct wait *wait, int family, const void *address)
{
	struct in6_addr mapped = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (wait->query.address_count == ADDRESSES_MAX)
		return;
	if (family == AF_INET)
		memcpy(&mapped.s6_addr[12], address, 4);
	else
		memcpy(&mapped, address, sizeof(mapped));
	wait->addresses[wait->query.address_count++] = mapped;
}

/* All addresses of @host; a literal one without asking anybody. */
static int addresses_find(struct wait *wait, const char *host)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *found;
	struct in6_addr literal;
	int error;

	if (inet_pton(AF_INET, host, &literal) == 1) {
		address_add(wait, AF_INET, &literal);
		return EXIT_DONE;
	}
	if (inet_pton(AF_INET6, host, &literal) == 1) {
		address_add(wait, AF_INET6, &literal);
		return EXIT_DONE;
	}
	error = getaddrinfo(host, NULL, &hints, &found);
	if (error) {
		message_error("wait-clean: --to: %s has no address: %s", host, gai_strerror(error));
		return EXIT_ERROR;
	}
	for (const struct addrinfo *at = found; at; at = at->ai_next) {
		if (at->ai_family == AF_INET)
			address_add(wait, AF_INET,
				    &((const struct sockaddr_in *)at->ai_addr)->sin_addr);
		else if (at->ai_family == AF_INET6)
			address_add(wait, AF_INET6,
				    &((const struct sockaddr_in6 *)at->ai_addr)->sin6_addr);
	}
	freeaddrinfo(found);
	return EXIT_DONE;
}

static int wait_prepare(struct wait *wait)
{
	char host[HOST_LEN];
	uint64_t port;
	int error;

	if (!wait->options.to) {
		message_error("wait-clean: --to is missing: use --to 10.0.0.2:80");
		return EXIT_USAGE;
	}
	if (destination_split(wait->options.to, host, &port)) {
		message_error("wait-clean: --to: '%s' is not right: use HOST:PORT, as 10.0.0.2:80 "
			      "or [fd00::2]:80",
			      wait->options.to);
		return EXIT_USAGE;
	}
	if (wait->options.netns && !strcmp(wait->options.netns, "all")) {
		message_error("wait-clean: --netns: one namespace at a time");
		return EXIT_USAGE;
	}
	wait->query.addresses = wait->addresses;
	wait->query.port = (uint16_t)port;
	wait->query.below_pct = wait->options.below_pct;
	error = addresses_find(wait, host);
	if (error)
		return error;
	error = netns_select(wait->options.netns, &wait->namespaces, &wait->why);
	if (!error)
		return EXIT_DONE;
	message_error("wait-clean: %s", wait->why.text);
	return error == -EPERM || error == -EACCES ? EXIT_UNSUPPORTED :
	       wait->options.netns		   ? EXIT_USAGE :
						     EXIT_ERROR;
}

static int wait_read(void *arg)
{
	struct wait *wait = arg;

	return time_wait_read(&wait->query, &wait->state, &wait->why);
}

static void wait_print(FILE *out, const struct wait *wait, const char *begin, const char *end)
{
	const struct time_wait_state *state = &wait->state;
	char count[FORMAT_NUMBER_LEN], usable[FORMAT_NUMBER_LEN], address[FORMAT_ADDRESS_LEN];

	format_count(count, state->count);
	format_count(usable, state->usable);
	fprintf(out, "%s: %s of %s ports (%.1f %%) in TIME_WAIT", begin, count, usable,
		state->usable ? 100.0 * state->count / state->usable : 0);
	if (state->count) {
		format_address(address, &state->saddr, IN6_IS_ADDR_V4MAPPED(&state->saddr) ? 4 : 6);
		fprintf(out, " from %s", address);
	}
	fprintf(out, " to %s%s\n", wait->options.to, end);
	fflush(out);
}

/* Sleeps until so many are due that it could be clean, or the time is over. */
static void wait_sleep(const struct wait *wait, uint64_t deadline_ns)
{
	uint32_t ms = wait->state.clean_ms < LOOK_AGAIN_MS ? LOOK_AGAIN_MS : wait->state.clean_ms;
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + (uint64_t)ms * 1000000;
	struct timespec at;

	if (until > deadline_ns)
		until = deadline_ns;
	at = (struct timespec){ (time_t)(until / 1000000000), (long)(until % 1000000000) };
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static int wait_loop(struct wait *wait)
{
	uint64_t begin_ns = clock_ns(CLOCK_MONOTONIC), now;
	uint64_t deadline_ns = begin_ns + wait->options.timeout_ns;
	bool told = false;
	char end[96];

	for (;;) {
		if (netns_run(wait->namespaces.items, wait_read, wait, &wait->why)) {
			message_error("wait-clean: %s", wait->why.text);
			return EXIT_ERROR;
		}
		now = clock_ns(CLOCK_MONOTONIC);
		snprintf(end, sizeof(end), "; clean in %.1f s, none left in %.1f s",
			 wait->state.clean_ms / 1e3, wait->state.last_ms / 1e3);
		if (!wait->state.clean_ms || now >= deadline_ns)
			break;
		if (!told)
			wait_print(stderr, wait, "waiting", end);
		told = true;
		wait_sleep(wait, deadline_ns);
	}
	if (wait->state.clean_ms) {
		wait_print(stdout, wait, "not clean", end);
		return EXIT_NO;
	}
	snprintf(end, sizeof(end), ", after %.1f s", (double)(now - begin_ns) / 1e9);
	wait_print(stdout, wait, "clean", end);
	return EXIT_DONE;
}

static int wait_run(const struct command *command, int argc, char **argv)
{
	struct wait wait = { .options = { .timeout_ns = 90000000000, .below_pct = 1 } };
	struct arguments args;
	int status = options_parse(command, argc, argv, &wait.options, &args);

	if (status || args.help)
		return status;
	status = wait_prepare(&wait);
	if (!status)
		status = wait_loop(&wait);
	netns_list_free(&wait.namespaces);
	return status;
}

const struct command command_wait_clean = {
	.name = "wait-clean",
	.args = "",
	.summary = "returns when TIME_WAIT for a destination has drained",
	.description =
		"Waits until less than 1 % of the usable ports are in TIME_WAIT for the destination, "
		"so that the next run of a load starts as the first one did. It sleeps until the "
		"kernel says that enough of them expire, and looks at no socket meanwhile. Ports run "
		"out for each pair of addresses alone, so the pair with most is what counts.\n\n"
		"Status 0: clean; 4: not within --timeout.",
	.examples = "  ephemport wait-clean --to 10.0.0.2:80 && ephemport run -- ./load.sh\n"
		    "  ephemport wait-clean --to '[fd00::2]:443' --below 0 --timeout 2m\n",
	.groups = wait_groups,
	.run = wait_run,
};
