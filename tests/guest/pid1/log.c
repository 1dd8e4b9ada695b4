// SPDX-License-Identifier: GPL-2.0
/* What the kernel says: its log, and kmemleak. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pid1.h"

#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

/* In bytes, what a program may make the kernel say. */
#define LOG_LIMIT	(4 << 20)

static int kmsg = -1;

static const char * const bugs[] = {
	"BUG:", "BUG ", "WARNING:", "Kernel panic", "Oops", "general protection",
	"Unable to handle", "Internal error", "KASAN:", "KCSAN:", "KFENCE:",
	"KMSAN:", "UBSAN:", "INFO: possible", "INFO: task", "INFO: rcu",
	"INFO: trying to register", "INFO: lockdep is turned off", "detected stall",
	"possible circular", "possible recursive", "possible deadlock",
	"inconsistent lock state", "suspicious RCU usage", "soft lockup",
	"hard LOCKUP", "blocked for more than", "refcount_t:", "list_add corruption",
	"list_del corruption", "Bad page", "double free", "new suspected memory leak",
	"io-wq is not configured", "ODEBUG:", "Out of memory:", "Initramfs unpacking failed",
};

static bool is_bug(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(bugs); i++) {
		/* not the end of a longer word, such as DEBUG: */
		for (const char *p = s; (p = strstr(p, bugs[i])); p++)
			if (p == s || !isalnum((unsigned char)p[-1]))
				return true;
	}
	return false;
}

int open_log(void)
{
	if (kmsg < 0)
		kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return kmsg;
}

void take_log(struct test *t)
{
	char rec[8193], *text;
	ssize_t n;

	/* too much output doesn't stop this: a bug may come with its end */
	while (t->kind != PROGRAM || t->logged <= LOG_LIMIT) {
		n = read(kmsg, rec, sizeof(rec) - 1);
		if (n < 0 && errno == EPIPE) {
			fail(t, "the kernel log overran");
			t->flooded = t->kind == PROGRAM;
			t->logged += LOG_LIMIT;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			fail(t, "/dev/kmsg: %s", strerror(errno));
		if (n <= 0)
			break;
		rec[n] = '\0';
		t->logged += n;
		rec[strcspn(rec, "\n")] = '\0';
		text = strchr(rec, ';');
		if (text && is_bug(text + 1))
			fail(t, "kernel log: %s", text + 1);
		if (t->kind == PROGRAM && t->logged > LOG_LIMIT) {
			fail(t, "more than %d MiB of kernel log: ended", LOG_LIMIT >> 20);
			t->flooded = true;
		}
	}
}

void check_log(struct test *t)
{
	char line[300];

	/* A line without its '\n' shows only once another one follows. */
	snprintf(line, sizeof(line), "<6>init: end of %s\n", t->name);
	if (write_file("/dev/kmsg", line))
		fail(t, "/dev/kmsg: %s", strerror(errno));
	take_log(t);
}

bool has_kmemleak(void)
{
	return !access(KMEMLEAK, F_OK);
}

/*
 * The kernel log says that kmemleak found something, its file says what.
 * kmemleak does not report an object that changed since the last scan, so scan
 * twice. The log line fails @t; `clear` keeps the leak from failing the next one.
 */
void check_leaks(struct test *t)
{
	char buf[256];
	FILE *f;

	if (!has_kmemleak())
		return;
	for (int i = 0; i < 2; i++)
		if (write_file(KMEMLEAK, "scan"))
			fail(t, "kmemleak does not scan: %s", strerror(errno));
	f = fopen(KMEMLEAK, "re");
	while (f && fgets(buf, sizeof(buf), f))
		printf("# %s", buf);
	if (f)
		fclose(f);
	write_file(KMEMLEAK, "clear");
}
