#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch.sh: print the path of the kernel's source package, after fetching it if the cache lacks it.
# apt fetches linux-source-$KERNEL from this machine's own Debian mirror and checks the archive's signature. It uses lists and
# a state under build/apt, so that this needs no root and does not change the machine's apt.
# Of several point releases it takes the one that the series was made for, or else the newest.
# fetch.sh --newest: print the newest kernel of patches/ that the cache or the mirror has, or if neither has any, the newest.
# fetch.sh --source PACKAGE: print the path of the .dsc of a source package in the cache, after fetching the newest that the mirror
# has if the cache lacks it. Debian's unstable suite is looked at too: its sources need nothing else of it.

. "$(dirname "$0")/common.sh"
. "$top/scripts/lib/series.sh"

package=linux-source-$KERNEL
aptdir=$build/apt

cached()
{
	for version in "$(release)-*" '*'; do
		find "$cache" -maxdepth 1 -name "${1:-$package}_${version}_all.deb" 2>/dev/null | sort -V | tail -n 1
	done | head -n 1
}

# Print "URI suite" for each Debian archive in the machine's configuration, as apt reads it.
machine_suites()
{
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
		sed -n 's/ main$//p' | sort -u
}

# The newest kernels are in the backports suites, of this release or of the next one.
sources()
{
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ ! -f "$keyring" ] || signed="[signed-by=$keyring] "
	. /etc/os-release
	machine_suites | while read -r uri suite; do
		case $suite in
		*-security)
			printf 'deb %s%s %s main\n' "${signed-}" "$uri" "$suite"
			;;
		"${VERSION_CODENAME-}" | stable | oldstable)
			for s in "$suite" "$suite-backports" trixie trixie-backports; do
				printf 'deb %s%s %s main\n' "${signed-}" "$uri" "$s"
			done
			;;
		esac
	done | sort -u
}

# The same suites, for source packages, and unstable.
deb_src()
{
	sources | grep -v -e '-security main$' | sed 's/^deb /deb-src /; p; s/ [^ ]* main$/ unstable main/' | sort -u
}

# apt_setup LINES INSTEAD: LINES is what writes the lines of sources.list, INSTEAD how to do without the mirror.
apt_setup()
{
	mkdir -p "$aptdir/lists/partial" "$aptdir/cache/archives/partial"
	"$1" >"$aptdir/sources.list"
	[ -s "$aptdir/sources.list" ] || die "apt has no Debian archive configured: give the source as $2"
	cat >"$aptdir/apt.conf" <<-EOF
		Dir::Etc::sourcelist "$aptdir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::State::lists "$aptdir/lists";
		Dir::Cache "$aptdir/cache";
		APT::Sandbox::User "";
		Acquire::Languages "none";
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	EOF
	export APT_CONFIG="$aptdir/apt.conf"
}

available()
{
	apt-cache search --names-only '^linux-source-[0-9.]+$' | cut -d ' ' -f 1 | sed 's/linux-source-//' | sort -V |
		paste -sd ' '
}

update()
{
	set -- "${1:-sources}" "${2:-KERNEL_TARBALL=path or KDIR=path}"
	command -v apt-get >/dev/null || die "there is no apt to fetch $package with: give the source as $2"
	apt_setup "$@"
	# Also as -c, which is read after the machine's apt.conf.d, so that no hook from there runs.
	[ -z "$(find "$aptdir/updated" -mmin -5 2>/dev/null)" ] || return 0
	rm -f "$aptdir/updated"
	! apt-get -c "$aptdir/apt.conf" -q -eany update >"$aptdir/log" 2>&1 || touch "$aptdir/updated"
}

newest()
{
	[ -n "$(cached)" ] || update
	for k in $(kernels | sort -rV); do
		if [ -n "$(cached "linux-source-$k")" ] || apt-cache show "linux-source-$k" >/dev/null 2>&1; then
			[ "$k" = "$KERNEL" ] || [ -e "$aptdir/updated" ] ||
				die "only a part of the package mirror can be reached, without $package: see $aptdir/log," \
					"try again, or take KERNEL=$k"
			echo "$k"
			return
		fi
	done
	echo "$KERNEL"
}

# wanted_version: "=version" of the point release that the series is for, if the mirror has it.
wanted_version()
{
	apt-cache madison "$package" | awk -v release="$(release)-" 'index($3, release) == 1 { print "=" $3; exit }'
}

fetch()
{
	update
	[ -n "$(available)" ] ||
		die "cannot reach the package mirror, and $cache has no $package: see $aptdir/log," \
			"or give KERNEL_TARBALL=path"
	apt-cache show "$package" >/dev/null 2>&1 ||
		die "the mirror has no $package any more, it has: $(available) (supported here:" \
			"$(kernels | paste -sd ' '))"
	mkdir -p "$cache" 2>/dev/null || die "cannot write to $cache"
	part=$(mktemp -d "$cache/part.XXXXXX")
	trap 'rm -rf "$part"' EXIT
	(cd "$part" && { apt-get -q download "$package$(wanted_version)" || apt-get -q download "$package"; } >>"$aptdir/log" 2>&1) ||
		die "fetching $package failed: see $aptdir/log"
	mv "$part"/*.deb "$cache/"
}

# cached_source: the newest .dsc of the package in the cache. Its directory is moved there whole.
cached_source()
{
	find "$cache" -mindepth 2 -maxdepth 2 -path "$cache/${package}_*/${package}_*.dsc" 2>/dev/null | sort -V | tail -n 1
}

fetch_source()
{
	say "fetching the source package of $package" >&2
	update deb_src LIBURING=path
	mkdir -p "$cache" 2>/dev/null || die "cannot write to $cache"
	part=$(mktemp -d "$cache/part.XXXXXX")
	trap 'rm -rf "$part"' EXIT
	(cd "$part" && apt-get -q source --download-only "$package" >>"$aptdir/log" 2>&1) ||
		die "cannot fetch the source package of $package, and $cache has none: see $aptdir/log, or give LIBURING=path"
	chmod 755 "$part"
	mv "$part" "$cache/$(basename "$part"/*.dsc .dsc)"
}

case ${1-} in
--newest)
	newest
	exit
	;;
--source)
	package=$2
	aptdir=$build/apt-source
	[ -n "$(cached_source)" ] || fetch_source
	cached_source
	exit
	;;
esac
deb=$(cached)
if [ -z "$deb" ]; then
	say "fetching $package" >&2
	fetch
elif [ -n "$(release)" ] && [ "${deb#*"_$(release)-"}" = "$deb" ]; then
	# If that fails, use the one in the cache.
	say "looking for $package $(release), which the series is for" >&2
	(update && [ -n "$(wanted_version)" ] && fetch) 2>/dev/null || :
fi
cached
