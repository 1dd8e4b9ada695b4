// SPDX-License-Identifier: GPL-2.0
/* Instead of tests: a shell from the initrd, on the terminal that con1= names. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "pid1.h"

#define TERMINAL	"/dev/tty1"
/* Its commands, if they do not come from the terminal. */
#define COMMANDS	"/shell.in"

static void __noreturn be_shell(const char *path)
{
	char *argv[] = { "sh", NULL };
	char term[80], *envp[] = {
		"PATH=/tmp:/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/tmp", "PS1=umring:\\w# ", term, NULL,
	};
	int tty, in;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	snprintf(term, sizeof(term), "TERM=%s", getenv("TERM") ?: "dumb");
	setsid();
	tty = open(TERMINAL, O_RDWR | O_CLOEXEC);
	ioctl(tty, TIOCSCTTY, 0);
	in = open(COMMANDS, O_RDONLY | O_CLOEXEC);
	dup2(in < 0 ? tty : in, 0);
	dup2(tty, 1);
	dup2(tty, 2);
	/* It could mount the host's directory once more, to write to it. */
	if (getenv("host") && prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN))
		die("host=1: PR_CAPBSET_DROP: %m");
	if (!chdir("/tmp"))
		execve(path, argv, envp);
	dprintf(2, "init: shell=%s: %s\n", path, strerror(errno));
	_exit(NO_VERDICT);
}

static void mount_host(void)
{
	mkdir("/host", 0755);
	if (mount("none", "/host", "hostfs", MS_RDONLY, NULL))
		die("host=1: /host: %m: is hostfs=DIRECTORY one that can be read?");
}

int run_shell(const char *path)
{
	int tty, status = 0;
	pid_t pid;

	if (getenv("host"))
		mount_host();
	/* Kept open, so that what is written is not lost when the shell closes it. */
	tty = open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		die(TERMINAL ": %m");
	pid = fork();
	if (pid < 0)
		die("fork: %m");
	if (!pid)
		be_shell(path);
	/* Orphans are reaped as well. */
	for (pid_t done = 0; done != pid;) {
		done = waitpid(-1, &status, 0);
		if (done < 0 && errno != EINTR)
			die("waitpid: %m");
	}
	tcdrain(tty);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
