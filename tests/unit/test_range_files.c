// SPDX-License-Identifier: GPL-2.0-only
/* The text of files of sysctl.d, and which of them decides. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "range/boot.h"
#include "range/sysctl.h"
#include "range/sysctl_conf.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define KEY	      SYSCTL_RANGE_NAME

static void test_set_changes_the_line_and_nothing_else(void **state)
{
	static const struct {
		const char *before, *after;
		unsigned int line;
	} rows[] = {
		{ "", KEY " = 1 2\n", 1 },
		{ "# comment\n\nkernel.pid_max=4\n",
		  "# comment\n\nkernel.pid_max=4\n" KEY " = 1 2\n", 4 },
		{ "kernel.pid_max=4", "kernel.pid_max=4\n" KEY " = 1 2\n", 2 },
		{ "a=b\n\t" KEY "=40000 50001 \t\n;c\n", "a=b\n\t" KEY "=1 2 \t\n;c\n", 2 },
		{ KEY " = 40000 50001\r\nx=y\r\n", KEY " = 1 2\r\nx=y\r\n", 1 },
		{ "-net/ipv4/ip_local_port_range = 5 6\n", "-net/ipv4/ip_local_port_range = 1 2\n",
		  1 },
		/* The last one decides. */
		{ KEY "=3 4\n" KEY "=5 6\n", KEY "=3 4\n" KEY "=1 2\n", 2 },
		{ "#" KEY "=5 6\n", "#" KEY "=5 6\n" KEY " = 1 2\n", 2 },
		{ KEY "=\n", KEY "=1 2\n", 1 },
		{ KEY " = \"1024 65535\"", KEY " = 1 2", 1 },
		{ "net.ipv4.ip_local_port_ranges=7 8\n",
		  "net.ipv4.ip_local_port_ranges=7 8\n" KEY " = 1 2\n", 2 },
		{ "-" KEY "\n", "-" KEY "\n" KEY " = 1 2\n", 2 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		unsigned int line = 0;
		size_t length;
		char *out;

		assert_int_equal(conf_set(rows[i].before, strlen(rows[i].before), SYSCTL_RANGE_KEY,
					  "1 2", &out, &length, &line),
				 0);
		assert_string_equal(out, rows[i].after);
		assert_int_equal(length, strlen(rows[i].after));
		assert_int_equal(line, rows[i].line);
		free(out);
	}
}

static void test_unset_takes_back_what_set_appended(void **state)
{
	static const char before[] = "# mine\nkernel.pid_max = 4194304\n\n# end\n";
	char *changed, *back;
	unsigned int line;
	size_t length;

	(void)state;
	assert_int_equal(
		conf_set(before, strlen(before), SYSCTL_RANGE_KEY, "1 2", &changed, &length, &line),
		0);
	assert_int_equal(conf_unset(changed, length, SYSCTL_RANGE_KEY, &back, &length, &line), 0);
	assert_string_equal(back, before);
	assert_int_equal(line, 5);
	free(changed);
	assert_int_equal(
		conf_unset(before, strlen(before), SYSCTL_RANGE_KEY, &changed, &length, &line),
		-ENOENT);
	free(back);
}

/* A directory that stands for "/". */
static int root_make(void **state)
{
	static const char *const dirs[] = {
		"",	"/etc",	    "/etc/sysctl.d",	"/run", "/run/sysctl.d",
		"/usr", "/usr/lib", "/usr/lib/sysctl.d"
	};
	char *root = strdup("/tmp/ephemport-test.XXXXXX"), path[256];

	if (!root || !mkdtemp(root))
		return -1;
	for (size_t i = 1; i < LENGTH(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", root, dirs[i]);
		if (mkdir(path, 0755))
			return -1;
	}
	*state = root;
	return 0;
}

static int root_remove(void **state)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
	free(*state);
	return system(command);
}

