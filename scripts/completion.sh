#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# completion.sh: print the completion of bash for make in this directory: verbs, variables and their values. To have it:
#
#	source <(make -C ~/umring completion)
#
# completion.sh --tests, --fixes, --files, --functions FILE: what it asks for. Names of tests are kept until the kernel is linked again.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/series.sh"

# tests: suites and scenarios by their files, if no kernel is built; else suites, scenarios and cases, as the kernel lists them.
tests()
{
	list=$work/tests-$FLAVOUR.list
	if [ ! -x "$objdir/linux" ]; then
		(cd "$top/tests" && printf '%s\n' kunit/*_kunit.c guest/*.c) | sed 's,.*/,,; s/_kunit\.c$//; s/\.c$//; /^init$/d'
		return
	fi
	if [ -z "$(find "$list" -newer "$objdir/linux" 2>/dev/null)" ]; then
		scratch=$(mktemp -d)
		trap 'rm -rf "$scratch"' EXIT
		timeout 20 "$objdir/linux" list=1 >"$scratch/out" 2>"$scratch/err" </dev/null ||
			die "the kernel does not say what it has: $(tail -n 1 "$scratch/err")"
		# KUnit lists the cases in the log; init finds no suites then.
		timeout 20 "$objdir/linux" loglevel=8 kunit.action=list list=1 >/dev/null 2>"$scratch/err" </dev/null || :
		{
			sed -n 's/\r$//; s/^\(suite\|scenario\) \([^ ]*\)$/\2/p' "$scratch/out"
			sed -n 's/\r$//; s/^\(.*[^a-z0-9_-]\)\{0,1\}\([a-z][a-zA-Z0-9_-]*\.[a-z][a-z0-9_]*\)$/\2/p' "$scratch/err"
		} | sort -u >"$scratch/list"
		[ -s "$scratch/list" ] || die "the kernel names no suite and no scenario"
		cp "$scratch/list" "$list.tmp"
		mv "$list.tmp" "$list"
	fi
	cat "$list"
}

case ${1-} in
--tests) tests ;;
--fixes) FIX='' && all_fixes ;;
--files) (cd "$tree" 2>/dev/null && printf '%s\n' io_uring/*.[ch] kernel/task_work.c) ;;
--functions) sed -n 's/^[a-z][^;={}]*[ *]\([a-zA-Z0-9_]*\)(.*/\1/p' "$tree/$2" 2>/dev/null | sort -u ;;
*) cat "$top/scripts/lib/completion.bash" ;;
esac
