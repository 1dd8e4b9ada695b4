#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# deps.sh [package...]: as root, install the Debian packages that are missing; else name them and the command to type. By
# default, the packages that make needs.

. "$(dirname "$0")/lib/common.sh"

packages='bc bison flex gcc git lcov libc6-dev libjson-xs-perl liburing-dev make perl python3 util-linux xz-utils'
[ $# = 0 ] || packages=$*

# shellcheck disable=SC2086
missing()
{
	installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $packages 2>/dev/null | sed -n 's/ installed$//p')
	printf '%s\n' $packages | grep -vxF "$installed" | paste -sd ' '
}

command -v dpkg-query >/dev/null || {
	say "there is no dpkg to check with, so make sure that you have these: $packages"
	exit 0
}
need=$(missing)
[ -n "$need" ] || exit 0
[ "$(id -u)" = 0 ] || die "missing packages, type: sudo sh -c 'apt-get update && apt-get install --no-install-recommends $need'"

say "installing $need"
export DEBIAN_FRONTEND=noninteractive
mkdir -p "$build"
log=$build/deps.log
# A fresh machine has empty package lists, an old one lists versions that are gone.
# shellcheck disable=SC2086
apt-get -qy update >"$log" 2>&1 && apt-get -qy install --no-install-recommends $need >>"$log" 2>&1 ||
	die "apt-get cannot install $need: $(grep '^E:' "$log" | head -n 1) (see $log)"
