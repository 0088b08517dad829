// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"

#define RANGE_FILE "/proc/sys/net/ipv4/ip_local_port_range"

/* A new namespace starts with lo down; ::1 appears with IFF_UP, without duplicate detection. */
static int loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd, err = 0;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) < 0)
		err = -errno;
	ifr.ifr_flags |= IFF_UP;
	if (!err && ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		err = -errno;
	close(fd);
	return err;
}

int netns_enter_new(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return loopback_up();
}

int netns_inode(unsigned long *inode)
{
	struct stat st;

	if (stat("/proc/self/ns/net", &st))
		return -errno;
	*inode = st.st_ino;
	return 0;
}

int range_read(int *low, int *high)
{
	FILE *f = fopen(RANGE_FILE, "re");
	int n;

	if (!f)
		return -errno;
	n = fscanf(f, "%d %d", low, high);
	fclose(f);
	return n == 2 ? 0 : -EINVAL;
}

int range_write(int low, int high)
{
	FILE *f = fopen(RANGE_FILE, "we");
	int err = 0;

	if (!f)
		return -errno;
	if (fprintf(f, "%d %d\n", low, high) < 0)
		err = -EIO;
	if (fclose(f) && !err)
		err = -errno;
	return err;
}
