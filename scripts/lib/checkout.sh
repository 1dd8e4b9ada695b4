# SPDX-License-Identifier: GPL-2.0
# Read after common.sh: liburing, built out of its checkout or Debian's source package, which are only read.
#	find_checkout     set $checkout to a name for it, and $copy to the directory that it is built in
#	update_copy       make the copy what the checkout is now
#	build_library     and list the tests in $copy.names
#	build_programs    build those in $copy.chosen; $copy.built has the names of those that compile, $copy/test/NAME.t are they
# shellcheck shell=sh disable=SC2154

find_checkout()
{
	if [ -n "${LIBURING-}" ]; then
		LIBURING=$(from_here "$LIBURING")
		[ -d "$LIBURING" ] || die "LIBURING=$LIBURING: no such directory"
		for file in configure src/include/liburing.h test/Makefile; do
			[ -f "$LIBURING/$file" ] || die "LIBURING=$LIBURING is no checkout of liburing, it has no $file"
		done
		LIBURING=$(cd "$LIBURING" && pwd -P)
		checkout=$LIBURING
		copy=$build/liburing/$(path_id "$LIBURING")
	else
		"$top/scripts/deps.sh" dpkg-dev
		dsc=$("$top/scripts/lib/fetch.sh" --source liburing) || exit
		checkout="liburing $(basename "$dsc" .dsc | sed 's/.*_//') of Debian"
		copy=$build/liburing/$(basename "$dsc" .dsc)
	fi
	mkdir -p "$build/liburing" 2>/dev/null || die "cannot write to $build: check its owner and the space left"
	exec 8>"$build/liburing/lock"
	flock 8
}

# list_checkout: a line for each file that git knows or would add, without git for each file: its path, size and times.
list_checkout()
{
	cd "$LIBURING" || return
	if [ "$(git -c safe.directory="$LIBURING" rev-parse --show-toplevel 2>/dev/null)" = "$LIBURING" ]; then
		git -c safe.directory="$LIBURING" ls-files -z --cached --others --exclude-standard
	else
		find . -name .git -prune -o -type f ! -name '*.[oat]' ! -name 'config-host.*' -printf '%P\0'
	fi | sort -z | xargs -0 stat --printf '%n\t%s %.Y %.Z\n' 2>/dev/null || :
}

# update_copy: if only tests have changed, copy these, so that only they are compiled. Else start afresh.
update_copy()
{
	if [ -z "${LIBURING-}" ]; then
		[ -d "$copy" ] || unpack_source
		return
	fi
	new=$copy.files.new
	list_checkout >"$new"
	[ -s "$new" ] || die "LIBURING=$LIBURING: no file of it can be read"
	touch "$copy.files"
	changed=$(comm -3 "$copy.files" "$new" | sed 's/^\t//; s/\t.*//' | sort -u)
	if printf '%s\n' "$changed" | grep -qvE '^(test/[^/]*\.c)?$' || [ ! -d "$copy" ]; then
		rm -rf "$copy" "$copy.files"
		mkdir -p "$copy"
		changed=$(cut -f 1 "$new")
	fi
	printf '%s\n' "$changed" | sed '/^$/d; p; s/\.c$/.t/' | (cd "$copy" && xargs -r -d '\n' rm -f)
	printf '%s\n' "$changed" | (cd "$LIBURING" && while read -r f; do [ ! -f "$f" ] || printf '%s\0' "$f"; done) |
		(cd "$LIBURING" && xargs -r -0 cp -L --parents -t "$copy") 2>"$copy.log" ||
		die "cannot copy $LIBURING to $build: $(head -n 1 "$copy.log")"
	mv "$new" "$copy.files"
}

unpack_source()
{
	rm -rf "$copy.part"
	# apt has checked the archive's signature.
	dpkg-source --no-check -x "$dsc" "$copy.part" >"$copy.log" 2>&1 ||
		die "cannot unpack $dsc: $(tail -n 1 "$copy.log") (remove $(dirname "$dsc") if it is damaged; no space left?)"
	mv "$copy.part" "$copy"
}

# first_error: the first error in the log.
first_error()
{
	grep -m 1 -E '(error|Error|undefined reference|cannot find)' "$copy.log" || tail -n 1 "$copy.log"
}

# build_library: with liburing's own configure and Makefile. Write the names of all tests to $copy.names.
build_library()
{
	# It writes its files bit by bit, and can be stopped half-way.
	if [ ! -f "$copy/configured" ]; then
		(cd "$copy" && ./configure --cc=gcc --cxx=g++) >"$copy.log" 2>&1 ||
			die "$checkout: its configure fails: $(first_error) (see ${copy#"$top"/}.log)"
		: >"$copy/configured"
	fi
	make -j"$JOBS" -C "$copy/src" ENABLE_SHARED=0 >"$copy.log" 2>&1 ||
		die "$checkout: its library does not compile: $(first_error) (see ${copy#"$top"/}.log)"
	# shellcheck disable=SC2016
	printf '%s\n' 'include Makefile' 'umring-names:' '	@printf "%s\n" $(test_targets)' >"$copy.mk"
	make -s -C "$copy/test" -f "$copy.mk" umring-names 2>"$copy.log" | sed -n 's/\.t$//p' | sort >"$copy.names"
	[ -s "$copy.names" ] || die "$checkout: its test/Makefile has no test_targets: $(first_error)"
}

# build_programs: those named in $copy.chosen. Static, so that a program is all that has to be packed; -O1 takes half the time of
# their -O3. One that does not compile costs itself: $copy.without has its name and the error.
build_programs()
{
	: >"$copy.without"
	sed 's/$/.t/' "$copy.chosen" | xargs make -k -j"$JOBS" -C "$copy/test" CFLAGS=-O1 LDFLAGS=-static exec-target.t \
		>"$copy.log" 2>&1 || while read -r name; do
		[ -f "$copy/test/$name.t" ] || printf '%s\t%s\n' "$name" \
			"$(grep -m 1 -E "(^|/)$name\.(c|cc):.*(error|undefined)" "$copy.log" || first_error)"
	done <"$copy.chosen" >"$copy.without"
	cut -f 1 "$copy.without" | grep -vxFf - "$copy.chosen" >"$copy.built" ||
		die "$checkout: no test compiles: $(first_error) (see ${copy#"$top"/}.log)"
}
