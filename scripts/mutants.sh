#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutants.sh: change the code under test in one place at a time, and see whether a test fails: conditions negated or a part of
# one dropped, bounds and numbers shifted, statements dropped or two of them swapped, bit operations and barriers weakened,
# locks taken late or not at all or released early (lib/mutate.c). For each change, compile that object and link, and run the
# tests that reach the place, by their gcov counts, until one fails, crashes or takes LIMIT seconds (10).
# FILE=io_uring/io-wq.c or FILE=io_uring/io-wq.c:function says what to change; the default is the functions that the fixes
# touch and io_uring/io-wq.c. EVERY=10 takes a tenth of the changes, for a quick look. mutants.sh --functions only lists the
# functions, with the number of changes in each, or why there is none.
# Survivors are listed, with the reason that coverage/survivors gives. Exit status: 0 only if, swaps aside, tests kill 90 % of the
# mutants of the functions that fixes touch and 80 % in io_uring/io-wq.c, and coverage/survivors names only survivors. There is
# no score to reach for a part of a file, or of the changes.
# Not counted: changes that do not compile, that leave the machine code as it was or make it the same as another change does,
# and changes of spinlocks on one CPU without preemption, where they keep nobody out.
# Verdicts are kept in build/<kernel>/mutants-<flavour>/ until the kernel is linked again, so a run that was stopped continues
# there. SURVIVORS=1 then tries only the survivors again, for work on the tests.
# mutants.sh --lines FILE UNTIL, for review.sh: changes in the lines of FILE, "source number" each, of the kernel as it is built and
# was run last, until that time; swaps are left out. Prints what became of each.
# mutants.sh --patches DIR, for bugs.sh: makes patches of the changes on stdin, "source:function<tab>change<tab>trial" each.

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/variant.sh"
. "$top/scripts/lib/counts.sh"

FILE=${FILE-}
EVERY=${EVERY:-1}
SURVIVORS=${SURVIVORS-}
out=$work/mutants-$FLAVOUR
tab=$(printf '\t')
export LIMIT="${LIMIT:-10}"

# notes COMMAND...: run mutants.py, which reads and writes in $out.
notes()
{
	(cd "$out" && "$python" -S -B "$top/scripts/lib/mutants.py" "$@")
}

# libclang: the directory of the newest libclang that is installed, or nothing.
libclang()
{
	for d in /usr/lib/llvm-*; do
		[ ! -f "$d/include/clang-c/Index.h" ] || [ ! -e "$d/lib/libclang.so" ] || echo "$d"
	done | sort -V | tail -n 1
}

# mutate SOURCE: list the changes that can be made in it.
mutate()
{
	(cd "$objdir" && "$build/mutate" "$1") || exit
}

build_mutate()
{
	set -- "$top/scripts/lib/mutate.c" "$top/scripts/lib/changes.c" "$top/scripts/lib/source.c"
	[ ! -x "$build/mutate" ] || [ -n "$(find "$@" "$top"/scripts/lib/*.h -newer "$build/mutate")" ] || return 0
	llvm=$(libclang)
	[ -n "$llvm" ] || die "no libclang in /usr/lib/llvm-*: install libclang-dev"
	gcc -O2 -I"$llvm/include" -o "$build/mutate.tmp" "$@" -L"$llvm/lib" -lclang 2>"$build/mutate.log" ||
		die "cannot compile scripts/lib/mutate.c: $(grep -m 1 error "$build/mutate.log") (see $build/mutate.log)"
	mv "$build/mutate.tmp" "$build/mutate"
}

# fixed: each line that a fix adds to a C source, after the source and the line number.
fixed()
{
	for f in $(fixes); do
		patch=$top/patches/$KERNEL/$f.patch
		variant_new mutant-fix
		variant_patch mutant-fix -R "$patch" || die "cannot tell what $f touches"
		for src in $(patched_files "$patch" | grep '\.c$'); do
			diff --old-line-format= --unchanged-line-format= --new-line-format="$src$tab%dn$tab%L" \
				"$(variant_dir mutant-fix)/tree/$src" "$tree/$src" || [ $? = 1 ]
		done
	done
}

