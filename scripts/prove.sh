#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# prove.sh: show that the tests see the fixes. For each kernel and each fix (KERNEL= and FIX= for one):
#   - each test that pins the fix, with "pins <fix>:" in its comment, must fail without the fix and pass with it;
#   - some test must fail on each wrong version, tests/wrong/<fix>/*.patch (lib/wrong.sh);
#   - tests/figures/<fix>.sh prints the figures of the fix, and must succeed.
# Last, unless FIX= is given, each scenario must fail without the functions that it is about (lib/about.sh).
# EVERY=10 takes a tenth of the wrong versions and of these functions.
# Exit status: 0 only if all of that holds. With FLAVOUR=smp, where time is real, only the figures. With FLAVOUR=explore, the bugs
# that the explorer must find instead (lib/bugs.sh).

. "$(dirname "$0")/lib/common.sh"
. "$top/scripts/lib/variant.sh"
. "$top/scripts/lib/pins.sh"

FIX=${FIX-}
proof=$work/proof-$FLAVOUR
everything=
[ -n "$FIX$asked$KDIR${EVERY-}" ] || everything=yes

# pinned FIX: the tests that pin this fix.
pinned()
{
	pins | sed -n "s/^$1 //p"
}

# code TREE: a hash of the instructions of the code under test; whole objects differ from one compilation to the next.
code()
{
	(cd "$1/um-$FLAVOUR" && objdump -d io_uring/*.o kernel/task_work.o) | sha256sum
}

# run VARIANT TEST...: run these tests with the kernel of the variant; each leaves a verdict.
run()
{
	in=$(results_of "$1")
	log=$proof/run-$1.log
	of=$1
	shift
	rm -rf "$in"
	VARIANT=$of "$top/scripts/test.sh" "$@" >"$log" 2>&1 || :
	for t; do
		[ -s "$in/$t/verdict" ] || die "$t was not run: $(tail -n 1 "$log") (see $log)"
	done
}

# figure VARIANT: the last figure that a test of $fix has printed.
figure()
{
	cat "$(results_of "$1")"/*/ktap 2>/dev/null | sed -n "s/.*figure $fix: //p" | tail -n 1
}

# make_with: build a variant with all fixes by the same steps, so that no test can fail because of the steps.
make_with()
{
	variant_new with
	# shellcheck disable=SC2046
	variant_same with $(for f in $(fixes); do patched_files "$top/patches/$KERNEL/$f.patch"; done | grep '\.c$' | sort -u) &&
		variant_build with || die "a variant without a change does not build"
}

# make_without: build the kernel without $fix. Print why that failed, if it did.
make_without()
{
	variant=without-$fix
	start=$(date +%s)
	variant_new "$variant"
	why=$(variant_patch "$variant" -R "$top/patches/$KERNEL/$fix.patch" 2>&1) || {
		echo "${why#prove: }"
		return
	}
	why=$(variant_build "$variant" 2>&1) || {
		echo "the kernel does not build without it: ${why#*does not build: }"
		return
	}
	echo "$(($(date +%s) - start))" >"$proof/seconds"
	[ "$(code "$tree")" != "$(code "$(variant_dir "$variant")/tree")" ] || echo "the kernel without it is the same as with it"
}

# not_failed: those of $pinned that do not plainly fail without $fix. A hang or a crash may have another reason.
not_failed()
{
	for t in $pinned; do
		verdict=$(cat "$(results_of "without-$fix")/$t/verdict")
		case $verdict in
		failed) ;;
		passed) echo "passes without it: $t" ;;
		*) echo "$t without it: $verdict" ;;
		esac
	done
}

# try: run the tests of $fix without it. Print "proved" if each of them fails, or else the reason.
try()
{
	wrong="no test pins it"
	[ -z "$pinned" ] || wrong=$(make_without)
	[ -z "$wrong" ] || {
		echo "$wrong"
		return
	}
	# shellcheck disable=SC2086
	run "without-$fix" $pinned
	wrong=$(not_failed | paste -sd ';')
	echo "${wrong:-proved}"
}