static void root_write(const char *root, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void root_gives(const char *root, enum boot_reader reader, struct port_range range,
		       const char *file, unsigned int line)
{
	struct boot_result result;
	struct reason why;

	assert_int_equal(boot_evaluate(reader, root, NULL, 1024, &result, &why), 0);
	assert_int_equal(result.range.low, range.low);
	assert_int_equal(result.range.high, range.high);
	if (!*file) {
		assert_string_equal(result.file, "");
		return;
	}
	assert_non_null(strstr(result.file, file));
	assert_int_equal(result.line, line);
}

static void test_no_file_is_the_kernels_default(void **state)
{
	for (int i = 0; i < BOOT_READERS; i++)
		root_gives(*state, (enum boot_reader)i, (struct port_range){ 32768, 60999 }, "", 0);
}

static void test_names_order_and_not_directories(void **state)
{
	const char *root = *state;

	root_write(root, "/etc/sysctl.d/10-a.conf", KEY "=40000 40001\n");
	root_write(root, "/usr/lib/sysctl.d/50-b.conf", "# x\n" KEY "=41000 41001\n");
	for (int i = 0; i < BOOT_READERS; i++)
		root_gives(root, (enum boot_reader)i, (struct port_range){ 41000, 41001 },
			   "/usr/lib/sysctl.d/50-b.conf", 2);
}

static void test_etc_replaces_the_whole_file(void **state)
{
	const char *root = *state;
	char path[256];

	root_write(root, "/usr/lib/sysctl.d/50-b.conf", KEY "=41000 41001\n");
	root_write(root, "/etc/sysctl.d/50-b.conf", "kernel.pid_max=4\n");
	for (int i = 0; i < BOOT_READERS; i++)
		root_gives(root, (enum boot_reader)i, (struct port_range){ 32768, 60999 }, "", 0);
	snprintf(path, sizeof(path), "%s/etc/sysctl.d/50-b.conf", root);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	for (int i = 0; i < BOOT_READERS; i++)
		root_gives(root, (enum boot_reader)i, (struct port_range){ 32768, 60999 }, "", 0);
}

static void test_sysctl_conf_is_last_for_procps_alone(void **state)
{
	const char *root = *state;
	char path[256];

	root_write(root, "/etc/sysctl.conf", KEY "=42000 42001\n");
	root_write(root, "/etc/sysctl.d/99-zz.conf", KEY "=41000 41001\n");
	root_gives(root, BOOT_SYSTEMD, (struct port_range){ 41000, 41001 }, "99-zz.conf", 1);
	root_gives(root, BOOT_PROCPS, (struct port_range){ 42000, 42001 }, "/etc/sysctl.conf", 1);
	snprintf(path, sizeof(path), "%s/etc/sysctl.d/99-sysctl.conf", root);
	assert_int_equal(symlink("../sysctl.conf", path), 0);
	root_gives(root, BOOT_SYSTEMD, (struct port_range){ 41000, 41001 }, "99-zz.conf", 1);
	/* k < s: what the kubelet's runtime drops in loses to sysctl.conf. */
	snprintf(path, sizeof(path), "%s/etc/sysctl.d/99-zz.conf", root);
	assert_int_equal(unlink(path), 0);
	root_write(root, "/etc/sysctl.d/99-kubernetes-cri.conf", KEY "=43000 43001\n");
	root_gives(root, BOOT_SYSTEMD, (struct port_range){ 42000, 42001 }, "99-sysctl.conf", 1);
}

static void test_a_refused_line_is_told(void **state)
{
	const char *root = *state;
	struct boot_result result;
	struct reason why;

	root_write(root, "/etc/sysctl.d/10-a.conf", KEY "=40000 40001\n");
	root_write(root, "/etc/sysctl.d/20-b.conf", "\n" KEY "=\"1024 65535\"\n");
	assert_int_equal(boot_evaluate(BOOT_SYSTEMD, root, NULL, 1024, &result, &why), 0);
	/* systemd keeps the last value of a key, and that one the kernel refuses. */
	assert_int_equal(result.range.low, RANGE_DEFAULT_LOW);
	assert_non_null(strstr(result.refused.text, "20-b.conf:2"));
	assert_non_null(strstr(result.refused.text, "quotes"));
	assert_int_equal(boot_evaluate(BOOT_PROCPS, root, NULL, 1024, &result, &why), 0);
	assert_int_equal(result.range.low, 40000);
}

static void test_an_overlay_stands_for_its_file(void **state)
{
	const char *root = *state;
	struct boot_overlay overlay = { .content = KEY "=44000 44001\n" };
	struct boot_result result;
	struct reason why;
	char path[256];

	root_write(root, "/etc/sysctl.d/10-a.conf", KEY "=40000 40001\n");
	snprintf(path, sizeof(path), "%s/etc/sysctl.d/60-new.conf", root);
	overlay.path = path;
	overlay.length = strlen(overlay.content);
	assert_int_equal(boot_evaluate(BOOT_SYSTEMD, root, &overlay, 1024, &result, &why), 0);
	assert_int_equal(result.range.low, 44000);
	assert_string_equal(result.file, path);
	snprintf(path, sizeof(path), "%s/etc/sysctl.d/10-a.conf", root);
	overlay.content = NULL;
	assert_int_equal(boot_evaluate(BOOT_SYSTEMD, root, &overlay, 1024, &result, &why), 0);
	assert_int_equal(result.range.low, RANGE_DEFAULT_LOW);
}

int main(void)
{
#define ROOT_TEST(test) cmocka_unit_test_setup_teardown(test, root_make, root_remove)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_changes_the_line_and_nothing_else),
		cmocka_unit_test(test_unset_takes_back_what_set_appended),
		ROOT_TEST(test_no_file_is_the_kernels_default),
		ROOT_TEST(test_names_order_and_not_directories),
		ROOT_TEST(test_etc_replaces_the_whole_file),
		ROOT_TEST(test_sysctl_conf_is_last_for_procps_alone),
		ROOT_TEST(test_a_refused_line_is_told),
		ROOT_TEST(test_an_overlay_stands_for_its_file),
	};

	return cmocka_run_group_tests_name("range_files", tests, NULL, NULL);
}
