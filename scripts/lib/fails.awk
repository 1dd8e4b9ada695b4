# SPDX-License-Identifier: GPL-2.0
# Reads C sources in kernel style. With -v list=1, prints "function file" for each function that they define. Without it, the
# first file is a list of "number function". The source after it is printed with a statement at the head of each of these
# functions that returns at once, with an error if its type has one, when umring_fails is its number. Line numbers stay.

!list && FILENAME == ARGV[1] {
	number[$2] = $1
	next
}

# The head of a definition or declaration starts in column 1. The type is the text before the name.
/^[A-Za-z_].*\(/ {
	match($0, /[A-Za-z_0-9]+\(/)
	name = substr($0, RSTART, RLENGTH - 1)
	type = RSTART > 1 ? substr($0, 1, RSTART - 1) : last
}

/;[ \t]*$/ {
	name = ""
}

/^\{/ && name != "" {
	if (list) {
		print name, FILENAME
	} else if (name in number) {
		value = type ~ /\*/ ? "NULL" : type ~ /void/ ? "" : type ~ /bool/ ? "false" : type ~ /unsigned|enum|poll_t/ ? "0" : "-EINVAL"
		sub(/^\{/, "{ { extern int umring_fails; if (umring_fails == " number[name] ") return " value "; }")
	}
	name = ""
}

{
	last = $0
}

!list
