# SPDX-License-Identifier: GPL-2.0
# fetch.sh: the kernel's package by apt, with a mirror, or the lack of one, that these tests make up.

load helper

setup()
{
	clone
	package=linux-source-$kernel
	release=$(sed -n 's/^# for //p' "patches/$kernel/series")
	. /etc/os-release
	mirror "linux-source-6.12 $package" "$release"
}

# mirror PACKAGES [RELEASE...]: an apt that reaches a mirror with these, in these point releases, and leaves a note of each
# call.
mirror()
{
	packages=$1
	shift
	fake apt-get <<-END
		#!/bin/sh
		echo "apt-get \$*" >>"$BATS_TEST_TMPDIR/calls"
		case \$* in
		indextargets*)
			echo "http://deb.example.org/debian ${VERSION_CODENAME-} main"
			echo "http://deb.example.org/debian ${VERSION_CODENAME-} contrib"
			echo "http://security.example.org/debian-security ${VERSION_CODENAME-}-security main"
			echo "http://third.example.org/party weird main"
			;;
		*update*) [ -n "$packages" ] && [ ! -e "$BATS_TEST_TMPDIR/half" ] ;;
		*download*)
			v=\${*##*=}
			[ "\$v" != "\$*" ] || v=9-1
			echo kernel >"${package}_\${v}_all.deb"
			;;
		esac
	END
	fake apt-cache <<-END
		#!/bin/sh
		case \$1 in
		search) for p in $packages; do echo "\$p - source"; done ;;
		madison) for r in $*; do echo "\$2 | \$r-1 | http://deb.example.org"; done ;;
		show) case " $packages " in *" \$2 "*) ;; *) exit 100 ;; esac ;;
		esac
	END
}

@test "fetch: the package is taken from the mirror, once, with a list and a state of our own" {
	# Pins: no change to the machine's apt; cached across clones.
	try scripts/lib/fetch.sh
	[ "$status" = 0 ]
	[ "$err" = "fetch: fetching $package" ]
	[ "$out" = "$XDG_CACHE_HOME/umring/${package}_$release-1_all.deb" ]
	[ "$(ls "$XDG_CACHE_HOME/umring")" = "${package}_$release-1_all.deb" ]
	sort -uc build/apt/sources.list
	grep -q 'http://deb.example.org/debian .*-backports main$' build/apt/sources.list
	grep -q 'http://security.example.org/debian-security .*-security main$' build/apt/sources.list
	! grep third build/apt/sources.list || false
	rm "$BATS_TEST_TMPDIR/calls"
	try scripts/lib/fetch.sh
	works
	[ ! -e "$BATS_TEST_TMPDIR/calls" ]
}

@test "fetch: several point releases" {
	# Pins: the one that the series is for, where the mirror has it, and else the newest; in the cache likewise.
	mirror "$package" 9 "$release"
	try scripts/lib/fetch.sh
	[ "$out" = "$XDG_CACHE_HOME/umring/${package}_$release-1_all.deb" ]
	rm "$out"
	mirror "$package" 9
	try scripts/lib/fetch.sh
	[ "$out" = "$XDG_CACHE_HOME/umring/${package}_9-1_all.deb" ]
	mirror ''
	try scripts/lib/fetch.sh
	[ "$status" = 0 ]
	[ "$out" = "$XDG_CACHE_HOME/umring/${package}_9-1_all.deb" ]
	rm -f build/apt/updated
	mirror "$package" 9 "$release"
	try scripts/lib/fetch.sh
	[ "$status" = 0 ]
	[ "$out" = "$XDG_CACHE_HOME/umring/${package}_$release-1_all.deb" ]
	rm "$BATS_TEST_TMPDIR/calls"
	try scripts/lib/fetch.sh
	[ "$out" = "$XDG_CACHE_HOME/umring/${package}_$release-1_all.deb" ]
	[ ! -e "$BATS_TEST_TMPDIR/calls" ]
}

