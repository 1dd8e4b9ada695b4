# SPDX-License-Identifier: GPL-2.0
# Read after common.sh: pack a program, and what it needs to run, into a cpio for initrd=. DESIGN.md says what a program is,
# tests/guest/README.md what init makes of it.
#	pack_new DIR              start; DIR is emptied
#	pack_program NAME FILE    FILE becomes /program/NAME, its interpreter and libraries go along
#	pack_file FILE DEST       FILE, or the directory FILE, becomes DEST; the libraries of a program go along
#	pack_link TARGET DEST     DEST becomes a symbolic link
#	pack_argv WORD...         the program's arguments
#	pack_env NAME=VALUE...    more for its environment
#	pack_write CPIO           write it
# shellcheck shell=sh disable=SC2154

pack_new()
{
	pack=$1
	rm -rf "$pack"
	mkdir -p "$pack" || die "cannot write to $build: check its owner and the space left"
	printf '%s\n' 'dir /program 0755 0 0' >"$pack/list"
	pack_nr=0
}

# pack_dir PATH: a directory, and those above it.
pack_dir()
{
	[ "$1" != / ] && ! grep -qxF "dir $1 0755 0 0" "$pack/list" || return 0
	pack_dir "$(dirname "$1")"
	case $1 in
	# These have a mode of their own, from the initramfs that is built in.
	/tmp | /dev | /proc | /sys) ;;
	*) echo "dir $1 0755 0 0" >>"$pack/list" ;;
	esac
}

# pack_as FILE DEST MODE: gen_init_cpio's list takes no blanks, so it gets a link to the file.
pack_as()
{
	! grep -qF "file $2 " "$pack/list" || return 0
	pack_dir "$(dirname "$2")"
	pack_nr=$((pack_nr + 1))
	ln -s "$(realpath "$1")" "$pack/$pack_nr"
	echo "file $2 $pack/$pack_nr $3 0 0" >>"$pack/list"
}

is_elf()
{
	[ "$(head -c 4 "$1" | od -An -tx1)" = ' 7f 45 4c 46' ]
}

# pack_elf FILE: its interpreter and libraries; die if it cannot run.
pack_elf()
{
	machine=$(readelf -hW "$1" 2>&1 | sed -n 's/^ *\(Class\|Machine\): *//p' | paste -sd ' ')
	[ "$machine" = 'ELF64 Advanced Micro Devices X86-64' ] ||
		die "$1 is a program for ${machine:-no machine that readelf knows}, this kernel runs ELF64 X86-64 only"
	interpreter=$(readelf -lW "$1" 2>&1 | sed -n 's/.*program interpreter: \(.*\)\]$/\1/p')
	[ -n "$interpreter" ] || return 0
	[ -f "$interpreter" ] || die "$1 needs the interpreter $interpreter, which is not here: link it with -static"
	libraries=$(ldd "$1" 2>/dev/null || "$interpreter" --list "$1" 2>/dev/null) ||
		die "$1: $interpreter cannot list its libraries: link it with -static"
	missing=$(printf '%s\n' "$libraries" | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | paste -sd ' ')
	[ -z "$missing" ] || die "$1 needs $missing, which is not here: set LD_LIBRARY_PATH, or link it with -static"
	pack_as "$interpreter" "$interpreter" 0755
	# glibc loads this one when a thread exits.
	printf '%s\n' "$libraries" "libgcc_s.so.1 => $(gcc -print-file-name=libgcc_s.so.1)" |
		sed -n 's/^[[:space:]]*\([^ /]*\) => \(\/[^ ]*\).*/\1 \2/p' >"$pack/libraries"
	# By name, as a path in the program can be relative to its own.
	while read -r library file; do
		pack_as "$file" "/program.lib/$library" 0755
	done <"$pack/libraries"
	grep -qsxF LD_LIBRARY_PATH=/program.lib "$pack/libs" || {
		echo LD_LIBRARY_PATH=/program.lib >"$pack/libs"
		pack_env LD_LIBRARY_PATH=/program.lib
	}
}

