# SPDX-License-Identifier: GPL-2.0
# Read after common.sh: what explore.sh, replay.sh, minimise.sh and bugs.sh share.
# shellcheck shell=sh disable=SC2154

# Of look_where.
unset focus
# Many an environment has these, for others; explore.py takes them for those of make explore.
[ "$me" = explore ] || unset HOSTS JOBS_FILE RESULTS
# KERNEL=, if make replay needs it to look at the same kernel.
other_kernel=$asked
[ -z "$asked" ] || [ -n "$KDIR" ] || [ "$asked" != "$(default_kernel)" ] || other_kernel=

# one_schedule: T and SEED say which.
one_schedule()
{
	[ -n "${T-}" ] && [ -n "${SEED-}${LIST-}" ] || die "make $me takes T=trial, or race-..., and SEED=n or LIST= (make explore prints them)"
}

can_explore()
{
	grep -q '^CONFIG_EXPLORE=y' "$objdir/.config" || die "kernel $KERNEL, flavour $FLAVOUR, cannot explore: leave FLAVOUR= out, and KERNEL="
}

build_explorer()
{
	lock
	"$top/scripts/build.sh" >&2
	can_explore
}

# look_where: $focus, a file that has what RANGE= or FILE= names, for focus.py: a source and a line or a function each, or a source.
look_where()
{
	[ -z "${RANGE-}" ] || [ -z "${FILE-}" ] || die "RANGE= and FILE= are two ways to say where to look: give one"
	[ -n "${RANGE-}${FILE-}" ] || return 0
	export focus="$results/focus"
	mkdir -p "$results"
	if [ -n "${FILE-}" ]; then
		echo "$FILE" | sed 's/:/ /' >"$focus"
		return
	fi
	. "$top/scripts/lib/range.sh"
	range_dir=$(mktemp -d)
	trap 'rm -rf "$range_dir"' EXIT
	range_files "$range_dir"
	touched_lines "$range_dir" "$tree" >"$focus"
	rm -rf "$range_dir"
	[ -s "$focus" ] || die "RANGE=$RANGE: all that it changes was changed again later, so there is nothing of it to look at"
}

# explorer ARG...: explore.py with the kernel that is built.
explorer()
{
	look_where
	in_variant '' "$@"
}

# in_variant NAME ARG...: with that of a variant.
in_variant()
{
	in=$(variant_dir "$1")
	shift
	mkdir -p "$in/results-$FLAVOUR"
	env -u PYTHONDONTWRITEBYTECODE me="$me" JOBS="$JOBS" top="$top" work="$in" report="${report:-$in/report-$FLAVOUR}" tree="$in/tree" objdir="$in/tree/um-$FLAVOUR" \
		results="$in/results-$FLAVOUR" other_kernel="$other_kernel" counts="$in/explored-$FLAVOUR" "$python" -S -B "$top/scripts/lib/explore.py" "$@"
}

# with_bug VARIANT PATCH: build the kernel with this bug, unless it is there from the last time.
with_bug()
{
	made_of="$(linux_id) $(cksum <"$2")"
	[ "$(cat "$(variant_dir "$1")/for" 2>/dev/null)" != "$made_of" ] || return 0
	variant_new "$1"
	variant_patch "$1" "$2" && variant_build "$1" || return
	echo "$made_of" >"$(variant_dir "$1")/for"
}

# trial_of PATCH: which trial finds this bug.
trial_of()
{
	sed -n 's/^trial: //p' "$1"
}

# canary: stop unless a bug that was put in is found.
canary()
{
	bug=$top/tests/explore/bugs/no-retry.patch
	with_bug canary "$bug" || exit 2
	status=0
	found=$(in_variant canary find "$(trial_of "$bug")" 1 10000) || status=$?
	case $status in
	0) ;;
	1) die "the canary was not found, so this explorer finds nothing: $(trial_of "$bug") passes with ${bug#"$top"/}" ;;
	*) exit 2 ;;
	esac
	echo "canary: $(trial_of "$bug") fails with no-retry after $(echo "$found" | cut -d ' ' -f 1) seeds, as it has to"
}
