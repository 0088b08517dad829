// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "range/container.h"
#include "range/netns_scan.h"

#define ID	      "3f2a1b4c5d6e7f8090a1b2c3d4e5f60718293a4b5c6d7e8f9012a3b4c5d6e7f8"
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void test_containers_by_their_cgroup(void **state)
{
	static const struct {
		const char *cgroup, *name; /* NULL: none */
	} rows[] = {
		{ "0::/system.slice/docker-" ID ".scope\n", "docker 3f2a1b4c5d6e" },
		{ "12:pids:/docker/" ID "\n11:cpu:/docker/" ID "\n", "docker 3f2a1b4c5d6e" },
		{ "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/"
		  "cri-containerd-" ID ".scope\n",
		  "kubernetes 3f2a1b4c5d6e" },
		{ "0::/kubepods/besteffort/pod1234/" ID "\n", "kubernetes 3f2a1b4c5d6e" },
		{ "0::/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope\n",
		  "kubernetes 3f2a1b4c5d6e" },
		{ "0::/machine.slice/libpod-" ID ".scope/container\n", "podman 3f2a1b4c5d6e" },
		{ "0::/lxc.payload.web\n", "lxc web" },
		{ "3:cpu:/lxc/web\n", "lxc web" },
		{ "0::/machine.slice/systemd-nspawn@deb.service/payload\n", "nspawn deb" },
		{ "0::/machine.slice/machine-deb.scope\n", "machine deb" },
		{ "0::/machine.slice/machine-qemu-1.scope\n", NULL },
		{ "0::/user.slice/user-0.slice/session-1.scope\n", NULL },
		{ "0::/init.scope\n", NULL },
		{ "0::/\n", NULL },
		{ "", NULL },
		{ "garbage", NULL },
	};
	char name[96];

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		bool found = container_from_cgroup(rows[i].cgroup, name, sizeof(name));

		assert_int_equal(found, rows[i].name != NULL);
		if (found)
			assert_string_equal(name, rows[i].name);
	}
}

static void test_mounts_of_namespaces(void **state)
{
	static const struct {
		const char *line;
		uint64_t inode;
		const char *target;
	} rows[] = {
		{ "36 35 0:4 net:[4026532281] /run/netns/blue rw shared:5 - nsfs nsfs rw",
		  4026532281u, "/run/netns/blue" },
		{ "36 35 0:4 net:[17] /run/a\\040b\\134c rw - nsfs nsfs rw", 17, "/run/a b\\c" },
		{ "36 35 0:4 mnt:[17] /run/a rw - nsfs nsfs rw", 0, NULL },
		{ "36 35 0:4 net:[17] /run/a rw - tmpfs tmpfs rw", 0, NULL },
		{ "36 35 0:4 / /run rw - tmpfs tmpfs rw", 0, NULL },
		{ " - nsfs 36 35 0:4 net:[17] /run/a rw", 0, NULL },
		{ "", 0, NULL },
	};
	char target[128];

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(mountinfo_netns(rows[i].line, target, sizeof(target)),
				 rows[i].inode);
		if (rows[i].inode)
			assert_string_equal(target, rows[i].target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containers_by_their_cgroup),
		cmocka_unit_test(test_mounts_of_namespaces),
	};

	return cmocka_run_group_tests_name("range_netns", tests, NULL, NULL);
}
