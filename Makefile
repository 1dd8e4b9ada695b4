# SPDX-License-Identifier: GPL-2.0
#
# io_uring's teardown and cancel code in a User Mode Linux kernel: build it, test it, see what is covered.
# `make help` lists the verbs; each is a script in scripts/, with -h.

MAKEFLAGS += --no-print-directory

# make -f from elsewhere goes there; a path may hold spaces.
ifneq ($(lastword $(MAKEFILE_LIST)),Makefile)
here := $(shell dirname "$$(echo '$(subst ','\'',$(MAKEFILE_LIST))' | sed 's/^ *//')")
$(or $(MAKECMDGOALS),all): FORCE
	@$(MAKE) -C "$(here)" $@
FORCE:
else

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

# What the scripts read; they know the defaults, and scripts/lib/args.sh what values there may be.
known := KERNEL FLAVOUR KDIR KERNEL_TARBALL FIX T AT PATCH RANGE BUDGET LIMIT ARGS RUNS FILE EVERY SURVIVORS CASES \
	PARTIAL JOBS PROG ARGV FILES CFLAGS HOST BREAK GDB COVERAGE ENDLESS LIBURING SEEDS SEED ALGO DEPTH MEMORY LIST \
	HOSTS JOBS_FILE RESULTS
# An empty HOSTS= is not the same as none.
export $(foreach v,$(known),$(if $(filter undefined,$(origin $v)),,$v))