@test "fetch: apt of the machine is read and not written" {
	# Pins: with the real apt-get, every directory that it writes to is below build/apt.
	rm "$BATS_TEST_TMPDIR"/bin/*
	command -v apt-config >/dev/null || skip "no apt here"
	real=$(command -v apt-get)
	fake apt-get <<-END
		#!/bin/sh
		case \$* in
		indextargets*) exec $real "\$@" ;;
		*update*) apt-config dump "\$1" "\$2" >"$BATS_TEST_TMPDIR/config"; exit 1 ;;
		esac
	END
	fake apt-cache <<<'#!/bin/sh'
	try scripts/lib/fetch.sh
	[ -e "$BATS_TEST_TMPDIR/config" ] || skip "apt knows no archive here"
	for dir in Dir::State::lists Dir::Cache Dir::Etc::sourcelist; do
		grep -q "^$dir \"$top/build/apt" "$BATS_TEST_TMPDIR/config"
	done
	! grep -qE '^APT::Update::Post-Invoke(-Success)?:: ' "$BATS_TEST_TMPDIR/config" || false
}

@test "fetch: no network and no cache" {
	# Pins: one line says that the mirror cannot be reached, and the way round it.
	mirror ''
	try scripts/lib/fetch.sh
	sed -i '/^fetch: fetching/d' "$BATS_TEST_TMPDIR/err"
	fails "cannot reach the package mirror" "KERNEL_TARBALL=path"
	[ -z "$(ls "$XDG_CACHE_HOME/umring" 2>/dev/null)" ]
}

@test "fetch: make says it in one line as well" {
	# Pins: a failure of fetch.sh stops tree.sh, build.sh and make, and nothing is said on top.
	mirror ''
	try scripts/build.sh
	sed -i '/^fetch: fetching/d' "$BATS_TEST_TMPDIR/err"
	fails "cannot reach the package mirror"
	try make kernel
	sed -i '/^fetch: fetching/d; /^make: /d' "$BATS_TEST_TMPDIR/err"
	fails "cannot reach the package mirror"
	[ ! -e "$tree" ]
}

@test "fetch: a kernel that is gone from the mirror" {
	# Pins: an error that lists which kernels are there.
	mirror 'linux-source-6.12 linux-source-6.1 linux-source-8.0'
	try scripts/lib/fetch.sh
	sed -i '/^fetch: fetching/d' "$BATS_TEST_TMPDIR/err"
	fails "no $package any more" "it has: 6.1 6.12 8.0"
}

@test "fetch: a download that breaks off" {
	# Pins: half a package is not taken for a whole one, and the next call fetches it.
	fake apt-get <<-END
		#!/bin/sh
		case \$* in
		indextargets*) echo "http://deb.example.org/debian ${VERSION_CODENAME-} main" ;;
		*download*) echo ker >${package}_1-1_all.deb; echo "E: Failed to fetch" >&2; exit 100 ;;
		esac
	END
	try scripts/lib/fetch.sh
	sed -i '/^fetch: fetching/d' "$BATS_TEST_TMPDIR/err"
	fails "fetching $package failed" "$top/build/apt/log"
	[ -z "$(ls "$XDG_CACHE_HOME/umring")" ]
	mirror "$package"
	try scripts/lib/fetch.sh
	[ "$status" = 0 ]
	[ "$(cat "$out")" = kernel ]
}

@test "fetch: killed while it downloads, and started again" {
	# Pins: what a kill leaves in the cache is not taken for a package.
	fake apt-get <<-END
		#!/bin/sh
		case \$* in
		indextargets*) echo "http://deb.example.org/debian ${VERSION_CODENAME-} main" ;;
		*download*) echo ker >${package}_1-1_all.deb; kill -KILL 0 ;;
		esac
	END
	(setsid -w scripts/lib/fetch.sh || :) >/dev/null 2>&1 3>&-
	mirror "$package"
	try scripts/lib/fetch.sh
	[ "$status" = 0 ]
	[ "$(cat "$out")" = kernel ]
}

@test "fetch: a machine without apt, or with none of Debian's archives" {
	# Pins: the ways round it are named.
	fake apt-get <<<'#!/bin/sh'
	try scripts/lib/fetch.sh
	sed -i '/^fetch: fetching/d' "$BATS_TEST_TMPDIR/err"
	fails "no Debian archive configured" "KERNEL_TARBALL=path or KDIR=path"
	without apt-get
	try scripts/lib/fetch.sh
	sed -i '/^fetch: fetching/d' "$BATS_TEST_TMPDIR/err"
	fails "there is no apt" "KERNEL_TARBALL=path or KDIR=path"
}

@test "fetch: a cache directory that cannot be written" {
	# Pins: it is named, in one line.
	XDG_CACHE_HOME=/dev/null try scripts/lib/fetch.sh
	sed -i '/^fetch: fetching/d' "$BATS_TEST_TMPDIR/err"
	fails "cannot write to /dev/null/umring"
}

@test "fetch: the newest kernel is gone from the mirror" {
	# Pins: without KERNEL=, the newest that is there, and make says which; with it, an error as ever.
	mirror "linux-source-6.12"
	try scripts/lib/fetch.sh --newest
	works
	[ "$out" = 6.12 ]
	printf '%s\n' '#!/bin/sh' '. "$(dirname "$0")/lib/common.sh"' 'find_kernel "$@"' 'echo "$KERNEL $*"' >scripts/which.sh
	chmod +x scripts/which.sh
	try scripts/which.sh word
	[ "$status" = 0 ]
	[ "$out" = "6.12 word" ]
	[ "$err" = "which: kernel 6.12, the newest in patches/ that the mirror has" ]
	try scripts/which.sh
	works
	[ "$out" = "6.12 " ]
	KERNEL=$kernel try scripts/lib/fetch.sh
	[ "$status" != 0 ]
	grep -q "has no $package any more" <<<"$err"
}

@test "fetch: the newest kernel is gone, because a part of the mirror cannot be reached" {
	# Pins: that is no reason to do with an older one from then on.
	mirror "linux-source-6.12"
	touch "$BATS_TEST_TMPDIR/half"
	try scripts/lib/fetch.sh --newest
	fails "only a part of the package mirror" "try again, or take KERNEL=6.12"
}

@test "fetch: the newest kernel was gone from the mirror, and is here" {
	# Pins: it is the default again, whatever is remembered.
	mkdir -p build
	echo "$kernel is gone, 6.12 is there" >build/kernel
	printf '%s\n' '#!/bin/sh' '. "$(dirname "$0")/lib/common.sh"' 'echo "$KERNEL"' >scripts/which.sh
	chmod +x scripts/which.sh
	try scripts/which.sh
	[ "$out" = 6.12 ]
	mkdir -p "$tree"
	try scripts/which.sh
	[ "$out" = "$kernel" ]
}

@test "fetch: the newest kernel is in the cache" {
	# Pins: no network is needed to know it.
	mkdir -p "$XDG_CACHE_HOME/umring"
	touch "$XDG_CACHE_HOME/umring/${package}_$release-1_all.deb"
	try scripts/lib/fetch.sh --newest
	works
	[ "$out" = "$kernel" ]
	[ ! -e "$BATS_TEST_TMPDIR/calls" ]
}

@test "fetch: a source package" {
	# Pins: the newest, unstable among the suites, but no security suite; once, whole or not at all; no network and no cache.
	fake apt-get <<-'END'
		#!/bin/sh
		case $* in
		indextargets*)
			. /etc/os-release
			echo "http://deb.example.org/debian $VERSION_CODENAME main"
			echo "http://security.example.org/debian-security $VERSION_CODENAME-security main"
			;;
		*source*) echo dsc >thing_9-1.dsc; [ ! -e "$BATS_TEST_TMPDIR/off" ] ;;
		esac
	END
	export BATS_TEST_TMPDIR
	: >"$BATS_TEST_TMPDIR/off"
	try scripts/lib/fetch.sh --source thing
	sed -i '/^fetch: fetching/d' "$BATS_TEST_TMPDIR/err"
	fails "cannot fetch the source package of thing" "LIBURING=path"
	[ -z "$(ls "$XDG_CACHE_HOME/umring")" ]
	rm "$BATS_TEST_TMPDIR/off"
	try scripts/lib/fetch.sh --source thing
	[ "$status" = 0 ]
	[ "$out" = "$XDG_CACHE_HOME/umring/thing_9-1/thing_9-1.dsc" ]
	grep -q '^deb-src .*http://deb.example.org/debian unstable main$' build/apt-source/sources.list
	! grep -v '^deb-src' build/apt-source/sources.list || false
	! grep security build/apt-source/sources.list || false
	: >"$BATS_TEST_TMPDIR/off"
	try scripts/lib/fetch.sh --source thing
	works
	[ "$out" = "$XDG_CACHE_HOME/umring/thing_9-1/thing_9-1.dsc" ]
}
