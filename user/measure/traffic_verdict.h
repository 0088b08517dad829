/* SPDX-License-Identifier: GPL-2.0-only */
/* What the traffic of a namespace proves of a range: items of 'range verify'. */
#ifndef EPHEMPORT_MEASURE_TRAFFIC_VERDICT_H
#define EPHEMPORT_MEASURE_TRAFFIC_VERDICT_H

#include "measure/traffic.h"
#include "range/verify.h"

/*
 * Of the namespace @inode, which @where names. Outside for a reason is a note: the socket's own
 * range, or a change of the range meanwhile; whether what is in force now is right, the live value
 * tells. Outside without one is a failure, and no allocation at all no proof. 0 or -ENOMEM.
 */
int traffic_verdict(struct verify_report *report, const struct traffic *traffic, uint64_t inode,
		    const char *where);
/* What was seen in other namespaces, and what was lost. */
int traffic_verdict_rest(struct verify_report *report, const struct traffic *traffic);

#endif