# code OBJECT: a hash of its machine code and constants.
code()
{
	{
		objdump -dr "$1"
		objdump -s -j .rodata "$1" 2>/dev/null || :
	} | grep -v 'file format' | sha256sum | cut -d ' ' -f 1
}

# known KEY CHANGE: whether there is a verdict on that change.
known()
{
	cut -f 1,2 "$out"/verdicts.* 2>/dev/null | grep -qxF -- "$1$tab$2"
}

# patch_of SOURCE AT LENGTH NEW: that change as a patch.
patch_of()
{
	{
		head -c "$2" "$tree/$1"
		printf %b "$4"
		tail -c "+$(($2 + $3 + 1))" "$tree/$1"
	} >"$out/new.$worker"
	diff -u --label "a/$1" --label "b/$1" "$tree/$1" "$out/new.$worker" || [ $? = 1 ]
}

# edit SOURCE AT LENGTH NEW: make it in the worker's variant.
edit()
{
	patch_of "$@" >"$out/patch.$worker"
	variant_reset "$variant"
	variant_patch "$variant" "$out/patch.$worker" || die "cannot change $1 at $2"
}

# try TEST...: print "killed" and by which test, or "survived".
try()
{
	variant_link "$variant" 2>"$out/log.$worker" || die "$(cat "$out/log.$worker")"
	# Not the kernel's id: the counts of a mutant are never added up.
	echo "$variant" >"$(variant_dir "$variant")/tree/um-$FLAVOUR/linux.id"
	for t; do
		rm -f "$(variant_dir "$variant")/results-$FLAVOUR/${t#*:}/verdict"
		VARIANT=$variant "$top/scripts/lib/one.sh" "${t%%:*}" "${t#*:}" >"$out/log.$worker" 2>&1 9>&- </dev/null || :
		why=$(cat "$(variant_dir "$variant")/results-$FLAVOUR/${t#*:}/verdict") || die "$t was not run: $(tail -n 1 "$out/log.$worker")"
		[ "$why" = passed ] || [ "$why" = skipped ] || {
			echo "killed$tab${t#*:}: $why"
			return
		}
	done
	echo "survived$tab$# tests reach it"
}

# work: try this worker's share of the changes. A change with the same code as an earlier one shares its verdict.
work()
{
	variant_new "$variant"
	awk -v jobs="$JOBS" -v me="$worker" 'NR % jobs == me % jobs' "$out/todo" >"$out/todo.$worker"
	while IFS=$tab read -r key change _ _ idle by src at len new; do
		[ -z "$until" ] || [ "$(date +%s)" -lt "$until" ] || break
		! known "$key" "$change" || continue
		edit "$src" "$at" "$len" "$new"
		if ! variant_compile "$variant" 2>"$out/log.$worker"; then
			grep -q ' error: ' "$(variant_dir "$variant")/build.log" || die "$(cat "$out/log.$worker")"
			is=none
		else
			is=$(code "$(variant_dir "$variant")/tree/um-$FLAVOUR/${src%.c}.o")
			! grep -qx "$src $is" "$out/base" || is=same
		fi
		verdict=
		if [ "$is" != none ] && [ "$is" != same ] && [ "$idle" = 0 ] && ! grep -hq "$tab$is$tab" "$out"/verdicts.*; then
			# shellcheck disable=SC2086
			[ "$by" = - ] && verdict="survived${tab}no test reaches it" || verdict=$(try $by)
		fi
		printf '%s\t%s\t%s%s\n' "$key" "$change" "$is" "${verdict:+$tab$verdict}" >>"$out/verdicts.$worker"
	done <"$out/todo.$worker"
}

until=
if [ "${1-}" = --work ]; then
	worker=$2
	until=${3-}
	variant=mutant-$worker
	work
	exit
fi

[ -x "$build/mutate" ] || [ -n "$(libclang)" ] || "$top/scripts/deps.sh" libclang-dev
lines=
if [ "${1-}" = --lines ]; then
	lines=$2
	until=$3
