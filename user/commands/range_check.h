/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EPHEMPORT_COMMANDS_RANGE_CHECK_H
#define EPHEMPORT_COMMANDS_RANGE_CHECK_H

#include "commands/range_scope.h"
#include "range/check.h"

/* The input of a check of @range in one place, with nothing asked of a load. */
struct check_input range_check_input(const struct range_scope *scope,
				     const struct range_place *place, struct port_range range);

#endif