# The value as it was typed: T='$(x)' is no variable of make's.
said := $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $v)),$v))
# Many an environment has these, for others.
unexport $(filter-out $(said),CFLAGS GDB HOST HOSTS JOBS_FILE RESULTS)
# They are not for the Makefiles that we call, which have variables of the same names.
MAKEOVERRIDES :=
$(foreach v,$(filter $(known),$(said)),$(eval override $v := $$(value $v)))
unknown := $(firstword $(filter-out $(known),$(said)))
ifneq ($(unknown),)
$(error $(shell scripts/lib/nearest.sh '$(subst ','\'',$(unknown))' $(known)))
endif

# Paths that are printed open from where make was called, also with -C.
export UMRING_PWD := $(or $(PWD),$(CURDIR))

.PHONY: all
all: ## Install what is missing, build, run every test, report: the main job
	@scripts/all.sh

.PHONY: check
check: ## Test this project itself: its scripts, and every suite and scenario
	@scripts/check.sh

.PHONY: test
test: ## Build what changed, run the tests, T=glob for some of them; no report
	@scripts/build.sh && scripts/test.sh

.PHONY: run
run: ## Run a program of yours in the kernel and judge it; PROG=, ARGV=, FILES=
	@scripts/run.sh

.PHONY: shell
shell: ## A shell in the kernel; HOST=directory read-only at /host, FILES=
	@scripts/shell.sh

.PHONY: gdb
gdb: ## Run one test or program under gdb; T=suite.case or PROG=, BREAK=fail
	@scripts/gdb.sh

.PHONY: liburing
liburing: ## Run liburing's own tests, those of Debian's package or LIBURING=path
	@scripts/liburing.sh

.PHONY: watch
watch: ## Build and test at each save, until Ctrl-C; without T what reaches it
	@scripts/watch.sh

.PHONY: coverage
coverage: ## Coverage of the last runs: table of coverage/targets, report in HTML
	@scripts/coverage.sh

.PHONY: patch-coverage
patch-coverage: ## Lines that a fix adds and no test reaches; FIX=, or RANGE= of commits
	@scripts/patch-coverage.sh

.PHONY: who
who: ## Which tests reach a line, and how often; AT=file:line or file:function
	@scripts/who.sh

.PHONY: prove
prove: ## Show that each fix's tests fail without it, on all kernels; FIX=, KERNEL=
	@scripts/prove.sh

.PHONY: review
review: ## What a patch does, in one screen; PATCH=mail.mbox, RANGE=a..b or FIX=
	@scripts/review.sh

.PHONY: explore
explore: ## Races by seeds: trials, race-*, io-wq.* by many schedules; T=, SEEDS=a-b or BUDGET=
	@scripts/explore.sh

.PHONY: replay
replay: ## What happens in a schedule that failed; T=name, SEED=n or LIST=
	@scripts/replay.sh

.PHONY: minimise
minimise: ## The same with the fewest switches and late stores that still fail
	@scripts/minimise.sh

.PHONY: mutants
mutants: ## Change the code one place at a time, list what no test sees; FILE=
	@scripts/mutants.sh

.PHONY: kernel
kernel: ## Build what changed: ./linux
	@scripts/build.sh

.PHONY: tree
tree: ## What of the series fits KDIR, or the kernel, without a build
	@scripts/tree.sh

.PHONY: deps
deps: ## Install the Debian packages that are missing (as root), or name them
	@scripts/deps.sh

.PHONY: patches
patches: ## Write the commits of build/<kernel>/tree back to patches/<kernel>
	@scripts/patches.sh

.PHONY: bench
bench: ## Measure build, edit loop and boot beside the kernel's kunit.py; RUNS=n
	@scripts/bench.sh

.PHONY: completion
completion: ## Completion of make for bash: source <(make completion)
	@scripts/completion.sh

.PHONY: clean
clean: ## Remove what was built and measured; keep the kernel trees
	@scripts/clean.sh

.PHONY: distclean
distclean: ## Remove build/, trees and the edits in them as well; not the cache
	@scripts/clean.sh --all

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\): ## /\1\t/p' Makefile | expand -t 16
	@echo
	@echo 'KERNEL=7.3          which of the kernels in patches/'
	@echo "KDIR=path           your own kernel tree, edits included; it is only read"
	@echo 'KERNEL_TARBALL=path kernel source for machines without apt'
	@echo 'FLAVOUR=default     which configuration of uml-config/flavours'
	@echo 'FIX=id              which of the fixes that the series names'
	@echo 'PATCH=mail.mbox     what make review looks at: mails, an mbox, diffs; - is stdin'
	@echo 'BUDGET=120          about how many seconds make review, or make explore (60), may take'
	@echo 'RANGE=a..b          which commits, of KDIR or build/<kernel>/tree; or one; also where make explore looks'
	@echo 'AT=file:line        which line of which source, or file:function'
	@echo 'CASES=0             make who lists suites, and does not look for their cases'
	@echo 'FILE=io_uring/tw.c  which source make mutants changes, or where make explore looks; source.c:function'
	@echo 'EVERY=10            one change (wrong version) in ten, for a quick look; SURVIVORS=1 those that no test noticed'
	@echo 'PROG=repro.c        your program for make run and make gdb: C sources, or a program or script as it is'
	@echo "ARGV='words'        its arguments; CFLAGS='words' more for gcc"
	@echo "FILES='paths'       what it finds in /tmp; path:/dest puts one there; quotes keep blanks in a word, here and above"
	@echo 'ENDLESS=1           it has not failed because it still runs after LIMIT'
	@echo 'COVERAGE=1          a table of what it reached'
	@echo 'HOST=directory      what make shell has at /host, read-only'
	@echo 'BREAK=fail          where make gdb stops: in what fails, or at a function or file:line'
	@echo "GDB='run; bt'       commands for make gdb, instead of a terminal"
	@echo 'SEEDS=1-10000       which schedules of each trial make explore takes, instead of BUDGET=60 seconds'
	@echo 'ALGO=pct            who decides: mix, bursts, pct (DEPTH=3) or pos; MEMORY=tso, sc or weak: late stores'
	@echo "HOSTS='a b 8/c'     machines on which make explore runs them, by GNU parallel over ssh; 8 boots at once on c"
	@echo 'JOBS_FILE=path      command lines for a batch system that explore SEEDS=; RESULTS=path tells what came of them'
	@echo 'SEED=4711           which schedule make replay, minimise and gdb take; or LIST= as they print it'
	@echo 'LIBURING=path       your own checkout of liburing for make liburing; it is only read'
	@echo "T='glob ...'        which suites and scenarios; suite.case for one case"
	@echo 'ARGS=words          more for the kernel command line of each run'
	@echo 'PARTIAL=1           take it for a success if a suite does not compile for KDIR'
	@echo 'LIMIT=30            real seconds that one run may take'
	@echo 'RUNS=3              how often make bench measures'
	@echo 'JOBS=2              how many processes at once, by default one for each CPU'

endif
