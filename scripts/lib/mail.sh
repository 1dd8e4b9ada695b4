# SPDX-License-Identifier: GPL-2.0
# Read by review.sh, after common.sh and series.sh: the patches that mails hold, as commits of a scratch repository. That has only
# the files that the patches touch, as they are in the tree: nothing is written to the tree, nor to its repository.
# shellcheck shell=sh disable=SC2034,SC2153,SC2154

mails=$out/mails
scratch=$out/scratch
subjects=$out/subjects
commits=$out/commits

sgit()
{
	GIT_NO_LAZY_FETCH=1 GIT_COMMITTER_NAME=umring GIT_COMMITTER_EMAIL=umring@localhost plain_git -C "$scratch" "$@"
}

# is_mail FILE: whether it has the header of a mail before its first patch.
is_mail()
{
	awk '/^(From|Subject):/ { found = 1 } /^(diff |--- |$)/ && NR > 1 { exit } END { exit !found }' "$1"
}

# as_mail FILE NAME: a mail of a diff without a header. The subject is its first line, unless the diff starts there.
as_mail()
{
	printf '%s\n' 'From: nobody <nobody@localhost>' 'Date: Thu, 1 Jan 1970 00:00:00 +0000' \
		"Subject: [PATCH] $(sed -n '1 { /^\(diff \|--- \|Index: \|commit \)/d; p }' "$1" | grep . || echo "$2")" 'X-Umring: bare' '' |
		cat - "$1"
}

# range_mails: the commits of RANGE, as mails.
range_mails()
{
	repo=${KDIR:-$tree}
	case $RANGE in
	*..*) range=$RANGE ;;
	*) range=$RANGE^! ;;
	esac
	set -- plain_git -c safe.directory="$repo" -C "$repo"
	"$@" rev-list --no-merges "$range" -- >"$out/list" 2>"$out/why" ||
		die "RANGE=$RANGE names no commits of $repo: $(sed -n 's/^fatal: //p' "$out/why" | head -n 1)"
	[ -s "$out/list" ] || die "RANGE=$RANGE of $repo is empty"
	"$@" format-patch --stdout --full-index --no-signature --no-renames --no-attach --no-cover-letter --no-relative --no-ext-diff \
		--src-prefix=a/ --dst-prefix=b/ "$range" >"$out/range.mbox" ||
		die "git format-patch cannot read RANGE=$RANGE of $repo"
}

# split FILE...: write the mails in these to $mails, each with its diff and the message, by number.
split()
{
	mkdir -p "$mails/all"
	for f; do
		name=$(basename "$f")
		case $f in
		*.gz) gzip -dc "$f" >"$mails/in" 2>/dev/null || die "cannot unpack $f" ;;
		*) cat "$f" >"$mails/in" ;;
		esac
		if ! is_mail "$mails/in"; then
			as_mail "$mails/in" "${name%.*}" >"$mails/in.tmp"
			mv "$mails/in.tmp" "$mails/in"
		fi
		n=$(find "$mails/all" -type f | wc -l)
		plain_git mailsplit -b -d4 -f"$n" -o"$mails/all" "$mails/in" >/dev/null 2>"$mails/error" ||
			die "git mailsplit cannot read $f: $(tail -n 1 "$mails/error")"
	done
}

# raw_subject MAIL: with its [PATCH 1/3].
raw_subject()
{
	plain_git mailinfo -k /dev/null /dev/null <"$1" 2>/dev/null | sed -n 's/^Subject: //p'
}

# choose: print a row for each mail with a patch: version, place in its series, number of the mail, subject. A reply may quote one.
choose()
{
	for m in "$mails"/all/*; do
		plain_git mailinfo "$m.msg" "$m.diff" <"$m" >"$m.info" 2>/dev/null || : >"$m.diff"
		why=$(cd "$mails" && GIT_CEILING_DIRECTORIES=$out plain_git apply --numstat "$m.diff" 2>&1 >"$m.files") || case $why in
		*"No valid patches"* | *"unrecognized input"*)
			rm -f "$m.diff"
			continue
			;;
		*) die "the mail is damaged, \"$(raw_subject "$m")\": ${why#error: } (wrapped by a mail program?)" ;;
		esac
		[ -s "$m.files" ] || continue
		raw_subject "$m" | awk -v mail="${m##*/}" '{
			tag = tolower($0)
			version = match(tag, /^[^]]*[[ ]v[0-9]+[] ]/) ? tag : "1"
			sub(/.*[[ ]v/, "", version)
			nth = match(tag, /^[^]]*[[ ][0-9]+\/[0-9]+[] ]/) ? tag : "0"
			sub(/\/[0-9]+[] ].*/, "", nth)
			sub(/.*[[ ]/, "", nth)
			print (tag ~ /^(re|aw|fwd?):/ ? 0 : 1), version + 0, nth + 0, mail, $0
		}'
	done >"$mails/rows"
	[ -s "$mails/rows" ] || return 0
	# Patches before replies, and of several versions of a series the last.
	sort -k 1,1nr -k 2,2nr "$mails/rows" | awk 'NR == 1 { r = $1; v = $2 } $1 == r && $2 == v' >"$mails/newest"
	# In the order of the mails, unless each of them says its place.
	if grep -qv '^[0-9]* [0-9]* [1-9]' "$mails/newest"; then sort -k 4,4n "$mails/newest"; else sort -k 3,3n -k 4,4n "$mails/newest"; fi
}

