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
