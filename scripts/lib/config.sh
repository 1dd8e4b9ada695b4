#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# config.sh: make the .config of a flavour: allnoconfig, the fragments that uml-config/flavours names for it, and the
# kernel's own, uml-config/<kernel>.config and <fragment>-<kernel>.config, if there are any.
# It is an error if Kconfig drops a line of a fragment, because a dependency is not met or the symbol is gone. In a tree of the
# user's, with KDIR=, a line that says "# wanted: " and for what can be dropped; it is named here, and in left-out.config.

. "$(dirname "$0")/common.sh"
. "$top/scripts/lib/kconfig.sh"

lock
[ -n "$VARIANT" ] || [ -d "$tree/.git" ] || die "there is no tree to configure: run scripts/lib/tree.sh, or make"
mkdir -p "$objdir"
wanted=$objdir/wanted.config
fragment_text >"$wanted.tmp"
if [ -f "$objdir/.config" ] && cmp -s "$wanted.tmp" "$wanted"; then
	rm "$wanted.tmp"
	exit 0
fi

say "configuring flavour $FLAVOUR: $(fragments)"
rm -f "$wanted" "$objdir/left-out.config"
without_marks <"$wanted.tmp" >"$objdir/all.config"
make -s -C "$tree" O="$objdir" ARCH=um KCONFIG_ALLCONFIG="$objdir/all.config" allnoconfig >"$objdir/config.log" 2>&1 ||
	die "Kconfig failed, see $objdir/config.log: $(tail -n 1 "$objdir/config.log")"

last_words <"$wanted.tmp" | dropped "$objdir/.config" >"$objdir/dropped"
if [ -s "$objdir/dropped" ]; then
	symbols >"$objdir/symbols"
	reasons "$objdir/.config" "$objdir/symbols" <"$objdir/dropped" >"$objdir/dropped.tmp"
	needed=$(awk -F '\t' -v ours="${KDIR:-ours}" 'ours == "ours" || $3 == ""' "$objdir/dropped.tmp")
	if [ -n "$needed" ]; then
		rm -f "$objdir/.config"
		unfit "${KDIR:-kernel $KERNEL} does not take these lines of flavour $FLAVOUR${KDIR:+, which it needs}:" \
			"$(printf '%s\n' "$needed" | awk -F '\t' '{ printf "%s%s (%s)", sep, $2, $4; sep = "; " }')" \
			"(see their dependencies: make -C $tree O=$objdir ARCH=um menuconfig)"
	fi
	while IFS=$tab read -r _ line what why; do
		say "without $line, wanted for $what: $why" >&2
	done <"$objdir/dropped.tmp"
	mv "$objdir/dropped.tmp" "$objdir/left-out.config"
fi
mv "$wanted.tmp" "$wanted"
