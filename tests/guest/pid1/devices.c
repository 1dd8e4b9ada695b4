// SPDX-License-Identifier: GPL-2.0
/*
 * What a program expects to find in a system, as far as this kernel has it. The
 * kernel's own tests get by without, and see a system with nothing in it.
 */
#include <dirent.h>
#include <net/if.h>
#include <net/route.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "pid1.h"

/* Whether @line is NAME=VALUE for this name; then the value is put at @value. */
static bool is_value(char *line, const char *name, char **value)
{
	line[strcspn(line, "\n")] = '\0';
	*value = line + strlen(name);
	return starts(line, name);
}

/* The node of the device that a uevent file describes, as devtmpfs would make it. */
static void make_node(const char *uevent, mode_t type)
{
	char line[256], path[300] = "", *value;
	unsigned int nr_major = 0, nr_minor = 0, mode = 0600;
	FILE *f = fopen(uevent, "re");

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (is_value(line, "MAJOR=", &value))
			nr_major = strtoul(value, NULL, 10);
		else if (is_value(line, "MINOR=", &value))
			nr_minor = strtoul(value, NULL, 10);
		else if (is_value(line, "DEVMODE=", &value))
			mode = strtoul(value, NULL, 8);
		else if (is_value(line, "DEVNAME=", &value))
			snprintf(path, sizeof(path), "/dev/%s", value);
	}
	fclose(f);
	if (!*path)
		return;
	for (char *p = path + strlen("/dev/"); (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	/* The mode is not for the umask to change. */
	if (!mknod(path, type | mode, makedev(nr_major, nr_minor)))
		chmod(path, mode);
}

static void make_nodes(const char *dir, mode_t type)
{
	char path[512];
	struct dirent *d;
	DIR *devices = opendir(dir);

	while (devices && (d = readdir(devices))) {
		snprintf(path, sizeof(path), "%s/%s/uevent", dir, d->d_name);
		make_node(path, type);
	}
	if (devices)
		closedir(devices);
}

static void raise_loopback(void)
{
	struct ifreq req = { .ifr_name = "lo" };
	/* As where there is a network: packets to others leave, and get no answer. */
	struct rtentry route = {
		.rt_dst.sa_family = AF_INET,
		.rt_genmask.sa_family = AF_INET,
		.rt_flags = RTF_UP,
		.rt_dev = "lo",
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (!ioctl(fd, SIOCGIFFLAGS, &req)) {
		req.ifr_flags |= IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &req);
		ioctl(fd, SIOCADDRT, &route);
	}
	close(fd);
}

static void link_to(const char *target, const char *path)
{
	/* It may be there already, from the initrd. */
	if (symlink(target, path))
		return;
}

void set_up_system(void)
{
	make_nodes("/sys/dev/char", S_IFCHR);
	make_nodes("/sys/dev/block", S_IFBLK);
	link_to("/proc/self/fd", "/dev/fd");
	link_to("/proc/self/fd/0", "/dev/stdin");
	link_to("/proc/self/fd/1", "/dev/stdout");
	link_to("/proc/self/fd/2", "/dev/stderr");
	if (!mkdir("/dev/shm", 01777))
		chmod("/dev/shm", 01777);
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, "ptmxmode=0666");
	raise_loopback();
}