fi
lock
[ -n "$lines" ] || "$top/scripts/build.sh" >&2
build_mutate
mkdir -p "$out"
if [ "${1-}" = --patches ]; then
	worker=patches
	n=0
	rm -f "$out"/list.*
	while IFS=$tab read -r key change trial; do
		src=${key%:*}
		[ -e "$out/list.${src##*/}" ] || mutate "$src" >"$out/list.${src##*/}"
		at=$(awk -F '\t' -v OFS='\t' -v of="${key##*:}" -v change="$change" '$4 == of && $5 == change { print $6, $7, $8; exit }' "$out/list.${src##*/}")
		[ -n "$at" ] || die "coverage/survivors: no such change: $key: $change"
		n=$((n + 1))
		{
			printf '%s\ntrial: %s\n\n' "$change" "$trial"
			printf '%s\n' "$at" | (IFS=$tab read -r at len new && patch_of "$src" "$at" "$len" "$new")
		} >"$2/${key##*:}-$n.patch"
	done
	exit
fi
linux_id >"$out/id.tmp"
if ! cmp -s "$out/id.tmp" "$out/id"; then
	rm -f "$out/tests"
	# Nor one that shares the verdict of a survivor.
	[ -z "$SURVIVORS" ] || grep -hsE "${tab}killed$tab|$tab(none|same)\$" "$out"/verdicts.* >"$out/kept" || :
	rm -f "$out/verdicts."*
	[ ! -e "$out/kept" ] || mv "$out/kept" "$out/verdicts.0"
	mv "$out/id.tmp" "$out/id"
fi
touch "$out/verdicts.0"

[ -n "$lines" ] || fixed >"$out/touched"
sources=$(if [ -n "$lines" ]; then
		cut -d ' ' -f 1 "$lines"
	elif [ -n "$FILE" ]; then
		echo "${FILE%%:*}"
	else
		cut -f 1 "$out/touched" && echo io_uring/io-wq.c
	fi | sort -u)
for src in $sources; do
	[ -f "$tree/$src" ] && [ -f "$objdir/${src%.c}.o" ] || die "no $src in this kernel: FILE=io_uring/io-wq.c[:function]"
	mutate "$src" >"$out/list.tmp"
	sed "s,^,$src$tab," "$out/list.tmp" >&3
	echo "$src $(code "$objdir/${src%.c}.o")" >&4
done 3>"$out/list" 4>"$out/base"
if [ "${1-}" = --functions ]; then
	notes functions
	exit
fi

if [ ! -s "$out/tests" ]; then
	[ -n "$lines" ] || "$top/scripts/test.sh" >"$out/log" ||
		die "the tests fail without a change: $(grep -m 1 '^NOT OK' "$out/log")"
	while read -r kind name; do
		[ -z "$lines" ] || grep -qx 'passed\|skipped' "$results/$name/verdict" || continue
		printf '%s\t%s\t%s\n' "$kind" "$name" "$(cat "$results/$name/ms")"
	done <"$results/runs" | sort -n -k 3 >"$out/tests"
fi
# shellcheck disable=SC2086
cov reach $sources >"$out/reach"
# On one CPU without preemption a spinlock keeps nobody out, and CONFIG_DEBUG_SPINLOCK checks only how it is used.
idle=
grep -qE '^CONFIG_(SMP|PREEMPT_COUNT|LOCKDEP)=y' "$objdir/.config" ||
	idle='(early|late|not taken): (raw_spin_(un)?lock(_irqsave|_irqrestore)?|spin_(un)?lock|rcu_read_(un)?lock)\('
if [ -n "$lines" ]; then
	notes choose-lines "$lines" "$idle" >"$out/todo"
	seq "$JOBS" | xargs -P "$JOBS" -I '{}' "$0" --work '{}' "$until" || die "stopped: see $out/log.*"
	notes of-lines "$KERNEL" "$top/coverage/survivors"
	exit
fi
notes choose "$FILE" "$EVERY" "$idle" >"$out/todo"
[ -s "$out/todo" ] || die "nothing to change in ${FILE:-these files}"
say "$(wc -l <"$out/todo") changes, $JOBS at once" >&2
start=$(date +%s)
seq "$JOBS" | xargs -P "$JOBS" -I '{}' "$0" --work '{}' || die "stopped: see $out/log.*"
say "took $(($(date +%s) - start)) s" >&2
notes report "$KERNEL" "$FLAVOUR" "$FILE" "$EVERY" "$top/coverage/survivors"
