/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the explorer share. They are one object, see explore.c. */

#define EXPLORE_TASKS 16
/* stores that a task can have in flight; as a bigger one, a buffer of a CPU drains */
#define EXPLORE_STORES 16
/* pointers that a task can have read without a barrier */
#define EXPLORE_DEPS 16
#define EXPLORE_EVENTS 4096
#define EXPLORE_NAME 16
/* points, which no trial has: somebody spins */
#define LIVELOCK 1000000
/* A walk of a list that is broken may have no end, and each report takes a millisecond. */
#define BAD_MAX 100
/* picks without a point, or looks by who is not ours: it is for another one to do something */
#define STAYS 100
/* points in a row, which take a task of a scenario a tick of the clock */
#define ROW 200

/* more than KCSAN has: a volatile access, and a call of a function */
#define ACCESS_VOLATILE	BIT(8)
#define ACCESS_CALL	BIT(9)

struct access {
	unsigned long addr;	/* of what is called, for ACCESS_CALL */
	unsigned long size;
	int type;
	unsigned long ip;
};

struct store {
	struct access at;
	unsigned int point;
	unsigned int epoch;	/* barriers for stores that came before it */
	u64 old, new;
	bool bits;		/* others may change other bits of it */
	bool held;
};

struct explorer {
	struct task_struct *task;
	pid_t pid;
	char name[EXPLORE_NAME];
	unsigned int points;
	unsigned int half;	/* of these, before half of LIVELOCK was over */
	struct access at;	/* what it does next, or in a call now */
	bool in_focus;		/* that, or what it has just done; see focus.c */
	bool was_in_focus;
	u64 prio;
	bool left;		/* its function has returned, or it has exited */
	ktime_t alarm;		/* when its sleep is over, or 0 */
	unsigned long alarm_ip;
	/* stores that it has done and others do not see, while they run */
	struct store held[EXPLORE_STORES];
	int nr_held;
	/* of its reads, see reads.c */
	unsigned int since;	/* when it could have done them */
	bool waits;		/* for them, before it goes on */
	bool switching;		/* takes locks that are not its own */
	unsigned long updates;	/* just now, where; or 0 */
	bool released;		/* just now, with what it does next */
	int count;		/* its preempt_count() */
	struct {
		u64 value;	/* what it has read, that may be a pointer */
		unsigned int since;
	} dep[EXPLORE_DEPS];
	int nr_deps;
};

/* A place where it is not the explorer's default who runs next. */
struct event {
	u8 task, to;
	bool forced;		/* @task could have gone on */
	bool early;		/* no switch: a read that is older than a store of @to */
	unsigned int point;	/* the last that @task has reached */
	unsigned int held[EXPLORE_STORES];
	int nr_held;
};

enum algo { ALGO_NONE, ALGO_BURSTS, ALGO_PCT, ALGO_POS, ALGO_LIST };

static struct {
	bool on;		/* the tasks below are picked by us */
	bool draining;		/* and run without switches, to some end */
	bool scenario;		/* they are processes, and what these create */
	struct explorer task[EXPLORE_TASKS];
	int nr;
	struct explorer *last;	/* who of them ran last */
	struct explorer *next;	/* whom a switch is to */
	unsigned int points;	/* of all */
	unsigned int row;	/* of the last one, since it was switched to */
	unsigned int stays;	/* picks of the last one, since its last point */
	unsigned int yields;	/* of the last one, since it was switched to */
	unsigned int spins;	/* of others, since the last point */
	unsigned int nr_bad;	/* accesses that KASAN does not allow */
	unsigned int choices;	/* points at which another one could be chosen */
	unsigned int choices_of_seed_0;	/* or 0 if that is not known */
	unsigned int focused;	/* points that are in focus */
	unsigned int near;	/* choices near these */
	unsigned int near_of_seed_0;
	bool focus;		/* switch there, most of the time */
	bool all_points;	/* also those that seem not to matter */
	unsigned int switches;
	u32 hash;		/* of who came to which points */
	enum algo algo;
	enum explore_memory memory;
} ex;

static u64 random_below(u64 n);
static const char *look_at_log(void);
static bool likely_in_focus(unsigned long ip);
static const char *text_in_file(const char *path);
static int number(const struct explorer *task);
static struct explorer *choose(struct explorer *me, unsigned long can);
static struct explorer *choose_waiting(unsigned long can);
static void record_switch(struct explorer *me, struct explorer *to);
static void record_pick(struct explorer *to, unsigned long can);
struct past;
static void record_early(struct explorer *me, const struct past *store);
static int replay_early(struct explorer *me, struct past **can, int nr);
static void trace_early(struct explorer *me, const struct past *store, u64 now);
static void take_back(void);
static void settle_past(void);
static void forget_past(const struct explorer *by, unsigned int point);
static void remember(struct explorer *by, const struct access *at, unsigned int point,
		     u64 old, u64 new, bool pending);
static void waits_for_reads(struct explorer *me);
static struct explorer *find_current(void);
static void record_held(const struct store *store);
static struct explorer *replay_switch(struct explorer *me, unsigned long can);
static struct explorer *replay_pick(unsigned long can);
static bool replay_holds(const struct store *store);
static bool is_clock(const struct explorer *task);
static bool clock_can_go(unsigned long others);
static void trace_point(struct explorer *me);
static void trace_switch(struct explorer *me, struct explorer *to);
static void trace_pick(struct explorer *to);
static void trace_store(struct explorer *me, const struct store *store);
static void trace_in(struct explorer *of, const struct store *store);
static void trace_saw(struct explorer *me, int task, unsigned int point,
		      unsigned long ip);
static void trace_missed(struct explorer *me, struct explorer *of,
			 const struct store *store);
static void start_pairs(void);
static u64 seed_now(void);
static const char *who_spins(void);
/* mm/kasan/kasan.h has it, which only files there include. */
bool kasan_check_range(const void *addr, size_t size, bool write,
		       unsigned long ip);
bool kasan_byte_accessible(const void *addr);

/* lib/kunit/executor.c has them, and no header. */
extern struct kunit_suite * const __kunit_suites_start[];
extern struct kunit_suite * const __kunit_suites_end[];

static void trace_timer(struct explorer *me);
static void start_clock(const struct explore_thread *thread, int nr);

static void __noreturn give_up(const char *why);
