# SPDX-License-Identifier: GPL-2.0
# coverage.sh and the table of the targets: what is counted, and what is refused.

load helper

setup()
{
	clone
	mkdir -p "$objdir" "$results/some"
	printf '%s\n' CONFIG_GCOV=y "CONFIG_GCC_VERSION=$(gcc -dumpversion | cut -d . -f 1)0200" >"$objdir/.config"
	echo kernel >"$objdir/linux"
	sha256sum <"$objdir/linux" >"$results/some/linux.id"
}

# A program that is instrumented as the kernel's files are, and its counts as those of a run.
counts()
{
	mkdir -p "$objdir/io_uring" "$objdir/kernel" "$tree/io_uring" "$results/some/gcov/io_uring"
	cat >"$tree/io_uring/io-wq.c" <<-'END'
		int called(int x)
		{
			if (x > 1)
				return 3;
			return 2;
		}

		int not_called(void)
		{
			return 1;
		}

		int main(void)
		{
			return called(1) - 2;
		}
	END
	(cd "$objdir" && gcc --coverage -o prog -c ../io_uring/io-wq.c -o io_uring/io-wq.o && gcc --coverage -o prog io_uring/io-wq.o)
	GCOV_PREFIX=$results/some/gcov GCOV_PREFIX_STRIP=$(printf %s "$objdir" | tr -cd / | wc -c) "$objdir/prog"
	find "$results" -name '*.gcda' | grep -q .
}

@test "coverage: counts become the table and HTML that names the source" {
	# Pins: lines, functions and branches of a target by file and by function; the right file behind the HTML.
	counts
	printf '%s\n' 'io_uring/io-wq.c 50 50 50' 'io_uring/io-wq.c:called 75 100 50' >coverage/targets
	try scripts/coverage.sh
	[ "$status" = 0 ]
	[[ $out =~ io_uring/io-wq.c\ +62.5\ %\ of\ +8\ +66.7\ %\ of\ +3\ +50.0\ %\ of\ +2 ]]
	[[ $out =~ io-wq.c:called\ +75.0\ %\ of\ +4\ +100.0\ %\ of\ +1\ +50.0\ %\ of\ +2 ]]
	grep -rq 'not_called' "$work"/coverage-default/html
}

@test "coverage: a target below its floor" {
	# Pins: make coverage fails, and marks the figure.
	counts
	echo 'io_uring/io-wq.c 90 50 50' >coverage/targets
	try scripts/coverage.sh
	[ "$status" = 1 ]
	[[ $out =~ 62.5\ %\ of\ +8! ]]
	[[ $out == *"! below its floor"* ]]
}

@test "coverage: a target that is not in the data" {
	# Pins: a renamed file or function is no pass.
	counts
	echo 'io_uring/gone.c 0 0 0' >coverage/targets
	try scripts/coverage.sh
	[ "$status" = 1 ]
	[[ $out == *"io_uring/gone.c"*"not in the coverage data"* ]]
}

@test "coverage: counts of another build are not used" {
	# Pins: only runs of the kernel that is there now count.
	counts
	echo another >"$objdir/linux"
	try scripts/coverage.sh
	fails "no counts from this build" "make test"
}

@test "coverage: gcov of another version than gcc" {
	# Pins: one line with both versions and the remedy.
	counts
	fake gcov <<<'echo "gcov (Debian 99.1.0-1) 99.1.0"'
	try scripts/coverage.sh
	fails "gcov is of version 99" "compiled by gcc"
}

@test "coverage: a flavour without gcov, or not built" {
	# Pins: one line, not a page of lcov's.
	echo '# CONFIG_GCOV is not set' >"$objdir/.config"
	try scripts/coverage.sh
	fails "not with CONFIG_GCOV"
	rm "$objdir/.config"
	try scripts/coverage.sh
	fails "is not built"
}

@test "coverage: tracefiles of lcov 1 and of lcov 2" {
	# Pins: both forms of function records give the same table.
	printf '%s\n' SF:/t/io_uring/a.c FN:1,one FN:5,two FNDA:3,one FNDA:0,two DA:1,3 DA:5,0 BRDA:1,0,0,1 \
		BRDA:1,0,1,- end_of_record >one.info
	printf '%s\n' SF:/t/io_uring/a.c FNL:0,1,4 FNA:0,3,one FNL:1,5,8 FNA:1,0,two DA:1,3 DA:5,0 BRDA:1,0,0,1 \
		BRDA:1,0,1,- end_of_record >two.info
	printf '%s\n' 'io_uring/a.c 50 50 50' 'io_uring/a.c:one 100 100 50' 'io_uring/a.c:two 0 0 0' >targets
	awk -v root=/t -f coverage/table.awk targets one.info >one
	awk -v root=/t -f coverage/table.awk targets two.info >two
	diff one two
	[[ $(cat one) =~ a.c:one\ +100.0\ %\ of\ +1\ +100.0\ %\ of\ +1\ +50.0\ %\ of\ +2 ]]
}