# take_mails FILE...: choose from the mails in these, and list the subjects in $subjects.
take_mails()
{
	split "$@"
	choose >"$mails/order"
	[ -s "$mails/order" ] || die "$(echo "$*" | sed "s,$out/,,g") holds no patch"
	n=0
	while read -r _ _ _ mail _; do
		n=$((n + 1))
		for suffix in '' .diff .msg .info; do
			mv "$mails/all/$mail$suffix" "$mails/$n$suffix"
		done
		sed -n 's/^Subject: //p' "$mails/$n.info"
	done <"$mails/order" >"$subjects"
	nr=$n
	left=$(($(wc -l <"$mails/rows") - nr))
	[ "$left" = 0 ] || fact note "$left of the mails with a patch are left out: replies, or an earlier version"
	of=$(sed -n '1s/^[^]]*[[ ][0-9]*\/\([0-9]*\)[] ].*/\1/p' "$mails/order")
	[ "$nr" = "${of:-$nr}" ] || fact note "these are $nr of the $of patches of the series"
}

# touched N: the files that patch N touches.
touched()
{
	{
		(cd "$mails" && GIT_CEILING_DIRECTORIES=$out plain_git apply --numstat "$mails/$1.diff" 2>/dev/null | cut -f 3-)
		patched_files "$mails/$1.diff"
	} | sed '/=>/d; /^"/d' | grep -vx '/\{0,1\}dev/null' | sort -u
}

# not_here FILE: whether the tree leaves it out, for it is nothing that can be built here (lib/tree.sh).
not_here()
{
	[ ! -e "$tree/$1" ] && [ -z "$KDIR" ] && [ -f "$home/unused" ] || return
	while read -r pattern; do
		# shellcheck disable=SC2254
		case ./$1 in
		$pattern) return ;;
		esac
	done <"$home/unused"
	return 1
}

# scratch_new: the scratch repository, with the files of the tree, and the blobs that the patches were made for, if the tree has them:
# a three-way merge takes those.
scratch_new()
{
	plain_git init -q --template= "$scratch"
	: >"$out/left-out"
	for n in $(seq "$nr"); do
		touched "$n"
	done | sort -u >"$out/touched"
	while read -r f; do
		if not_here "$f"; then
			echo "$f" >>"$out/left-out"
		elif [ -f "$tree/$f" ]; then
			mkdir -p "$scratch/$(dirname "$f")"
			cp -p "$tree/$f" "$scratch/$f"
		fi
	done <"$out/touched"
	sgit add -A -f .
	sgit commit -q --allow-empty -m snapshot --author='umring <umring@localhost>'
	snapshot=$(sgit rev-parse HEAD)
	cat "$mails"/*.diff | sed -n 's/^index \([0-9a-f]*\)\.\..*/\1/p' | sort -u | while read -r id; do
		for from in "$tree" "$build/$KERNEL/tree"; do
			! git -C "$from" cat-file blob "$id" >"$out/blob" 2>/dev/null || sgit hash-object -w --stdin <"$out/blob" >/dev/null
		done
	done
	excludes=$(sed 's/^/--exclude=/' "$out/left-out")
}

# am N OPTION...: commit patch N.
am()
{
	am_n=$1
	shift
	if ! touched "$am_n" | grep -qvxFf "$out/left-out"; then
		sgit commit -q --allow-empty -m "$(sed -n "${am_n}p" "$subjects")" --author='nobody <nobody@localhost>'
		: >"$out/am.log"
		return
	fi
	# shellcheck disable=SC2086
	sgit am $excludes "$@" "$mails/$am_n" >"$out/am.log" 2>&1 && return
	sgit am --abort >/dev/null 2>&1 || :
	return 1
}

# am_all: all patches, just as they are. List the commits, from the one before them on.
am_all()
{
	sgit rev-parse HEAD >"$commits"
	for n in $(seq "$nr"); do
		am "$n" && sgit rev-parse HEAD >>"$commits" || return
	done
}

# take_back: commits that take all patches back, if that goes.
take_back()
{
	for n in $(seq "$nr" -1 1); do
		# shellcheck disable=SC2086
		! touched "$n" | grep -qvxFf "$out/left-out" ||
			sgit apply --index -R $excludes "$mails/$n.diff" >/dev/null 2>&1 || return
		sgit commit -q --allow-empty -m "without $n" --author='umring <umring@localhost>'
	done
}

fuzzy="with one line of context"

