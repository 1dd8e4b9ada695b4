# SPDX-License-Identifier: GPL-2.0
# Read after common.sh, by verbs that need the counts of gcov.
# shellcheck shell=sh disable=SC2154

has_gcov()
{
	grep -qsx CONFIG_GCOV=y "$objdir/.config"
}

# need_counts: stop unless the kernel was built with gcov, and gcov has the version of its gcc.
need_counts()
{
	has_gcov ||
		die "flavour $FLAVOUR of $KERNEL is not built, or not with CONFIG_GCOV"
	gcc_version=$(sed -n 's/^CONFIG_GCC_VERSION=\(.*\)....$/\1/p' "$objdir/.config")
	gcov_version=$(gcov --version | sed -n '1s,.* \([0-9]*\)\.[^ ]*$,\1,p')
	[ "$gcc_version" = "$gcov_version" ] ||
		die "gcov is of version $gcov_version, the kernel was compiled by gcc $gcc_version: install gcov of gcc" \
			"$gcc_version, or run make distclean and build with gcc $gcov_version"
}

# counted: the sources that are counted, and the directories of such sources, with a / at the end.
counted()
{
	sed -n 's/^counted //p' "$top/coverage/targets" | tr ' ' '\n'
}

# edited: a counted source that was edited since the last build, if there is one.
edited()
{
	since=$objdir/built
	[ -e "$since" ] || since=$objdir/linux
	# shellcheck disable=SC2046
	(cd "$tree" && find $(counted) -cnewer "$since" ! -type d -name '*.[ch]' -print -quit)
}

# cov COMMAND ARGUMENT...: coverage/cov.py on the kernel that is built and the results of its runs; also on the results in
# $more_results, directories with a colon between, if that is set.
cov()
{
	cov_command=$1
	shift
	ME=$me "$python" -S -B "$top/coverage/cov.py" "$cov_command" "$tree" "$objdir" "$results${more_results:+:$more_results}" \
		"$(linux_id)" "$@"
}
