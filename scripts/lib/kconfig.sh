# SPDX-License-Identifier: GPL-2.0
# Read after common.sh: what the fragments of a flavour say, and what Kconfig makes of it.
# shellcheck shell=sh disable=SC2154

# fragments: those of the flavour, in their order.
fragments()
{
	# shellcheck disable=SC2013
	for f in $(awk -v flavour="$FLAVOUR:" '$1 == flavour { sub(/^[^ ]* */, ""); print }' "$top/uml-config/flavours"); do
		echo "$f"
		[ ! -f "$top/uml-config/$f-$KERNEL.config" ] || echo "$f-$KERNEL"
	done | paste -sd ' ' | sed "s/$/$([ ! -f "$top/uml-config/$KERNEL.config" ] || echo " $KERNEL")/"
}

# fragment_text: the fragments.
fragment_text()
{
	for f in $(fragments); do
		cat "$top/uml-config/$f.config" 2>/dev/null ||
			die "flavour $FLAVOUR names a fragment that does not exist: uml-config/$f.config"
	done
}

# without_marks: take "# wanted: ..." off the lines on stdin.
without_marks()
{
	sed 's/^\(\(# \)\{0,1\}CONFIG_.*[^[:space:]]\)[[:space:]]*# wanted: .*/\1/'
}

# last_words: the lines of the fragments on stdin, "SYMBOL<tab>LINE<tab>what it is wanted for". A later fragment may override an
# earlier one, so only the last line for a symbol counts.
last_words()
{
	awk '/^(# )?CONFIG_/ {
			what = ""
			if (match($0, /[ \t]*# wanted: /)) {
				what = substr($0, RSTART + RLENGTH)
				$0 = substr($0, 1, RSTART - 1)
			}
			symbol = $0
			sub(/^(# )?CONFIG_/, "", symbol)
			sub(/[= ].*/, "", symbol)
			last[symbol] = $0 "\t" what
		}
		END {
			for (s in last)
				print s "\t" last[s]
		}' | sort
}

tab=$(printf '\t')

# dropped CONFIG: those of the last_words on stdin that it does not have.
dropped()
{
	while IFS=$tab read -r symbol line what; do
		case $line in
		'# '*) ! grep -q "^${line#\# }=" "$1" && continue ;;
		esac
		grep -qxF -- "$line" "$1" || printf '%s\t%s\t%s\n' "$symbol" "$line" "$what"
	done
}

# symbols: "SYMBOL<tab>what it depends on" of all Kconfig files of the tree that UML reads.
symbols()
{
	find -L "$tree" -mindepth 1 \( -name .git -o -name 'um-*' -o -path "$tree/arch/*" ! -path "$tree/arch/um*" \
		! -path "$tree/arch/x86" ! -path "$tree/arch/x86/um*" ! -path "$tree/arch/Kconfig" \) -prune -o \
		-name 'Kconfig*' -print0 | xargs -0 awk '
		$1 == "config" || $1 == "menuconfig" { print $2 "\t"; symbol = $2 }
		$1 ~ /^(choice|comment|menu|source|help|if|endif|endmenu)$/ { symbol = "" }
		symbol && $1 == "depends" { sub(/^[ \t]*depends on[ \t]*/, ""); print symbol "\t" $0 }'
}

# reasons CONFIG SYMBOLS: the dropped lines on stdin, each with the reason at its end.
reasons()
{
	while IFS=$tab read -r symbol line what; do
		depends=$(sed -n "s/^$symbol$tab\(..*\)/\1/p" "$2" | sort -u | paste -sd , | sed 's/,/, /g')
		if ! grep -q "^$symbol$tab" "$2"; then
			why="no Kconfig file of this tree has it"
		elif has=$(grep "^CONFIG_$symbol=" "$1"); then
			why="Kconfig says $has"
		else
			why="it depends on ${depends:-something that is not set}"
		fi
		printf '%s\t%s\t%s\t%s\n' "$symbol" "$line" "$what" "$why"
	done
}