# am_somehow N: as git am -3 would; if need be with one line of context. Sets $how.
am_somehow()
{
	how=
	! am "$1" || return 0
	cp "$out/am.log" "$out/am.first"
	if am "$1" -3; then
		how="by a three-way merge"
		! grep -q '^No changes -- Patch already applied' "$out/am.log" || how="is in the tree already"
		return
	fi
	cp "$out/am.log" "$out/am.3way"
	how=$fuzzy
	am "$1" -3 -C1
}

# why_not: what git am has said, in a phrase: the files, and the lines of the hunks.
why_not()
{
	sed -n 's/^error: patch failed: \(.*\):\([0-9]*\)$/\1, the hunk at line \2/p
		s/^error: \(.*: does not exist in index\)$/\1/p; s/^error: \(.*: already exists in index\)$/\1/p' "$out/am.first" | sort -u |
		sed 's/does not exist in index/no such file/; s/already exists in index/is there already/' | paste -sd ';' | grep . ||
		sed -n 's/^error: //p' "$out/am.first" | head -n 1
}

# apply_mails: make the commits; `before` and `after` are those before the first patch and of the last, and one of them is $snapshot:
# the tree as it is. If that has the patches already, it is `after`.
apply_mails()
{
	scratch_new
	if am_all; then
		fact applies "just so"
	else
		sgit reset -q --hard "$snapshot"
		if take_back && am_all && [ -z "$(sgit diff --name-only "$snapshot" HEAD)" ]; then
			fact applies "in the tree already: compared with the tree without it"
			already=yes
		else
			sgit reset -q --hard "$snapshot"
			echo "$snapshot" >"$commits"
			hows=
			for n in $(seq "$nr"); do
				am_somehow "$n" || die "$([ "$nr" = 1 ] && echo "the patch" || echo "patch $n of $nr, \"$(sed -n "${n}p" "$subjects")\",") does not apply to $tree_name: $(why_not)"
				sgit rev-parse HEAD >>"$commits"
				[ "$how" != "$fuzzy" ] || fact unknown "git am -3 refuses it: it applies $how only"
				[ -z "$how" ] || hows="$hows${hows:+; }$([ "$nr" = 1 ] || echo "$n of $nr: ")$how"
			done
			fact applies "$hows"
		fi
	fi
	before=$(head -n 1 "$commits")
	after=$(tail -n 1 "$commits")
	[ -z "${already-}" ] || after=$snapshot
	[ -z "${already-}" ] || sed -i "\$s/.*/$snapshot/" "$commits"
}

# decoded N: that mail in plain text.
decoded()
{
	sed -n 's/^\(Author\|Email\|Subject\): //p' "$mails/$1.info" | {
		read -r author
		read -r email
		read -r subject
		printf 'From: %s <%s>\nSubject: [PATCH] %s\n\n' "$author" "$email" "$subject"
	}
	cat "$mails/$1.msg" "$mails/$1.diff"
}

# check_patches: checkpatch --strict on each. Commit ids can be looked up only in the user's repository.
check_patches()
{
	ids=
	[ -z "$KDIR" ] || ids=$(git -c safe.directory="$KDIR" -C "$KDIR" rev-parse --absolute-git-dir 2>/dev/null) || ids=
	for n in $(seq "$nr"); do
		of=$mails/$n
		ignore=FILE_PATH_CHANGES
		set --
		[ -n "$ids" ] || ignore=$ignore,UNKNOWN_COMMIT_ID
		if grep -qi '^Content-Transfer-Encoding: *\(quoted-printable\|base64\)' "$of"; then
			decoded "$n" >"$out/decoded"
			of=$out/decoded
		fi
		if grep -q '^X-Umring: bare$' "$of"; then
			of=$mails/$n.diff
			ignore=$ignore,COMMIT_MESSAGE
			set -- --no-signoff
		fi
		said=0
		(cd "$tree" && GIT_DIR=${ids:-/nonexistent} perl scripts/checkpatch.pl --strict --terse --show-types --showfile --color=never \
			--ignore "$ignore" "$@" "$of") >"$out/checkpatch.$n" 2>&1 || said=$?
		sed -n "s,^:[0-9]*:,message:,; s,^\([^ ]*\): *\(ERROR\|WARNING\|CHECK\):,$n\t\1:\t\2:,p" "$out/checkpatch.$n" >"$out/remarks"
		[ "$said" = 0 ] || [ -s "$out/remarks" ] || fact unknown "checkpatch.pl: $(tail -n 1 "$out/checkpatch.$n")"
		cat "$out/remarks" >>"$out/checkpatch"
	done
}

# between A B [PATH...]: the patch from one commit to another. added_lines A B: the lines that B adds, "source number" each.
between()
{
	sgit diff --full-index --binary --no-renames --src-prefix=a/ --dst-prefix=b/ "$@"
}

added_lines()
{
	sgit diff --no-renames -U0 "$1" "$2" -- '*.c' '*.h' | awk '
		/^\+\+\+ / { file = substr($0, 7) }
		/^@@ / {
			split($3, at, ",")
			first = substr(at[1], 2)
			n = at[2] == "" ? 1 : at[2]
			while (n-- > 0)
				print file, first++
		}'
}
