#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# config.sh: make the .config of a flavour: allnoconfig, the fragments that uml-config/flavours names for it, and the
# kernel's own, uml-config/<kernel>.config and <fragment>-<kernel>.config, if there are any.
# It is an error if Kconfig drops a line of a fragment, because a dependency is not met or the symbol is gone.

. "$(dirname "$0")/common.sh"

fragments()
{
	# shellcheck disable=SC2013
	for f in $(awk -v flavour="$FLAVOUR:" '$1 == flavour { sub(/^[^ ]* */, ""); print }' "$top/uml-config/flavours"); do
		echo "$f"
		[ ! -f "$top/uml-config/$f-$KERNEL.config" ] || echo "$f-$KERNEL"
	done | paste -sd ' ' | sed "s/$/$([ ! -f "$top/uml-config/$KERNEL.config" ] || echo " $KERNEL")/"
}

lock
[ -n "$VARIANT" ] || [ -d "$tree/.git" ] || die "there is no tree to configure: run scripts/lib/tree.sh, or make"
mkdir -p "$objdir"
wanted=$objdir/wanted.config
for f in $(fragments); do
	cat "$top/uml-config/$f.config" 2>/dev/null || die "flavour $FLAVOUR names a fragment that does not exist: uml-config/$f.config"
done >"$wanted.tmp"
if [ -f "$objdir/.config" ] && cmp -s "$wanted.tmp" "$wanted"; then
	rm "$wanted.tmp"
	exit 0
fi

say "configuring flavour $FLAVOUR: $(fragments)"
rm -f "$wanted"
make -s -C "$tree" O="$objdir" ARCH=um KCONFIG_ALLCONFIG="$wanted.tmp" allnoconfig >"$objdir/config.log" 2>&1 ||
	die "Kconfig failed, see $objdir/config.log: $(tail -n 1 "$objdir/config.log")"

# A later fragment may override an earlier one, so only the last line for a symbol counts.
dropped=$(grep -E '^(# )?CONFIG_' "$wanted.tmp" | awk '{
		symbol = $0
		sub(/^# /, "", symbol)
		sub(/[= ].*/, "", symbol)
		last[symbol] = $0
	}
	END {
		for (s in last)
			print last[s]
	}' | sort | while read -r line; do
	case $line in
	'# '*) ! grep -q "^${line#\# }=" "$objdir/.config" && continue ;;
	esac
	grep -qxF -- "$line" "$objdir/.config" || printf '%s; ' "$line"
done)
if [ -n "$dropped" ]; then
	rm -f "$objdir/.config"
	unfit "kernel $KERNEL does not take these lines of flavour $FLAVOUR: ${dropped%; }" \
		"(see their dependencies: make -C $tree O=$objdir ARCH=um menuconfig)"
fi
mv "$wanted.tmp" "$wanted"
