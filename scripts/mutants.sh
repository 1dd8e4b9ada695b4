#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutants.sh: change the code under test one place at a time, and see whether a test fails: conditions negated or a part of
# one dropped, bounds and numbers shifted, statements dropped, bit operations and barriers weakened, locks taken late or not
# at all or released early (mutants.awk). For each change, compile that object and link, and run the tests that reach
# the place, by their gcov counts, until one fails, crashes or takes LIMIT seconds (10).
# FILE=io_uring/io-wq.c or FILE=io_uring/io-wq.c:function is what to change; without, the functions that the fixes touch and
# io_uring/io-wq.c. EVERY=10 takes a tenth of the changes, for a quick look.
# What survives is listed, with the reason that coverage/survivors gives. Exit status: 0 only if enough are killed, 90 %
# in what the fixes touch and 80 % in io_uring/io-wq.c, and coverage/survivors names only survivors. A part of a file, or
# of the changes, is held to no score.
# Not counted: what does not compile, what the compiler makes the same code of as without the change, or as of another
# change, and locks that are no code where there is one processor and no preemption.
# What is known is kept in build/<kernel>/mutants-<flavour>/, and a run that was stopped goes on there, until the kernel is
# linked anew. SURVIVORS=1 then tries only those again that no test has noticed, for work on the tests.

. "$(dirname "$0")/lib/common.sh"

FILE=${FILE-}
EVERY=${EVERY:-1}
SURVIVORS=${SURVIVORS-}
out=$work/mutants-$FLAVOUR
tab=$(printf '\t')
export LIMIT="${LIMIT:-10}"

changes()
{
	awk -f "$top/scripts/mutants.awk" "$@"
}

object()
{
	printf '%s\n' "${1%.c}.o"
}

# copy N: the build in a tree of links to the sources, but for those in the folders that hold a source to change.
copy()
{
	to=$work@mutant-$1/tree
	rm -rf "${to%/tree}"
	copy_build "$to"
	open_folder "$to" io_uring
	open_folder "$to" kernel
}

# fixed: a line "file function" for each function that has code of a fix in it.
fixed()
{
	tmp=$out/fixed
	rm -rf "$tmp"
	sed -n '/^# fixes/,$ s/^\(# merged: \)\{0,1\}\([^# ]*\.patch\)$/\2/p' "$top/patches/$KERNEL/series" |
		while read -r fix; do
			patch=$top/patches/$KERNEL/$fix
			files=$(sed -n 's,^+++ b/\([^\t]*\).*,\1,p' "$patch")
			mkdir -p "$tmp"
			(cd "$tree" && echo "$files" | xargs cp --parents -t "$tmp") &&
				(cd "$tmp" && GIT_CEILING_DIRECTORIES=$out git apply -R "$patch") ||
				die "$fix does not apply in reverse"
			for f in $(echo "$files" | grep '\.c$'); do
				touched=$(diff -U 0 "$tmp/$f" "$tree/$f" | awk '/^@@/ {
						split(substr($3, 2) ",1", at, ",")
						for (i = 0; i < at[2]; i++)
							print at[1] + i
					}' | paste -sd ' ')
				[ -z "$touched" ] || changes -v touched="$touched" "$tree/$f" | sed "s,^,$f ,"
			done
			rm -rf "$tmp"
		done | sort -u
}

