/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What ./linux takes, for `./linux -h`, which init answers, and `./linux --help`,
 * which UML does: it prints the strings in a section, in the order in which they
 * are linked. tests/kunit/Makefile has this included in init/init_task.c, which
 * comes before UML's own.
 */
static const char linux_help[] =
"./linux [WORD...]: tests of io_uring in a kernel of their own, KTAP on stdout, the kernel's messages on stderr.\n"
"\n"
"    kunit.filter_glob=SUITE   run these suites: a glob; SUITE.CASE for one case\n"
"    scenario=NAME             run these scenarios: a glob. With neither word, everything runs\n"
"    list=1                    name the suites and scenarios, run none\n"
"    initrd=FILE program=NAME  run the program /program/NAME, which is in FILE, a cpio such as `make run` packs\n"
"    skip=STATUS               with this exit status, the program is skipped\n"
"    endless=1                 the program that still runs after limit= has not failed by that; it is ended, and the rest counts\n"
"    initrd=FILE shell=PATH    a shell of that cpio, on the terminal con1=, and no tests; see `make shell`\n"
"    hostfs=DIRECTORY host=1   for the shell: a directory of the host, read-only at /host\n"
"    explore=SEED              flavour explore: which schedules of the trials, or of scenario=race-...; or FROM-TO; 1-100.\n"
"                              explore.list=, explore.trace=1 and others: tests/explore/README.md\n"
"    limit=SECONDS             how long a scenario or a program may take; 60\n"
"    ktap=FILE                 a file inside UML for the results; /dev/tty0, which is stdout\n"
"    repro_...=N               parameters of scenarios, described at their tops\n"
"    loglevel=8                all of the kernel's messages; 4\n"
"    mem=SIZE                  memory; 64M, in flavours debug and explore 256M\n"
"    time-travel               time moves while code runs, and skips only idle time; without it, where time is\n"
"                              simulated, it moves only while all sleep\n"
"\n"
"Exit status: 0 all passed, 1 a test failed, and otherwise no verdict, with a line that says why: 2 an unknown word or name,\n"
"125 the kernel cannot start, 134 it has panicked, 128 + n it was ended by signal n. GCOV_PREFIX=DIRECTORY in the\n"
"environment gets the coverage counts, TMPDIR has the memory file.\n"
"\n";

#ifdef __KERNEL__
static const char * const linux_help_first __attribute__((used, section(".uml.help.init"))) = linux_help;
#endif
