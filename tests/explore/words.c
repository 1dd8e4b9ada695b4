// SPDX-License-Identifier: GPL-2.0
/* What the command line says, explore= and explore.*: README.md has a table of it. */

static char *seeds;	/* or NULL: 1-100 */
core_param(explore, seeds, charp, 0444);
static char *algo_name = "mix";
module_param_named(algo, algo_name, charp, 0444);
static unsigned int depth;
module_param_named(depth, depth, uint, 0444);
static char *memory_name = "weak";
module_param_named(memory, memory_name, charp, 0444);
static char *list;
module_param_named(list, list, charp, 0444);
static char *focus_ranges;
module_param_named(focus, focus_ranges, charp, 0444);
static bool print_hash;
module_param_named(hash, print_hash, bool, 0444);
static bool keep_on;
module_param_named(keep, keep_on, bool, 0444);
static bool known_too;
module_param_named(known, known_too, bool, 0444);
static bool unfit_too;
module_param_named(unfit, unfit_too, bool, 0444);

static const char * const algos[] = {
	[ALGO_NONE] = "none", [ALGO_BURSTS] = "bursts", [ALGO_PCT] = "pct",
	[ALGO_POS] = "pos", [ALGO_LIST] = "list",
};

static const char * const memories[] = {
	[EXPLORE_SC] = "sc", [EXPLORE_TSO] = "tso", [EXPLORE_WEAK] = "weak",
};

/* parse_seeds - FROM or FROM-TO */
static bool parse_seeds(const char *s, u64 *from, u64 *to)
{
	char word[48], *dash;

	if (strscpy(word, s) < 0)
		return false;
	dash = strchr(word, '-');
	if (dash)
		*dash++ = '\0';
	return !kstrtou64(word, 10, from) &&
	       !kstrtou64(dash ?: word, 10, to) && *from <= *to;
}

/* text_in_file - for what is too long for a command line: that of the host; or nothing */
static const char *text_in_file(const char *path)
{
	static char text[EXPLORE_EVENTS * 32];
	int len, fd = os_open_file(path, of_read(OPENFLAGS()), 0);

	if (fd < 0)
		return "";
	len = os_read_file(fd, text, sizeof(text) - 1);
	os_close_file(fd);
	/* it may go on */
	if (len == sizeof(text) - 1)
		return "";
	text[max(len, 0)] = '\0';
	return text;
}

/* look_at_words - which seeds are asked for, and how; or what is wrong with the command line */
static const char *look_at_words(u64 *first, u64 *last)
{
	int i;

	if (!parse_seeds(seeds ?: "1-100", first, last))
		return "explore= takes a seed, or two: FROM-TO";
	if (list && !parse_list(list))
		return "explore.list= takes what a failure has printed";
	if (focus_ranges && !parse_focus(focus_ranges))
		return "explore.focus= takes FROM-TO, in hexadecimal, joined by commas, or the path of a file";
	if (strcmp(algo_name, "mix") &&
	    match_string(algos, ALGO_LIST, algo_name) < 0)
		return "explore.algo= takes bursts, pct, pos, mix or none";
	i = match_string(memories, ARRAY_SIZE(memories), memory_name);
	if (i < 0)
		return "explore.memory= takes sc, tso or weak";
	ex.memory = i;
	return NULL;
}

enum explore_memory explore_memory(void)
{
	u64 first, last;

	look_at_words(&first, &last);
	return ex.memory;
}
