// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "range/boot.h"
#include "range/sysctl.h"
#include "range/sysctl_conf.h"
#include "util/cleanup.h"
#include "util/file.h"

enum { CONF_FILE_MAX = 4 << 20 };

/* Where both look, the first that has a name wins over the others (sysctl.d(5), sysctl(8)). */
static const char *const boot_dirs[] = { "/etc/sysctl.d", "/run/sysctl.d",
					 "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d",
					 "/lib/sysctl.d" };

/* An assignment that names the range, or a pattern that matches it. */
struct setting {
	char key[CONF_KEY_LEN];
	bool pattern;
	char *value; /* NULL: "-key" */
	char file[512];
	unsigned int line;
};

struct boot {
	enum boot_reader reader;
	const char *root;
	const struct boot_overlay *overlay;
	char **files; /* paths, in the order of reading */
	size_t file_count;
	struct setting *settings;
	size_t setting_count;
};

const char *boot_reader_name(enum boot_reader reader)
{
	return reader == BOOT_SYSTEMD ? "systemd-sysctl" : "sysctl --system";
}

static void boot_free(struct boot *boot)
{
	for (size_t i = 0; i < boot->file_count; i++)
		free(boot->files[i]);
	for (size_t i = 0; i < boot->setting_count; i++)
		free(boot->settings[i].value);
	free(boot->files);
	free(boot->settings);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int file_compare(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

static int file_add(struct boot *boot, const char *path)
{
	char **files = reallocarray(boot->files, boot->file_count + 1, sizeof(*files));

	if (!files)
		return -ENOMEM;
	boot->files = files;
	files[boot->file_count] = strdup(path);
	return files[boot->file_count] ? (boot->file_count++, 0) : -ENOMEM;
}

static bool file_wanted(const struct boot *boot, const char *name)
{
	size_t length = strlen(name);

	if (length < 5 || strcmp(name + length - 5, ".conf"))
		return false;
	/* procps takes the hidden ones, too. */
	if (*name == '.' && boot->reader == BOOT_SYSTEMD)
		return false;
	for (size_t i = 0; i < boot->file_count; i++)
		if (!strcmp(base_name(boot->files[i]), name))
			return false;
	return true;
}

/* The file of the overlay, where @dir is its directory and it is not there yet. */
static int overlay_add(struct boot *boot, const char *dir)
{
	char real[PATH_MAX], path[PATH_MAX];

	if (!boot->overlay || !boot->overlay->content || !realpath(dir, real))
		return 0;
	snprintf(path, sizeof(path), "%.*s",
		 (int)(base_name(boot->overlay->path) - 1 - boot->overlay->path),
		 boot->overlay->path);
	if (strcmp(path, real) || !file_wanted(boot, base_name(boot->overlay->path)))
		return 0;
	return file_add(boot, boot->overlay->path);
}

static bool overlay_is(const struct boot *boot, const char *path)
{
	char real[PATH_MAX];

	if (!boot->overlay)
		return false;
	return !strcmp(realpath(path, real) ? real : path, boot->overlay->path);
}

static int dir_add(struct boot *boot, const char *name)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int error = 0;

	snprintf(path, sizeof(path), "%s%s", boot->root, name);
	CLEANUP_DIR DIR *dir = opendir(path);

	while (dir && !error && (entry = readdir(dir))) {
		char file[PATH_MAX + 256];

		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (file_wanted(boot, entry->d_name) &&
		    !(overlay_is(boot, file) && !boot->overlay->content))
			error = file_add(boot, file);
	}
	return error ? error : overlay_add(boot, path);
}

static int files_find(struct boot *boot)
{
	char path[PATH_MAX];
	struct stat about;
	int error = 0;

	for (size_t i = 0; i < sizeof(boot_dirs) / sizeof(boot_dirs[0]) && !error; i++)
		error = dir_add(boot, boot_dirs[i]);
	if (error)
		return error;
	if (boot->file_count)
		qsort(boot->files, boot->file_count, sizeof(*boot->files), file_compare);
	snprintf(path, sizeof(path), "%s/etc/sysctl.conf", boot->root);
	if (boot->reader == BOOT_PROCPS &&
	    (overlay_is(boot, path) || (!stat(path, &about) && S_ISREG(about.st_mode))))
		return file_add(boot, path);
	return 0;
}

static void setting_remove(struct boot *boot, size_t at)
{
	free(boot->settings[at].value);
	memmove(&boot->settings[at], &boot->settings[at + 1],
		(--boot->setting_count - at) * sizeof(*boot->settings));
}

/*
 * systemd keeps an ordered map of what is left of "=": another value moves the key to the end, the
 * same one leaves it at its place. For patterns the place decides.
 */
static bool setting_known(struct boot *boot, const struct conf_line *line, const char *file)
{
	for (size_t i = 0; i < boot->setting_count; i++) {
		struct setting *setting = &boot->settings[i];

		if (strcmp(setting->key, line->key))
			continue;
		if (setting->value && line->value && strlen(setting->value) == line->value_length &&
		    !strncmp(setting->value, line->value, line->value_length)) {
			snprintf(setting->file, sizeof(setting->file), "%s", file);
			setting->line = line->number;
			return true;
		}
		setting_remove(boot, i);
		return false;
	}
	return false;
}

static int setting_add(struct boot *boot, const struct conf_line *line, const char *file)
{
	struct setting *settings, *setting;

	if (boot->reader == BOOT_SYSTEMD && setting_known(boot, line, file))
		return 0;
	settings = reallocarray(boot->settings, boot->setting_count + 1, sizeof(*settings));
	if (!settings)
		return -ENOMEM;
	boot->settings = settings;
	setting = &settings[boot->setting_count];
	*setting = (struct setting){ .line = line->number };
	snprintf(setting->key, sizeof(setting->key), "%s", line->key);
	snprintf(setting->file, sizeof(setting->file), "%s", file);
	setting->pattern = strpbrk(line->key, "*?[") != NULL;
	if (line->value && !(setting->value = strndup(line->value, line->value_length)))
		return -ENOMEM;
	boot->setting_count++;
	return 0;
}

static int file_settings(struct boot *boot, const char *file)
{
	CLEANUP_FREE char *own = NULL;
	const char *text, *at;
	struct conf_line line = { 0 };
	size_t length;
	int error = 0;

	if (overlay_is(boot, file)) {
		text = boot->overlay->content;
		length = boot->overlay->length;
	} else if (file_read(file, CONF_FILE_MAX, &own, &length)) {
		return 0; /* a directory, a dangling link, no permission: both readers go on */
	} else {
		text = own;
	}
	at = text;
	while (!error && text &&
	       conf_line_next(&at, text + length,
			      boot->reader == BOOT_SYSTEMD ? CONF_SYSTEMD : CONF_PROCPS, &line))
		if (!fnmatch(line.key, SYSCTL_RANGE_KEY, FNM_PATHNAME | FNM_PERIOD))
			error = setting_add(boot, &line, file);
	return error;
}

static void setting_apply(const struct setting *setting, int unprivileged_start,
			  struct boot_result *result)
{
	struct reason why;

	if (!setting->value)
		return;
	if (sysctl_range_would(setting->value, result->range, unprivileged_start, &result->range,
			       &why)) {
		reason_set(&result->refused, 0, "%s:%u has no effect: %s", setting->file,
			   setting->line, why.text);
		return;
	}
	snprintf(result->file, sizeof(result->file), "%s", setting->file);
	result->line = setting->line;
}

static void settings_apply(const struct boot *boot, int unprivileged_start,
			   struct boot_result *result)
{
	const struct setting *named = NULL;

	for (size_t i = 0; i < boot->setting_count; i++)
		if (!boot->settings[i].pattern)
			named = &boot->settings[i];
	/* Whatever their order: a pattern does not reach a key that is named anywhere. */
	for (size_t i = 0; i < boot->setting_count; i++)
		if (!named || !boot->settings[i].pattern)
			setting_apply(&boot->settings[i], unprivileged_start, result);
	if (named && !named->value)
		reason_set(&result->refused, 0, "%s:%u keeps patterns off the range", named->file,
			   named->line);
}

int boot_evaluate(enum boot_reader reader, const char *root, const struct boot_overlay *overlay,
		  int unprivileged_start, struct boot_result *result, struct reason *why)
{
	struct boot boot = { .reader = reader, .root = root, .overlay = overlay };
	int error;

	*result = (struct boot_result){
		.range = { RANGE_DEFAULT_LOW, RANGE_DEFAULT_HIGH },
	};
	error = files_find(&boot);
	for (size_t i = 0; i < boot.file_count && !error; i++)
		error = file_settings(&boot, boot.files[i]);
	if (!error)
		settings_apply(&boot, unprivileged_start, result);
	boot_free(&boot);
	return error ? reason_set(why, error, "out of memory while reading sysctl.d") : 0;
}
