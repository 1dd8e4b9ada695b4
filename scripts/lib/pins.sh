# SPDX-License-Identifier: GPL-2.0
# Read by prove.sh and its steps, and by build.sh: which tests pin which fix, by their comments; which wrong versions it has.
# shellcheck shell=sh disable=SC2154

# tests_of FIX: the cases whose comment begins with the fix, be it that they pin it or not.
tests_of()
{
	(cd "$top/tests/kunit" && awk -v start="^(/[*]| [*]) (pins )?$1: " '
		$0 ~ start { found = 1 }
		/^}/ { found = 0 }
		found && match($0, /[a-z0-9_]+[(]struct kunit [*]test[)]$/) {
			print substr($0, RSTART, index(substr($0, RSTART), "(") - 1)
			found = 0
		}' ./*_kunit*.c)
}

# pins: print "fix test" for each test whose comment says "pins <fix>: ...", where test is suite.case or the name of a
# scenario. If such a comment is not above a case, or names no fix, print its line on stderr and fail.
pins()
{
	(cd "$top/tests" && awk '
		function bad(why) {
			printf "%s: error: tests/%s:%d: %s\n", me, file, at, why >"/dev/stderr"
			failed = 1
			exit 1
		}
		# A pin belongs to the next function, even if its header takes several lines.
		function take() {
			if (!match(header, /^[^()]*[(] *struct kunit \* *test *[)] *$/))
				bad("a pin that is not above a case: what follows is " header)
			sub(/ *[(].*/, "", header)
			sub(/.*[ *]/, "", header)
			print fix, name "." header
			fix = ""
		}
		FNR == 1 {
			if (fix != "")
				bad("a pin with no case below it")
			name = FILENAME
			sub(/.*\//, "", name)
			sub(/(_kunit[a-z_]*)?\.c$/, "", name)
			guest = FILENAME ~ /^guest/
		}
		/^(\/\*| \*) pins? / {
			at = FNR
			file = FILENAME
			if ($0 !~ /^(\/\*| \*) pins [a-z0-9-]+: /)
				bad("a pin reads \"pins <fix>: what it pins\", and this one \"" $0 "\"")
			if (fix != "")
				bad("a second pin above one case")
			fix = $3
			sub(/:$/, "", fix)
			header = ""
			if (guest) {
				print fix, name
				fix = ""
			}
			next
		}
		fix == "" || /^ \*/ || /^\/\*.*\*\/$/ || /^$/ { next }
		/^[{]/ { take(); next }
		{ header = header (header == "" ? "" : " ") $0 }
		END {
			if (!failed && fix != "")
				bad("a pin with no case below it")
		}' me="$me" kunit/*_kunit*.c guest/*.c)
}

# versions_in DIR: print "name patch" for each patch there that is for this kernel. In name.6.12.patch, 6.12 is the kernel.
versions_in()
{
	(cd "$1" && find . -name '*.patch' -printf '%f\n') | sed 's/\.patch$//; s/\.[0-9][0-9.]*$//' | sort -u |
		while read -r name; do
			p=$1/$name.$KERNEL.patch
			[ -f "$p" ] || p=$1/$name.patch
			[ -f "$p" ] || continue
			only=$(sed -n 's/^only: //p' "$p")
			case " ${only:-$KERNEL} " in *" $KERNEL "*) echo "$name $p" ;; esac
		done
}

# versions FIX: print "fix name patch" for each of its wrong versions.
versions()
{
	versions_in "$top/tests/wrong/$1" | sed "s/^/$1 /"
}
