# SPDX-License-Identifier: GPL-2.0
# Read by review.sh, after flavours.sh: schedules that switch most where the patches change the code.
# shellcheck shell=sh disable=SC2154

. "$top/scripts/lib/explore.sh"
. "$top/scripts/lib/range.sh"

# focus_of SIDE FROM TO: $out/focus.SIDE/lines: what changes between these commits, as the kernel of that side, TO, has it.
focus_of()
{
	look=$out/focus.$1
	rm -rf "$look"
	mkdir -p "$look/old" "$look/new"
	grep '\.[ch]$' "$out/changed" >"$look/changed" || :
	while read -r f; do
		mkdir -p "$look/old/${f%/*}" "$look/new/${f%/*}"
		sgit show "$2:$f" >"$look/old/$f" 2>/dev/null || rm "$look/old/$f"
		sgit show "$3:$f" >"$look/new/$f" 2>/dev/null || rm "$look/new/$f"
	done <"$look/changed"
	touched_lines "$look" "$look/new" >"$look/lines"
}

# explore_side SIDE LINES SECONDS GLOB [SEEDS]: explore.py with that kernel, which looks at these lines.
explore_side()
(
	unset RANGE FILE
	export focus="$2" BUDGET="$3" SEEDS="${5-}"
	in_variant "review-$1-$FLAVOUR" explore "$4" >"$out/explored.$1" 2>"$out/log.explored"
)

# crashed SIDE: whether that exploration, which ended with $ended, has no result; $how says how it ended. Python has 1 for a traceback as well.
crashed()
{
	case $ended in
	0) result='^review: [0-9]* trials, ' ;;
	1) result='^NOT OK [^ ]* *seed [0-9]* (' ;;
	2) result='^review: \(error: \|[0-9]* trials, \)' ;;
	*) result= ;;
	esac
	[ -z "$result" ] || ! cat "$out/explored.$1" "$out/log.explored" | grep -q "$result" || return 1
	how=$(tail -n 1 "$out/log.explored")
	how="ended with status $ended: ${how:-it says nothing}"
}

# explore_lines: the trials and scenarios that come to what changes, for a third of the time that is left.
explore_lines()
{
	room=$(($(left) / 3))
	[ "$room" -ge 10 ] || {
		fact undone "exploration of the lines that change, for lack of time"
		return
	}
	focus_of after "$before" "$after"
	[ -s "$out/focus.after/lines" ] || return 0
	ended=0
	explore_side after "$look/lines" "$room" '*' || ended=$?
	! crashed after || {
		fact unknown "exploration of the lines that change $how"
		return
	}
	said=$(sed -n 's/^review: error: //p' "$out/log.explored" | tail -n 1)
	fact focus "${said:-$(sed -n 's/^review: //p' "$out/explored.after")}"
	# A trial that had no time is no more than that.
	grep '^NOT OK' "$out/explored.after" | grep -vE ' seed [0-9]+ \(|BUDGET= is too short$' >"$out/explored" || :
	while read -r _ _ trial why; do
		fact unknown "exploration of $trial: $why"
	done <"$out/explored"
	case $ended,$said in
	1,*) explored_before ;;
	2,nothing\ was\ explored*) ;;
	2,?*) fact unknown "exploration of the lines that change: $said" ;;
	esac
}

# explored_before: note what of that fails, and not without the patches, by five times as many seeds and more.
explored_before()
{
	side "before-$FLAVOUR" "$before" || {
		fact unknown "flavour $FLAVOUR, without the patch: $why"
		return
	}
	focus_of before "$after" "$before"
	sed -n 's/^NOT OK \([^ ]*\) *seed \([0-9]*\) ([a-z]*): /\1 \2 /p' "$out/explored.after" >"$out/explored"
	while read -r trial seed why; do
		ended=0
		many=$((seed * 5 + 1000))
		room=$(($(left) / 4))
		[ "$room" -ge 5 ] || room=5
		explore_side before "$look/lines" "$room" "$trial" "1-$many" || ended=$?
		if [ "$ended" = 2 ]; then
			# What it changes is not there without it.
			ended=0
			explore_side before '' "$room" "$trial" "1-$many" || ended=$?
		fi
		seeds=$(sed -n 's/^ok  *[^ ]*  *\([0-9]*\) seeds .*/\1/p' "$out/explored.before")
		[ "$ended" != 0 ] || [ "$seeds" = "$many" ] || ended=short
		[ "$ended" = short ] || ! crashed before || ended=crashed
		case $ended in
		crashed) fact unknown "whether $trial fails without the patch: exploration of that $how" ;;
		short) fact unknown "whether $trial fails without the patch, for lack of time" ;;
		0) fact explored "$trial" "$seed" "$why" ;;
		1) fact note "$trial fails without the patch as well, in flavour $FLAVOUR" ;;
		*) fact unknown "whether $trial fails without the patch: $(cat "$out/explored.before" "$out/log.explored" | tail -n 1)" ;;
		esac
	done <"$out/explored"
}
