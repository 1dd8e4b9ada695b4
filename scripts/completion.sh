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
		timeout 20 "$objdir/linux" loglevel=8 kunit.action=list list=1 >"$list.out" 2>"$list.err" </dev/null || :
		{
			sed -n 's/\r$//; s/^\(suite\|scenario\) \([^ ]*\)$/\2/p' "$list.out"
			sed -n 's/\r$//; s/^\(.*[^a-z0-9_-]\)\{0,1\}\([a-z][a-zA-Z0-9_-]*\.[a-z][a-z0-9_]*\)$/\2/p' "$list.err"
		} | sort -u >"$list.tmp"
		rm "$list.out" "$list.err"
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
