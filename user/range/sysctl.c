// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "range/sysctl.h"
#include "util/cleanup.h"
#include "util/file.h"

#define SYSCTL_DIR "/proc/sys/net/ipv4/"

enum { SYSCTL_TEXT_MAX = 1 << 20 }; /* 65536 reserved ports as text are less than half of it */

/* -1 where this kernel has no such value. */
static long sysctl_number(const char *name)
{
	CLEANUP_FREE char *text = NULL;
	char path[128];
	size_t length;

	snprintf(path, sizeof(path), SYSCTL_DIR "%s", name);
	return file_read(path, SYSCTL_TEXT_MAX, &text, &length) ? -1 : strtol(text, NULL, 10);
}

static int sysctl_failed(int error, const char *path, const char *verb, struct reason *why)
{
	if (error == -EROFS)
		return reason_set(
			why, error,
			"%s cannot be %s: /proc/sys is mounted read-only here, as container "
			"runtimes do: run it on the host with --netns PID",
			path, verb);
	if (error == -EACCES || error == -EPERM)
		return reason_set(why, error,
				  "%s cannot be %s: %s: it takes root, or CAP_NET_ADMIN "
				  "where the namespace is your own",
				  path, verb, strerror(-error));
	return reason_set(why, error, "%s cannot be %s: %s", path, verb, strerror(-error));
}

int sysctl_range_read(struct port_range *range, struct reason *why)
{
	CLEANUP_FREE char *text = NULL;
	struct reason detail;
	size_t length;
	int error = file_read(SYSCTL_RANGE_PATH, SYSCTL_TEXT_MAX, &text, &length);

	if (error)
		return sysctl_failed(error, SYSCTL_RANGE_PATH, "read", why);
	if (range_parse(text, range, &detail))
		return reason_set(why, -EPROTO, SYSCTL_RANGE_PATH " holds what is no range: %s",
				  detail.text);
	return 0;
}

int sysctl_range_write(struct port_range range, struct reason *why)
{
	CLEANUP_CLOSE int fd = open(SYSCTL_RANGE_PATH, O_WRONLY | O_CLOEXEC);
	char text[RANGE_TEXT_LEN];
	ssize_t done;
	int error;

	if (fd < 0)
		return sysctl_failed(-errno, SYSCTL_RANGE_PATH, "opened for writing", why);
	range_format(text, range, RANGE_SYSCTL);
	/* One write(2): the kernel ignores a second one at another offset (sysctl_writes_strict).
	 */
	done = write(fd, text, strlen(text));
	error = done < 0 ? -errno : (size_t)done == strlen(text) ? 0 : -EIO;
	return error ? sysctl_failed(error, SYSCTL_RANGE_PATH, "written", why) : 0;
}

int settings_read(struct range_settings *settings, struct reason *why)
{
	CLEANUP_FREE char *reserved = NULL;
	size_t length;
	int error = sysctl_range_read(&settings->range, why);

	if (error)
		return error;
	settings->reserved = (struct port_set){ 0 };
	if (!file_read(SYSCTL_DIR "ip_local_reserved_ports", SYSCTL_TEXT_MAX, &reserved, &length) &&
	    port_set_parse(reserved, &settings->reserved))
		return reason_set(why, -EPROTO,
				  SYSCTL_DIR "ip_local_reserved_ports is not understood: '%.64s'",
				  reserved);
	settings->unprivileged_start = (int)sysctl_number("ip_unprivileged_port_start");
	settings->step_width = sysctl_number("ip_local_port_step_width");
	settings->tw_reuse = (int)sysctl_number("tcp_tw_reuse");
	settings->tw_reuse_delay_ms = (int)sysctl_number("tcp_tw_reuse_delay");
	return 0;
}

static bool kernel_number(const char **text, long *number)
{
	const char *digits = *text + (**text == '-');
	char *end;

	if (!isdigit((unsigned char)*digits))
		return false;
	*number = strtol(*text, &end, 0);
	if (*end && !strchr(" \t\n", *end))
		return false;
	*text = end;
	return true;
}

int sysctl_range_would(const char *value, struct port_range now, int unprivileged_start,
		       struct port_range *then, struct reason *why)
{
	long ends[2] = { now.low, now.high };
	const char *at = value;
	int taken;

	for (taken = 0; taken < 2; taken++) {
		while (isspace((unsigned char)*at))
			at++;
		if (!*at)
			break;
		if (!kernel_number(&at, &ends[taken]))
			return reason_set(why, -EINVAL, "the kernel refuses '%.64s': %s", value,
					  strpbrk(value, "\"'") ?
						  "quotes do not belong to it" :
						  "it wants two numbers and a space");
		if (ends[taken] < 1 || ends[taken] > 65535)
			return reason_set(why, -EINVAL,
					  "the kernel refuses '%.64s': a port is 1 to 65535",
					  value);
	}
	if (!taken)
		return reason_set(why, -EINVAL, "the kernel refuses an empty value");
	if (ends[1] < ends[0])
		return reason_set(why, -EINVAL,
				  "the kernel refuses %ld %ld: the high end is below the low",
				  ends[0], ends[1]);
	if (ends[0] < unprivileged_start)
		return reason_set(why, -EINVAL,
				  "the kernel refuses %ld %ld: the low end is below "
				  "net.ipv4.ip_unprivileged_port_start, %d",
				  ends[0], ends[1], unprivileged_start);
	*then = (struct port_range){ (uint16_t)ends[0], (uint16_t)ends[1] };
	return 0;
}
