// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "range/container.h"

enum {
	CONTAINER_ID_LEN = 64,
	CONTAINER_ID_SHOWN = 12, /* as docker ps and crictl ps cut it */
	PATH_PART_MAX = 256,
};

/* The 64 hexadecimal digits that @part ends with, or NULL. */
static const char *container_id(const char *part, size_t length)
{
	if (length < CONTAINER_ID_LEN)
		return NULL;
	for (size_t i = length - CONTAINER_ID_LEN; i < length; i++)
		if (!isxdigit((unsigned char)part[i]))
			return NULL;
	return part + length - CONTAINER_ID_LEN;
}

static bool container_named(const char *kind, const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s %s", kind, name);
	return *name;
}

/* The runtimes that write an identifier of 64 digits, with what stands before it. */
static const char *container_kind(const char *before, bool kubernetes)
{
	static const struct {
		const char *prefix, *kind;
	} kinds[] = {
		{ "docker-", "docker" },
		{ "libpod-", "podman" },
		{ "cri-containerd-", "kubernetes" },
		{ "crio-", "kubernetes" },
		{ "nerdctl-", "containerd" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(before, kinds[i].prefix, strlen(kinds[i].prefix)))
			return kubernetes ? "kubernetes" : kinds[i].kind;
	return kubernetes ? "kubernetes" : NULL;
}

static bool container_part(char *part, const char *parent, bool kubernetes, char *out, size_t size)
{
	size_t length = strlen(part);
	const char *id;

	if (length > 6 && !strcmp(part + length - 6, ".scope"))
		part[length -= 6] = '\0';
	if (length > 8 && !strcmp(part + length - 8, ".service"))
		part[length -= 8] = '\0';
	id = container_id(part, length);
	if (id) {
		const char *kind = container_kind(part, kubernetes);

		if (!kind)
			kind = strstr(parent, "docker") ? "docker" :
			       strstr(parent, "libpod") ? "podman" :
							  "container";
		snprintf(out, size, "%s %.*s", kind, CONTAINER_ID_SHOWN, id);
		return true;
	}
	if (!strncmp(part, "lxc.payload.", 12))
		return container_named("lxc", part + 12, out, size);
	if (!strcmp(parent, "lxc"))
		return container_named("lxc", part, out, size);
	if (!strncmp(part, "systemd-nspawn@", 15))
		return container_named("nspawn", part + 15, out, size);
	if (!strncmp(part, "machine-", 8) && strncmp(part, "machine-qemu", 12))
		return container_named("machine", part + 8, out, size);
	return false;
}

/* One path, "/kubepods.slice/...": the innermost part that names a container counts. */
static bool container_path(const char *path, size_t length, char *out, size_t size)
{
	char part[PATH_PART_MAX], parent[PATH_PART_MAX] = "";
	bool kubernetes = false, found = false;
	const char *end = path + length;

	while (path < end) {
		size_t piece = strcspn(path, "/\n");

		if (piece > (size_t)(end - path))
			piece = (size_t)(end - path);
		snprintf(part, sizeof(part), "%.*s", (int)piece, path);
		path += piece + 1;
		if (!*part)
			continue;
		if (!strncmp(part, "kubepods", 8))
			kubernetes = true;
		found |= container_part(part, parent, kubernetes, out, size);
		memcpy(parent, part, sizeof(parent));
	}
	return found;
}

bool container_from_cgroup(const char *text, char *out, size_t size)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		const char *path = memchr(text, '/', length);

		if (path && container_path(path, length - (size_t)(path - text), out, size))
			return true;
		text += length + (text[length] == '\n');
	}
	return false;
}
