// SPDX-License-Identifier: GPL-2.0-only
#include "measure/hist.h"

void hist_add(struct hist *hist, uint64_t value)
{
	hist->buckets[hist_index(value)]++;
	hist->count++;
	hist->sum += value;
	if (value > hist->max)
		hist->max = value;
}

void hist_merge(struct hist *hist, const struct hist *from)
{
	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		hist->buckets[i] += from->buckets[i];
	hist->count += from->count;
	hist->sum += from->sum;
	if (from->max > hist->max)
		hist->max = from->max;
}

void hist_fit_max(struct hist *hist)
{
	uint32_t top = HIST_BUCKETS;

	while (top && !hist->buckets[top - 1])
		top--;
	if (!top)
		hist->max = 0;
	else if (hist->max < hist_lower(top - 1))
		hist->max = hist_lower(top - 1);
	else if (top < HIST_BUCKETS && hist->max > hist_upper(top - 1))
		hist->max = hist_upper(top - 1);
}

void hist_difference(struct hist *out, const struct hist *now, const struct hist *before)
{
	out->count = 0;
	for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
		out->buckets[i] = now->buckets[i] - before->buckets[i];
		out->count += out->buckets[i];
	}
	out->sum = now->sum - before->sum;
	out->max = now->max;
	hist_fit_max(out);
}

uint64_t hist_percentile(const struct hist *hist, unsigned int per_mille)
{
	uint64_t rank = (hist->count * per_mille + 999) / 1000, seen = 0;

	if (!hist->count)
		return 0;
	for (uint32_t i = 0; i < HIST_BUCKETS - 1; i++) {
		seen += hist->buckets[i];
		if (seen >= rank && seen)
			return hist_upper(i) < hist->max ? hist_upper(i) : hist->max;
	}
	return hist->max;
}

double hist_mean(const struct hist *hist)
{
	return hist->count ? (double)hist->sum / (double)hist->count : 0;
}
