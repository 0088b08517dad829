// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect() searches that race for one slot of table_perturb: threads on one destination, stepped
 * through the kernel's loop in the order of a simulated clock. The tracer's readings stand where
 * the hooks are; the kernel reads, adds and writes in three separate moments, as it does. Prints
 * what share of the answers is exact, an upper bound, null or wrong.
 */
#include "kernel_loops.h"

#define THREADS_MAX 8
#define ALLOCATIONS 60000

/* Nanoseconds; each is drawn from half to one and a half times the figure. */
struct timing {
	uint32_t think;	    /* between two searches of a thread */
	uint32_t entry_gap; /* from our reading to the kernel's */
	uint32_t turn;
	uint32_t add_gap;  /* from the kernel's second reading to its write */
	uint32_t exit_gap; /* from the write to our hook at the end */
	uint32_t softirq;  /* one write in 20: bottom halves run before the function returns */
};

enum moment { THINK, ENTER, BEGIN, TURN, ADD, WRITE, LEAVE };

struct thread {
	uint64_t at; /* when the next moment comes */
	enum moment moment;
	struct kernel_connect k;
	uint64_t entered;
	uint32_t perturb_entry, begin_read, add_read;
	uint32_t writes_entry;
	enum search_contention contention;
};

struct tally {
	uint32_t all, exact, bound, null, wrong, bound_broken, raced;
};

struct storm {
	struct random random;
	struct ports ports;
	struct thread thread[THREADS_MAX];
	struct timing timing;
	struct search_range range;
	uint32_t threads, hold; /* per mille of ports kept in use */
	uint32_t slot, held, writes;
	struct tally delta_only, watched;
};

static struct storm storm;

static uint64_t about(struct storm *s, uint32_t ns)
{
	return ns / 2 + random_below(&s->random, ns + 1);
}

static void tally_add(struct tally *tally, const struct search_connect *seen, uint32_t truth)
{
	struct search_result result = search_connect_examined(seen);

	tally->all++;
	switch (result.confidence) {
	case SEARCH_EXACT:
		tally->exact++;
		tally->wrong += result.examined != truth;
		break;
	case SEARCH_AT_MOST:
		tally->bound++;
		tally->bound_broken += result.examined < truth;
		break;
	case SEARCH_UNKNOWN:
		tally->null++;
	}
}

static void judge(struct storm *s, struct thread *t)
{
	struct search_connect seen = kernel_connect_seen(&t->k);

	seen.perturb_entry = t->perturb_entry;
	seen.perturb_exit = s->slot;
	seen.contention = SEARCH_CONTENTION_UNKNOWN;
	tally_add(&s->delta_only, &seen, t->k.examined);
	seen.contention = t->contention;
	tally_add(&s->watched, &seen, t->k.examined);
	s->watched.raced += t->begin_read != t->perturb_entry;
}

/*
 * How the hooks watch for a write between our reading and the kernel's, without a hook at the
 * write. A search that succeeded wrote to the slot not before it entered and, but for bottom
 * halves, at most TAIL_MAX before its hook at the end: there it marks whoever entered since. And a
 * search that ends sooner than TAIL_MAX cannot rely on that, so it takes for a writer whoever is
 * still under way and was so before the kernel read the slot for us. Alone is who meets nobody at
 * the end and finds the count of writes as it was.
 */
#define TAIL_MAX      2000
#define ENTRY_GAP_MAX 1000

static void rivals_watch(struct storm *s, struct thread *t)
{
	bool brief = t->at - t->entered < TAIL_MAX;
	uint64_t since = brief ? t->entered : t->at - TAIL_MAX;

	for (uint32_t i = 0; i < s->threads; i++) {
		struct thread *other = &s->thread[i];

		if (other == t || other->moment < BEGIN)
			continue;
		if (t->k.chosen && other->entered >= since)
			other->contention = SEARCH_CONTENTION_SEEN;
		if (brief && other->entered < t->entered + ENTRY_GAP_MAX)
			t->contention = SEARCH_CONTENTION_SEEN;
		if (t->contention == SEARCH_CONTENTION_ALONE)
			t->contention = SEARCH_CONTENTION_LATER;
	}
	if (s->writes != t->writes_entry && t->contention == SEARCH_CONTENTION_ALONE)
		t->contention = SEARCH_CONTENTION_LATER;
	s->writes += t->k.chosen != 0;
}

/* Ports go back, at random, as long as more of them are held than the scenario wants. */
static void release(struct storm *s)
{
	uint32_t size = s->range.high - s->range.low + 1u;

	while (s->held * 1000 > s->hold * size) {
		uint32_t port = s->range.low + random_below(&s->random, size);

		s->held -= s->ports.taken[port];
		s->ports.taken[port] = false;
	}
}

