#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch.sh: print the path of the kernel's source package, after fetching it if the cache lacks it.
# The package is linux-source-$KERNEL from this machine's own Debian mirror, taken by apt with a list and a state of
# its own under build/apt, and checked by apt against the archive's signature. No root, no change to the machine's apt.
# Of several point releases it is the one that the series is for, or else the newest.
# fetch.sh --newest: print the newest kernel of patches/ that the cache or the mirror has, or the newest if none has any.

. "$(dirname "$0")/common.sh"

package=linux-source-$KERNEL
aptdir=$build/apt

cached()
{
	for version in "$(release)-*" '*'; do
		find "$cache" -maxdepth 1 -name "${1:-$package}_${version}_all.deb" 2>/dev/null | sort -V | tail -n 1
	done | head -n 1
}

# Lines "URI suite" of the machine's own Debian archives, by apt's reading of its configuration.
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

apt_setup()
{
	mkdir -p "$aptdir/lists/partial" "$aptdir/cache/archives/partial"
	sources >"$aptdir/sources.list"
	[ -s "$aptdir/sources.list" ] ||
		die "apt knows no Debian archive here: give the source as KERNEL_TARBALL=path or KDIR=path"
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
	command -v apt-get >/dev/null ||
		die "no apt here to fetch $package with: give the source as KERNEL_TARBALL=path or KDIR=path"
	apt_setup
	# Again by -c, which counts after the machine's apt.conf.d, so that no hook from there is run.
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

# wanted: "=version" of what the series is for, if the mirror has it.
wanted()
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
	(cd "$part" && { apt-get -q download "$package$(wanted)" || apt-get -q download "$package"; } >>"$aptdir/log" 2>&1) ||
		die "fetching $package failed: see $aptdir/log"
	mv "$part"/*.deb "$cache/"
}

if [ "${1-}" = --newest ]; then
	newest
	exit
fi
deb=$(cached)
if [ -z "$deb" ]; then
	say "fetching $package" >&2
	fetch
elif [ -n "$(release)" ] && [ "${deb#*"_$(release)-"}" = "$deb" ]; then
	# If the right one cannot be had, that one has to do.
	say "looking for $package $(release), which the series is for" >&2
	(update && [ -n "$(wanted)" ] && fetch) 2>/dev/null || :
fi
cached
