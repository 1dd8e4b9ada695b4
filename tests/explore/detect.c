// SPDX-License-Identifier: GPL-2.0
/*
 * What is wrong with a seed: an expectation of its trial, or what the kernel's log
 * says since the seed began. KASAN is called for each access that is a point or
 * could be one, see points.c. Tasks that sleep for ever take no time: nothing can
 * run, so the clock jumps to the end of the trial's patience.
 */

static const char * const complaints[] = {
	"EXPECTATION FAILED", "ASSERTION FAILED", "BUG:", "WARNING:", "KASAN:",
	"refcount_t:", "list_add corruption", "list_del corruption",
	"double free",
};

static struct kmsg_dump_iter log_iter;
static char complaint[160];

/* look_at_log - the first complaint since the last call, or NULL */
static const char *look_at_log(void)
{
	static char line[2048];	/* as long as a message can be */
	size_t len;
	int i;

	complaint[0] = '\0';
	while (kmsg_dump_get_line(&log_iter, false, line, sizeof(line) - 1,
				  &len)) {
		line[len] = '\0';
		for (i = 0; i < ARRAY_SIZE(complaints); i++) {
			char *s = strstr(line, complaints[i]);

			if (s && !complaint[0]) {
				strscpy(complaint, s);
				complaint[strcspn(complaint, "\n")] = '\0';
			}
		}
	}
	return complaint[0] ? complaint : NULL;
}

/* who_spins - in a livelock: those who have made most points of its second half */
static const char *who_spins(void)
{
	static char who[160];
	size_t len = 0;
	int i;

	for (i = 0; i < ex.nr && ex.points > LIVELOCK; i++) {
		const struct explorer *task = &ex.task[i];

		if (!task->left && task->points - task->half > LIVELOCK / 20)
			len += scnprintf(who + len, sizeof(who) - len,
					 ", %s spins in %ps", task->name,
					 (void *)task->at.ip);
	}
	return who;
}