# reach: which tests reach which line of the sources: lines "source line test", and "source line -" for one with code.
reach()
{
	while read -r _ name _; do
		for src in $sources; do
			counts=$results/$name/gcov/${src%.c}.gcda
			[ -f "$counts" ] || continue
			rm -rf "$out/gcov"
			mkdir "$out/gcov"
			cp "$counts" "$objdir/${src%.c}.gcno" "$out/gcov"
			(cd "$objdir" && gcov -t "$out"/gcov/*.gcda 2>"$out/gcov.log") | awk -F : -v src="$src" -v test="$name" '
				$2 + 0 == 0 && $3 == "Source" { here = "../" src == $4 }
				here && $1 !~ /-/ { print src, $2 + 0, ($1 + 0 > 0 ? test : "-") }'
		done
	done <"$out/tests" >"$out/reach.tmp"
	[ -s "$out/reach.tmp" ] || die "no test reaches a line of $sources, see $out/gcov.log"
	mv "$out/reach.tmp" "$out/reach"
}

# choose: the changes asked for, in $out/list: source, number, first and last line, function, change, fixed.
choose()
{
	for src in $sources; do
		changes "$tree/$src" | sed "s,^,$src$tab,"
	done | awk -F '\t' -v OFS='\t' -v file="$FILE" -v every="$EVERY" '
		FNR == NR { split($0, f, " "); fixed[f[1], f[2]] = 1; next }
		file == "" && $1 != "io_uring/io-wq.c" && !(($1, $5) in fixed) { next }
		file != "" && file != $1 && file != $1 ":" $5 { next }
		n++ % every == 0 { print $0, ($1, $5) in fixed }' "$out/functions" - >"$out/list"
	[ -s "$out/list" ] || die "nothing to change in ${FILE:-these files}"
}

# code: what the compiler made of the source.
code()
{
	{
		objdump -dr "$1"
		objdump -s -j .rodata "$1" 2>/dev/null || :
	} | grep -v 'file format' | sha256sum | cut -d ' ' -f 1
}

# mine FILE: of its lines, the share of this worker.
mine()
{
	awk -v jobs="$JOBS" -v me="$me" 'NR % jobs == me % jobs' "$1"
}

# known SOURCE:FUNCTION CHANGE FILE...: whether one of the files has a line of that change.
known()
{
	key=$1$tab$2
	shift 2
	cut -f 1,2 "$@" 2>/dev/null | grep -qxF -- "$key"
}

# object_of SOURCE NUMBER: compile that change, in this worker's copy, where the object without it is left for the tests of
# other sources' changes.
object_of()
{
	o=$(object "$1")
	rm -f "$copied/$1"
	changes -v make="$2" "$tree/$1" >"$copied/$1"
	built=0
	"$top/scripts/build.sh" --compile "$o" >"$out/log.$me" 2>&1 </dev/null || built=1
	ln -sf "$tree/$1" "$copied/$1"
	mkdir -p "$out/objects/$1"
	[ "$built" = 1 ] || mv "$copied/um-$FLAVOUR/$o" "$out/objects/$1/$2.o"
	cp "$objdir/$o" "$copied/um-$FLAVOUR/$o"
	return "$built"
}

# compile: this worker's share of the changes.
compile()
{
	mine "$out/list" | while IFS=$tab read -r src n _ _ function change _; do
		! known "$src:$function" "$change" "$out"/codes.* || continue
		id=none
		! object_of "$src" "$n" || id=$(sed -n "s,^$src ,,p" "$out/base")-$(code "$out/objects/$src/$n.o")
		printf '%s\t%s\t%s\n' "$src:$function" "$change" "$id" >>"$out/codes.$me"
	done
}

# tests_of SOURCE FIRST LAST: "kind name" of those that reach one of these lines, or the source where the compiler has no
# code for them: the source's own suite, then the quick ones.
tests_of()
{
	own=${1##*/}
	awk -v src="$1" -v first="$2" -v last="$3" -v own="${own%.c}" '
		FILENAME ~ /reach$/ {
			if ($1 == src && $3 != "-")
				any[$3] = 1
			if ($1 == src && $2 >= first && $2 <= last) {
				has_code = 1
				reach[$3] = 1
			}
			next
		}
		has_code ? !($2 in reach) : !($2 in any) { next }
		$2 == own { print $1, $2; next }
		{ rest = rest $1 " " $2 "\n" }
		END { printf "%s", rest }' "$out/reach" "$out/tests"
}

# judge: link and test this worker's share of the mutants.
judge()
{
	there=$work@mutant-$me/results-$FLAVOUR
	mine "$out/mutants" | while IFS=$tab read -r src n first last function change _; do
		! known "$src:$function" "$change" "$out"/verdicts.* || continue
		verdict="survived${tab}no test reaches it"
		o=$(object "$src")
		todo=$(tests_of "$src" "$first" "$last")
		if [ -n "$todo" ]; then
			verdict="survived${tab}$(echo "$todo" | wc -l) tests reach it"
			[ -f "$out/objects/$src/$n.o" ] || object_of "$src" "$n" || die "$src, change $n, no longer compiles"
			cp "$out/objects/$src/$n.o" "$copied/um-$FLAVOUR/$o"
			"$top/scripts/build.sh" --link >"$out/log.$me" 2>&1 </dev/null ||
				die "cannot link $src, change $n: $(tail -n 1 "$out/log.$me") (see $out/log.$me)"
			while read -r kind name; do
				"$top/scripts/lib/one.sh" "$kind" "$name" >>"$out/log.$me" 2>&1 || :
				why=$(cat "$there/$name/verdict" 2>/dev/null) || die "$name was not run, see $out/log.$me"
				[ "$why" = passed ] || [ "$why" = skipped ] || {
					verdict="killed$tab$name: $why"
					break
				}
			done <<-END
				$todo
			END
			cp "$objdir/$o" "$copied/um-$FLAVOUR/$o"
		fi
		printf '%s\t%s\t%s\n' "$src:$function" "$change" "$verdict" >>"$out/verdicts.$me"
		rm -f "$out/objects/$src/$n.o"
	done
}

