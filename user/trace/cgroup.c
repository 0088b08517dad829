// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "trace/cgroup.h"

/* The first mount point of type cgroup2, in @path; -ENOENT: there is none. */
static int cgroup_mount_find(char *path, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	int error = -ENOENT;

	if (!mounts)
		return -errno;
	while ((mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_type, "cgroup2"))
			continue;
		error = (size_t)snprintf(path, size, "%s", mount->mnt_dir) < size ? 0 :
										    -ENAMETOOLONG;
		break;
	}
	endmntent(mounts);
	return error;
}

/* A mount of our own in no one's tree; it is gone when its descriptor is closed (Linux 5.2). */
static int cgroup_mount_private(void)
{
	int context = (int)syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC), mount = -1;

	if (context < 0)
		return -errno;
	if (!syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		mount = -errno;
	close(context);
	return mount;
}

int cgroup_root_open(void)
{
	char path[PATH_MAX];
	int fd;

	if (cgroup_mount_find(path, sizeof(path)))
		return cgroup_mount_private();
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cgroup_identify(const char *path, uint64_t *id, uint32_t *level)
{
	char root[PATH_MAX], real[PATH_MAX];
	struct statfs fs;
	struct stat st;
	int error = cgroup_mount_find(root, sizeof(root));

	if (error)
		return error;
	if (!realpath(path, real) || statfs(real, &fs) || stat(real, &st))
		return -errno;
	if (fs.f_type != CGROUP2_SUPER_MAGIC || !S_ISDIR(st.st_mode) ||
	    strncmp(real, root, strlen(root)))
		return -EINVAL;
	*id = st.st_ino; /* the kernfs id, on 64-bit kernels (fs/kernfs/inode.c) */
	*level = 0;
	for (const char *rest = real + strlen(root); *rest; rest++)
		*level += rest[0] == '/' && rest[1];
	return 0;
}

/* The name by which the kernel shows an open directory; the length or a negative errno. */
static ssize_t directory_name(int fd, char *name, size_t size)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, size - 1);
	if (length < 0)
		return -errno;
	name[length] = '\0';
	return length;
}

int cgroup_path(int root, uint64_t id, char *path, size_t size)
{
	/* FILEID_KERNFS of fs/exportfs: the handle is the id (5.5). */
	struct {
		struct file_handle head;
		uint64_t id;
	} handle = { { .handle_bytes = sizeof(id), .handle_type = 0xfe }, id };
	/* That of a mount of our own is O_PATH, which will not do. */
	int mount = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = open_by_handle_at(mount, &handle.head, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = -errno;
	char top[PATH_MAX];
	ssize_t skip, length;

	if (mount >= 0)
		close(mount);
	if (fd < 0)
		return error;
	length = directory_name(fd, path, size);
	close(fd);
	skip = directory_name(root, top, sizeof(top));
	if (length < 0 || skip < 0)
		return (int)(length < 0 ? length : skip);
	/* "/" where it is mounted nowhere. */
	skip -= skip == 1;
	if (strncmp(path, top, (size_t)skip))
		return -EINVAL;
	memmove(path, path + skip, (size_t)(length - skip) + 1);
	if (!*path)
		snprintf(path, size, "/");
	return 0;
}

char *cgroup_below_root(const char *path)
{
	char root[PATH_MAX], real[PATH_MAX];
	size_t length;

	if (cgroup_mount_find(root, sizeof(root)))
		snprintf(root, sizeof(root), "/sys/fs/cgroup");
	if (!realpath(path, real))
		snprintf(real, sizeof(real), "%s", path);
	length = strlen(root);
	path = !strncmp(real, root, length) && (real[length] == '/' || !real[length]) ?
		       real + length :
		       path;
	length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		length--;
	return length ? strndup(path, length) : strdup("/");
}