static void thread_step(struct storm *s, struct thread *t)
{
	const struct timing *timing = &s->timing;

	switch (t->moment) {
	case THINK:
		t->at += about(s, timing->think);
		t->moment = ENTER;
		break;
	case ENTER:
		t->entered = t->at;
		t->contention = SEARCH_CONTENTION_ALONE;
		t->writes_entry = s->writes;
		t->perturb_entry = s->slot;
		t->at += about(s, timing->entry_gap);
		t->moment = BEGIN;
		break;
	case BEGIN:
		t->begin_read = s->slot;
		kernel_connect_begin(&t->k, s->slot, &s->random);
		t->moment = TURN;
		break;
	case TURN:
		t->at += about(s, timing->turn);
		switch (kernel_connect_turn(&t->k)) {
		case KERNEL_NEXT:
			break;
		case KERNEL_FOUND:
			s->ports.taken[t->k.chosen] = true;
			s->held++;
			t->moment = ADD;
			break;
		case KERNEL_FAILED:
			t->moment = LEAVE;
		}
		break;
	case ADD:
		t->add_read = s->slot;
		t->at += about(s, timing->add_gap);
		t->moment = WRITE;
		break;
	case WRITE:
		s->slot = t->add_read + kernel_connect_bump(&t->k, &s->random);
		t->at += about(s, timing->exit_gap);
		if (!random_below(&s->random, 20))
			t->at += about(s, timing->softirq);
		t->moment = LEAVE;
		break;
	case LEAVE:
		rivals_watch(s, t);
		judge(s, t);
		release(s);
		t->moment = THINK;
	}
}

static void storm_run(struct storm *s)
{
	memset(&s->ports, 0, sizeof(s->ports));
	memset(s->thread, 0, sizeof(s->thread));
	memset(&s->delta_only, 0, sizeof(s->delta_only));
	memset(&s->watched, 0, sizeof(s->watched));
	s->held = 0;
	s->slot = random_u32(&s->random) | 1;
	for (uint32_t i = 0; i < s->threads; i++)
		s->thread[i].k = (struct kernel_connect){ .ports = &s->ports,
							  .range = s->range,
							  .start = SEARCH_START_TABLE64,
							  .port_offset = 0x123456789abcdefull };
	while (s->watched.all < ALLOCATIONS) {
		struct thread *next = &s->thread[0];

		for (uint32_t i = 1; i < s->threads; i++)
			if (s->thread[i].at < next->at)
				next = &s->thread[i];
		thread_step(s, next);
	}
}

static void tally_print(const char *name, const struct tally *tally)
{
	double percent = 100.0 / tally->all;

	print_message("    %-12s exact %6.2f %%  bound %6.2f %%  null %5.2f %%  wrong %6.3f %%"
		      "  bound broken %6.3f %%\n",
		      name, tally->exact * percent, tally->bound * percent, tally->null * percent,
		      tally->wrong * percent, tally->bound_broken * percent);
}

static const struct timing near_reading = { 12000, 40, 60, 2, 250, 8000 };
static const struct timing far_reading = { 12000, 400, 60, 2, 250, 8000 };
static const struct timing no_pause = { 1000, 40, 60, 2, 250, 8000 };

static void test_storms(void **state)
{
	static const struct {
		const char *name;
		const struct timing *timing;
		uint32_t threads, hold;
	} storms[] = {
		{ "2 threads, near, 10 % held", &near_reading, 2, 100 },
		{ "4 threads, near, 45 % held", &near_reading, 4, 450 },
		{ "4 threads, near, 80 % held", &near_reading, 4, 800 },
		{ "4 threads, near, 100 % held", &near_reading, 4, 1000 },
		{ "8 threads, near, 45 % held", &near_reading, 8, 450 },
		{ "4 threads, far, 45 % held", &far_reading, 4, 450 },
		{ "4 threads, far, 80 % held", &far_reading, 4, 800 },
		{ "8 threads, no pause, 45 % held", &no_pause, 8, 450 },
	};
	struct storm *s = &storm;

	(void)state;
	s->random.state = 0xBF58476D1CE4E5B9ull;
	s->range = (struct search_range){ .low = 40000, .high = 40999 };
	for (size_t i = 0; i < sizeof(storms) / sizeof(storms[0]); i++) {
		s->timing = *storms[i].timing;
		s->threads = storms[i].threads;
		s->hold = storms[i].hold;
		storm_run(s);
		print_message("%s: the slot moved before the kernel read it in %.2f %%\n",
			      storms[i].name, 100.0 * s->watched.raced / s->watched.all);
		tally_print("delta only", &s->delta_only);
		tally_print("watched", &s->watched);
		/* The promise, for readings next to the kernel's own. */
		if (storms[i].timing->entry_gap <= 40)
			assert_true(s->watched.wrong * 1000 < s->watched.all);
		assert_true(s->watched.bound_broken * 1000 < s->watched.all);
		assert_true(s->watched.wrong <= s->delta_only.wrong);
	}
}

static void test_alone_is_always_exact(void **state)
{
	struct storm *s = &storm;

	(void)state;
	s->random.state = 0xBF58476D1CE4E5B9ull;
	s->range = (struct search_range){ .low = 40000, .high = 40998 };
	s->timing = near_reading;
	s->threads = 1;
	for (s->hold = 100; s->hold <= 1000; s->hold += 450) {
		storm_run(s);
		assert_int_equal(s->watched.exact, s->watched.all);
		assert_int_equal(s->watched.wrong, 0);
		assert_int_equal(s->delta_only.exact, s->delta_only.all);
		assert_int_equal(s->delta_only.wrong, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone_is_always_exact),
		cmocka_unit_test(test_storms),
	};

	return cmocka_run_group_tests_name("search-race", tests, NULL, NULL);
}
