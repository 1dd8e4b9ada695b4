# SPDX-License-Identifier: GPL-2.0
# lib/about.sh: scenarios without the functions that they are about. The kernel is a stand-in: its sources tell which function fails.

load helper

setup()
{
	clone
	no_patches
	rm tests/guest/*.c
	kernel_tree "$tree"
	cat >"$tree/io_uring/io-wq.c" <<-'END'
		static int io_one(int a,
				  int b)
		{
			return a + b;
		}

		struct io_kiocb *io_two(void)
		{
			return first;
		}

		static void io_three(void)
		{
			static const struct io_op op = {
				.nr = 1,
			};
		}
	END
	mkdir -p "$objdir"
	touch "$objdir/linux"
	printf '#!/bin/sh\n' >scripts/build.sh
	cat >>scripts/lib/variant.sh <<-'END'
		variant_build()
		{
			cp "$(variant_dir "$1")/tree/io_uring/io-wq.c" "$top/built.c"
			touch "$(variant_dir "$1")/tree/um-$FLAVOUR/linux"
		}
	END
	# A scenario fails if the function that returns at once is one that tests/needs has it need.
	cat >scripts/lib/one.sh <<-'END'
		#!/bin/sh
		. "$(dirname "$0")/common.sh"
		mkdir -p "$results/$2"
		echo 20 >"$results/$2/ms"
		function=$(sed -n '/^[a-z].*(/ h; /umring_fails == '"${ARGS#*=}"')/ { x; s/(.*//; s/.*[ *]//p; q }' "$top/built.c")
		verdict=passed
		! grep -qx "$2 ${function:-as it is}" "$top/tests/needs" || verdict=failed
		echo "$verdict" >"$results/$2/verdict"
	END
	scenario a 'io_one' 'io_three'
	scenario b 'io_two'
	printf '%s\n' 'a io_one' 'a io_three' 'b io_two' >tests/needs
}

# scenario NAME FUNCTION...: one that is about these.
scenario()
{
	name=$1
	shift
	{
		printf '%s\n' '/*' " * $name: a scenario."
		printf ' * about %s\n' "$@"
		echo ' */'
	} >"tests/guest/$name.c"
}

row()
{
	grep -qE "^$kernel +$1 +$2 +$3" <<<"$out"
}

@test "about: each scenario fails without what it is about" {
	# Pins: a row for each function, which returns at once with what its type has for an error; scenarios by name.
	try scripts/lib/about.sh
	works
	row a io_one 'noticed: failed$'
	row a io_three 'noticed: failed$'
	row b io_two 'noticed: failed$'
	grep -A 2 '^static int io_one' built.c | grep -q 'umring_fails == [1-3]) return -EINVAL; }'
	grep -A 1 '^struct io_kiocb' built.c | grep -q 'umring_fails == [1-3]) return NULL; }'
	grep -A 1 '^static void io_three' built.c | grep -q 'umring_fails == [1-3]) return ; }'
	[ "$(wc -l <built.c)" = "$(wc -l <"$tree/io_uring/io-wq.c")" ]
	try scripts/lib/about.sh b
	works
	[ "$(wc -l <<<"$out")" = 1 ]
}

@test "about: a scenario that passes without what it is about" {
	# Pins: it is named, and the exit status is 1.
	sed -i '/io_three/d' tests/needs
	try scripts/lib/about.sh
	[ "$status" = 1 ]
	row a io_one 'noticed: failed$'
	row a io_three 'WRONG: passed without it$'
}

@test "about: a scenario that fails as it is" {
	# Pins: then what comes after says nothing.
	echo 'a as it is' >>tests/needs
	try scripts/lib/about.sh
	[ "$status" = 1 ]
	row a 'nothing fails' 'WRONG: failed$'
	! row a io_one '' || false
	row b io_two 'noticed: failed$'
}

@test "about: a scenario that is about nothing, or about what there is not" {
	# Pins: one line that says which; a function that only some trees have is passed over.
	scenario c 'io_nosuch, where there is one' 'io_two'
	echo 'c io_two' >>tests/needs
	try scripts/lib/about.sh c
	works
	[ "$(wc -l <<<"$out")" = 1 ]
	scenario c 'io_nosuch'
	try scripts/lib/about.sh
	fails 'c.c is about io_nosuch(), which this tree does not define'
	echo '/* c: says nothing. */' >tests/guest/c.c
	try scripts/lib/about.sh
	fails "tests/guest/c.c has no line ' * about FUNCTION'"
	try scripts/lib/about.sh nosuch
	fails 'no scenario nosuch in tests/guest/'
}