# pack_interpreter FILE: the program that a script's first line names; with env, also the one that env looks for.
pack_interpreter()
{
	line=$(sed -n '1s/^#! *//p; 1q' "$1")
	named=${line%%[ 	]*}
	[ -f "$named" ] || die "$1 needs the interpreter $named, which is not here"
	is_elf "$named" || die "$1 needs the interpreter $named, which is a script itself"
	pack_as "$named" "$named" 0755
	pack_elf "$named"
	[ "${named##*/}" = env ] || return 0
	wanted=${line#*[ 	]}
	wanted=${wanted%%[ 	]*}
	found=$(command -v -- "$wanted") && [ -f "$found" ] && is_elf "$found" ||
		die "$1 needs $wanted, which is not in PATH"
	pack_as "$found" "/bin/$wanted" 0755
	pack_elf "$found"
}

pack_program()
{
	[ -f "$2" ] || die "$2: no such file"
	[ -r "$2" ] || die "$2 cannot be read"
	pack_as "$2" "/program/$1" 0755
	if is_elf "$2"; then
		pack_elf "$2"
	elif [ "$(head -c 2 "$2")" = '#!' ]; then
		pack_interpreter "$2"
	else
		die "$2 is neither C (*.c), nor an ELF program, nor a script that starts with #!"
	fi
}

pack_file()
{
	case $2 in
	/*[[:space:]]*) die "$2 has a blank in its name, which cannot be packed: name it '$1:/tmp/NAME'" ;;
	/?*) ;;
	*) die "$2 is no absolute path to put $1 at" ;;
	esac
	if [ -d "$1" ]; then
		[ -z "$(find "$1" -name '*[[:space:]]*' -print -quit)" ] ||
			die "$1 has a file with a blank in its name, which cannot be packed"
		pack_dir "$(dirname "$2")"
		pack_nr=$((pack_nr + 1))
		ln -s "$(realpath "$1")" "$pack/$pack_nr"
		find "$pack/$pack_nr/" \( -type d -printf "dir $2/%P %m 0 0\n" \) -o \
			\( -type l -printf "slink $2/%P %l 0777 0 0\n" \) -o \
			\( -type f -printf "file $2/%P $pack/$pack_nr/%P %m 0 0\n" \) | sed 's,/ , ,' >>"$pack/list"
		return
	fi
	[ -f "$1" ] || die "$1: no such file"
	[ -r "$1" ] || die "$1 cannot be read"
	pack_as "$1" "$2" "$(stat -L -c %a "$1")"
	! is_elf "$1" || [ ! -x "$1" ] || pack_elf "$1"
}

pack_link()
{
	pack_dir "$(dirname "$2")"
	echo "slink $2 $1 0777 0 0" >>"$pack/list"
}

pack_argv()
{
	[ $# = 0 ] || printf '%s\0' "$@" >>"$pack/argv"
}

pack_env()
{
	printf '%s\0' "$@" >>"$pack/env"
}

pack_write()
{
	[ ! -s "$pack/argv" ] || echo "file /program.argv $pack/argv 0644 0 0" >>"$pack/list"
	[ ! -f "$pack/env" ] || echo "file /program.env $pack/env 0644 0 0" >>"$pack/list"
	# gen_init_cpio does not check its last write.
	"$objdir/guest/gen_init_cpio" -t 0 "$pack/list" >"$1.tmp" 2>"$pack/errors" &&
		tail -c 1024 "$1.tmp" | grep -qaF 'TRAILER!!!' && mv "$1.tmp" "$1" ||
		die "cannot write ${1#"$top"/}: $(head -n 1 "$pack/errors" | grep . || echo no space left?)"
}

# The results of programs, apart from those of tests.
programs=$work/programs-$FLAVOUR

# pack_files: those of FILES.
pack_files()
{
	files_of FILES >"$pack/files"
	while read -r file; do
		case $file in
		*:/*) pack_file "$(from_here "${file%%:/*}")" "/${file#*:/}" ;;
		*) pack_file "$(from_here "$file")" "/tmp/$(basename "$file")" ;;
		esac
	done <"$pack/files"
}

# find_program: the files of PROG in $sources, one a line, or in $binary, and the program's $name.
find_program()
{
	sources=
	binary=
	listed=$(files_of PROG)
	first=${listed%%"$newline"*}
	while read -r file; do
		path=$(from_here "$file")
		[ ! -d "$path" ] || die "PROG=$file is a directory: PROG= takes a program, a script or C sources"
		[ -f "$path" ] || die "PROG=$file: no such file"
		[ -r "$path" ] || die "PROG=$file cannot be read"
		case $file in
		*.c) sources=$listed ;;
		*) binary=$path ;;
		esac
	done <<-END
		$listed
	END
	[ -z "$binary" ] || [ "$listed" = "$first" ] || die "PROG=$PROG: more than one file, and $binary is no C source"
	name=$(basename "$first" .c | tr -c 'A-Za-z0-9._\n-' _)
	# The other files beside its results.
	case $name in
	list | runs | ktap | parsed | summary | table | *.xml | *.json | *.cpio | *.pack) name=${name}_ ;;
	esac
}

# build_program: compile and link $sources, as users do: whatever gcc takes. Static if that links.
build_program()
{
	[ -n "$sources" ] || return 0
	binary=$programs/$name.bin
	if compile_program -static 2>"$programs/$name.errors"; then
		cat "$programs/$name.errors" >&2
	else
		compile_program || die "PROG=$PROG does not compile"
	fi
}

compile_program()
(
	cd "$(from_here .)" || exit
	set -f
	IFS=$newline
	# shellcheck disable=SC2086
	gcc -O2 -g -pthread "$@" -o "$binary" $sources $flags -Wl,--as-needed -luring -lm -lrt -ldl
)

# pack_run: the program that find_program has found, with ARGV and FILES, in $program_cpio.
pack_run()
{
	build_program
	program_cpio=$programs/$name.cpio
	pack_new "$programs/$name.pack"
	pack_program "$name" "$binary"
	words_of ARGV | tr '\n' '\0' >"$pack/argv"
	pack_files
	pack_write "$program_cpio"
}

# program_words: ARGS, behind what suits programs better than tests: more memory, and code that spins until time moves.
program_words()
{
	ARGS="mem=256M${ARGS:+ $ARGS}"
	! grep -qx CONFIG_UML_TIME_TRAVEL_SUPPORT=y "$objdir/.config" || ARGS="time-travel $ARGS"
	export ARGS
}