# workers STEP: each of them by a process of its own.
workers()
{
	seq "$JOBS" | xargs -P "$JOBS" -I '{}' "$0" "--$1" '{}' || die "stopped: see $out/log.*"
}

case ${1-} in
--copy)
	copy "$2"
	exit
	;;
--compile | --judge)
	me=$2
	export VARIANT="mutant-$me"
	copied=$work@mutant-$me/tree
	"${1#--}" "$2"
	exit
	;;
esac

lock
"$top/scripts/build.sh" >&2
mkdir -p "$out"
linux_id >"$out/id.tmp"
if ! cmp -s "$out/id.tmp" "$out/id"; then
	rm -rf "$out/objects" "$out/tests"
	if [ -z "$SURVIVORS" ]; then
		rm -f "$out/codes."* "$out/verdicts."*
	else
		grep -hs "${tab}killed$tab" "$out"/verdicts.* >"$out/killed" || :
		rm -f "$out/verdicts."*
		mv "$out/killed" "$out/verdicts.0"
	fi
	mv "$out/id.tmp" "$out/id"
fi

fixed >"$out/functions"
case $FILE in
'')
	{
		cut -d ' ' -f 1 "$out/functions"
		echo io_uring/io-wq.c
	} | sort -u
	;;
*) echo "${FILE%%:*}" ;;
esac >"$out/sources"
sources=$(paste -sd ' ' "$out/sources")
for src in $sources; do
	[ -f "$tree/$src" ] && [ -f "$objdir/$(object "$src")" ] || die "no $src in this kernel: FILE=io_uring/io-wq.c[:function]"
done
choose

if [ ! -s "$out/tests" ]; then
	"$top/scripts/test.sh" >"$out/log" || die "the tests fail without a change: $(grep -m 1 '^NOT OK' "$out/log")"
	awk 'FNR == NR { ms[$2] = $(NF - 1); next } { print $0, ms[$2] }' "$out/log" "$results/runs" |
		sort -n -k 3 >"$out/tests"
fi
reach
say "$(wc -l <"$out/list") changes, $JOBS at once" >&2
start=$(date +%s)
workers copy
touch "$out/verdicts.0"
for src in $sources; do
	echo "$src $(code "$objdir/$(object "$src")")"
done >"$out/base"
workers compile
cat "$out"/codes.* >"$out/codes"

# Each change with what it is: "none" that compiles, "same" as without, "twice", "idle", or a "mutant".
idle=
grep -qE '^CONFIG_(SMP|PREEMPT_COUNT|DEBUG_SPINLOCK|LOCKDEP)=y' "$objdir/.config" ||
	idle='^(early|late|not taken): (raw_spin_(un)?lock(_irqsave|_irqrestore)?|spin_(un)?lock|rcu_read_(un)?lock)[(]'
awk -F '\t' -v OFS='\t' -v idle="$idle" '
	FNR == NR { code[$1, $2] = $3; next }
	{
		c = code[$1 ":" $5, $6]
		split(c, of, "-")
		is = c == "none" ? c : of[1] == of[2] ? "same" : idle != "" && $6 ~ idle ? "idle" : seen[$1, c]++ ? "twice" : "mutant"
		print $0, is
	}' "$out/codes" "$out/list" >"$out/changes"
grep "${tab}mutant\$" "$out/changes" >"$out/mutants" || :
workers judge
say "$(($(date +%s) - start)) s" >&2

# What coverage/survivors may name: all changes in these sources, whether or not they were asked for.
for src in $sources; do
	changes "$tree/$src" | awk -F '\t' -v OFS='\t' -v src="$src" '{ print src ":" $4, $5 }'
done >"$out/names"
awk -F '\t' -v kernel="$KERNEL" -v flavour="$FLAVOUR" -v file="$FILE" -v every="$EVERY" \
	-f "$top/coverage/mutants.awk" "$top/coverage/survivors" "$out/names" "$out"/verdicts.* "$out/changes"
