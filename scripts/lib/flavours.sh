# SPDX-License-Identifier: GPL-2.0
# Read by review.sh, after sides.sh: the same tests in the other flavours whose kernel is built.
# shellcheck shell=sh disable=SC2034,SC2154

# in_time SECONDS COMMAND...: stop it, and all that it has started, after that time or on Ctrl-C. timeout moves it to a process group
# of its own, which does not hear of Ctrl-C.
in_time()
{
	seconds=$1
	shift
	timeout -k 5 "$seconds" "$@" &
	timed=$!
	trap 'kill "$timed"; verdict=130; exit' INT
	ended=0
	wait "$timed" || ended=$?
	trap 'verdict=130; exit' INT
	return "$ended"
}

# in_flavour SECONDS: the same tests in flavour $FLAVOUR, with the patches, and those that fail also without. That long it may build.
# One process each: all paths differ.
in_flavour()
{
	name=$FLAVOUR
	began=$(date +%s)
	in_time "$1" "$top/scripts/build.sh" >"$out/log.build" 2>&1 || {
		fact undone "flavour $name, which did not build in time: make kernel FLAVOUR=$name"
		return
	}
	side "after-$name" "$after" || {
		fact unknown "flavour $name: $why"
		return
	}
	! grep -q '^CONFIG_EXPLORE=y' "$objdir/.config" || explore_lines
	room=$(left)
	run_side "after-$name" "$((room > 20 ? room : 20))"
	missing=$(while read -r _ run; do
		[ -n "$(one_verdict "after-$name" "$run")" ] || echo "$run"
	done <"$(results_of "review-after-$name")/runs" | paste -sd ' ')
	[ -z "$missing" ] || fact undone "these in flavour $name: $missing"
	bad=$(cd "$(results_of "review-after-$name")" && grep -Lx 'passed\|skipped' -- */verdict | cut -d / -f 1)
	if [ -n "$bad" ]; then
		side "before-$name" "$before" || {
			fact unknown "flavour $name, without the patch: $why"
			return
		}
		room=$(left)
		# shellcheck disable=SC2086
		run_side "before-$name" "$((room > 20 ? room : 20))" $bad
	fi
	fact flavour "$name" "$(cat "$(results_of "review-after-$name")/summary" 2>/dev/null || echo 'not run to its end')" \
		"$(($(date +%s) - began)) s"
}

# behind FLAVOUR: about how many objects of its kernel are older than the sources. For a subshell.
behind()
{
	objdir=$tree/um-$1
	find_changed "$objdir/built"
	made_from "$objdir/changed" | sort -u - "$objdir/changed" | wc -l
}

# other_flavours: those that are built, if there is time. First those that only have to be linked with the patches. Building takes
# up to half of what is left, and is not begun if that will not do: about half a second an object.
other_flavours()
{
	for f in debug explore smp; do
		[ "$f" != "$FLAVOUR" ] && flavours | tr ' ' '\n' | grep -qx "$f" || continue
		if [ -f "$tree/um-$f/linux" ]; then
			echo "$(behind "$f") $f"
		else
			fact undone "flavour $f, which is not built: make kernel FLAVOUR=$f"
		fi
	done | sort -n -s -k 1,1 >"$out/flavours"
	while read -r nr_behind f; do
		room=$(($(left) / 2))
		if [ "$room" -lt 5 ]; then
			fact undone "flavour $f, for lack of time"
		elif [ $((nr_behind / JOBS / 2)) -gt "$room" ]; then
			fact undone "flavour $f, of whose kernel $nr_behind objects are out of date: make kernel FLAVOUR=$f"
		else
			say "tests in flavour $f" >&2
			FLAVOUR=$f "$0" --flavour "$room" "$start" "$snapshot" "$before" "$after" "$nr" </dev/null 2>"$out/log.flavour" ||
				fact undone "flavour $f: $(tail -n 1 "$out/log.flavour")"
		fi
	done <"$out/flavours"
}
