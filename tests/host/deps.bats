# SPDX-License-Identifier: GPL-2.0
# deps.sh: the Debian packages, with a dpkg, an apt and a user id that these tests make up.

load helper

setup()
{
	clone
	fake dpkg-query <<-'END'
		#!/bin/sh
		for p; do
			case $p in
			lcov | bison) missing=1 ;;
			-*) ;;
			*) echo "$p installed" ;;
			esac
		done
		exit ${missing:-0}
	END
	fake id <<<"echo ${uid:-1000}"
	fake apt-get <<-END
		#!/bin/sh
		echo "\$*" >>"$BATS_TEST_TMPDIR/calls"
	END
}

@test "deps: a package is missing and the user is not root" {
	# Pins: one line names them and the command to type, make stops, and apt is not called.
	try scripts/deps.sh
	fails "bison" "lcov" "sudo" "apt-get install --no-install-recommends"
	[[ $err != *gcc* ]]
	try make
	sed -i '/^make: /d' "$BATS_TEST_TMPDIR/err"
	fails "sudo" "apt-get install --no-install-recommends"
	[ ! -e build/"$kernel" ]
	[ ! -e "$BATS_TEST_TMPDIR/calls" ]
}

@test "deps: root gets what is missing installed, and no more" {
	# Pins: missing packages are installed when run as root.
	fake id <<<'echo 0'
	try scripts/deps.sh
	works
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/calls")" = "-qy install --no-install-recommends bison lcov" ]
}

@test "deps: apt cannot install" {
	# Pins: one line with apt's own reason.
	fake id <<<'echo 0'
	fake apt-get <<-'END'
		#!/bin/sh
		echo "E: Unable to locate package lcov"
		exit 100
	END
	try scripts/deps.sh
	fails "cannot install bison lcov" "E: Unable to locate package lcov"
}

@test "deps: nothing is missing" {
	# Pins: nothing is called, nothing said, nothing written.
	fake dpkg-query <<-'END'
		#!/bin/sh
		for p; do
			case $p in
			-*) ;;
			*) echo "$p installed" ;;
			esac
		done
	END
	try scripts/deps.sh
	works
	[ -z "$out" ]
	[ ! -e "$BATS_TEST_TMPDIR/calls" ]
	[ ! -e build ]
}

@test "deps: a machine without dpkg" {
	# Pins: the packages are named, and the user goes on.
	without dpkg-query
	try scripts/deps.sh
	works
	[[ $out == *lcov* ]]
}