# prove: print the row of $fix. Succeeds only if every step has said that it is proved.
prove()
{
	pinned=$(pinned "$fix")
	verdict=$("$0" --try "$fix") || verdict="stopped: ${verdict:-see above}"
	bad=$(for t in $pinned; do
		grep -qx passed "$(results_of with)/$t/verdict" || echo "$t"
	done | paste -sd ' ')
	proved=
	if [ -n "$bad" ]; then
		verdict="fail with it: $bad"
	elif [ "$verdict" = proved ]; then
		proved=yes
		verdict="proved by $(echo "$pinned" | wc -w) tests, built in $(cat "$proof/seconds") s"
	fi
	before=$(figure "without-$fix")
	after=$(figure with)
	printf '%-7s %-22s %-41s %-41s %s\n' "$KERNEL" "$fix" "$before" "$after" "$verdict"
	# shellcheck disable=SC2086
	[ -z "$pinned" ] || printf '                %s\n' $pinned
	# For report.sh.
	printf '%s\t%s\t%s\n%s\n' "$before" "$after" "$verdict" "$pinned" >"$proof/$fix"
	[ -n "$proved" ]
}

# table FIX: print its figures, and keep them for report.sh if the script succeeds.
table()
{
	[ -f "$top/tests/figures/$1.sh" ] || return 0
	kept=$proof/$1.table
	rm -f "$kept"
	status_of=$proof/status
	{
		echo 1 >"$status_of"
		! "$top/tests/figures/$1.sh" || echo 0 >"$status_of"
	} | tee "$kept.tmp"
	[ "$(cat "$status_of")" = 0 ] || return 1
	mv "$kept.tmp" "$kept"
}

# One process for each fix and each kernel: one that stops halfway has proved nothing.
case ${1-} in
--try)
	fix=$2
	pinned=$(pinned "$fix")
	try
	exit
	;;
--without)
	fix=$2
	mkdir -p "$proof"
	wrong=$(make_without)
	[ -z "$wrong" ] || die "$fix: $wrong"
	exit
	;;
--kernel)
	[ -n "$(fixes)" ] || die "patches/$KERNEL/series names no fix below a line '# fixes'"
	lock
	rm -rf "${proof:?}/$FIX"
	mkdir -p "$proof"
	"$top/scripts/build.sh" >&2
	make_with
	status=0
	if [ "$FLAVOUR" != smp ]; then
		# shellcheck disable=SC2046
		run with $(for fix in $(fixes); do pinned "$fix"; done)
		for fix in $(fixes); do
			prove || status=1
		done
		"$top/scripts/lib/wrong.sh" || status=1
		[ -n "$FIX" ] || "$top/scripts/lib/about.sh" || status=1
	else
		for fix in $(fixes); do
			[ ! -f "$top/tests/figures/$fix.sh" ] || "$0" --without "$fix"
		done
	fi
	for fix in $(fixes); do
		table "$fix" || status=1
	done
	exit "$status"
	;;
esac

[ -z "$FIX" ] || all_fixes | grep -qxF "$FIX" || die "no fix $FIX: FIX= takes one of $(all_fixes | paste -sd ' ')"
pins >/dev/null || exit 2

for fix in $(pins | cut -d ' ' -f 1 | sort -u) $(find "$top/tests/wrong" -mindepth 1 -type d -printf '%f\n'); do
	[ -n "$(find "$top/patches" -name "$fix.patch")" ] ||
		die "tests/ has a pin or wrong versions of $fix, which is no fix in patches/"
done
status=0
case $FLAVOUR in
smp) exec "$0" --kernel ;;
explore) exec "$top/scripts/lib/bugs.sh" ;;
esac
printf '%-7s %-22s %-41s %-41s %s\n' kernel fix without with verdict
all=$asked
# A KDIR takes the patches of one kernel.
[ -z "$KDIR" ] || all=$KERNEL
gone=$(gone)
[ -n "$all" ] || [ -z "$gone" ] || say "without kernel $gone, which the mirror no longer has" >&2
for k in ${all:-$(kernels | grep -vxF "$gone")}; do
	KERNEL=$k "$0" --kernel || status=1
done
# A wrong version may apply to one kernel only, so this can be checked only after all kernels.
if [ -n "$everything" ] && [ -z "$gone" ]; then
	(cd "$top/tests/wrong" && find . -name '*.patch' -printf '%P\n') | sed 's/\.patch$//; s/\.[0-9][0-9.]*$//' | sort -u |
		grep -vxF "$(cat "$build"/*/proof-"$FLAVOUR"/wrong/applied 2>/dev/null)" >"$build/unused" || :
	[ ! -s "$build/unused" ] || {
		say "error: no kernel takes these wrong versions: $(paste -sd ' ' "$build/unused")" >&2
		status=1
	}
fi
exit "$status"
