#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# nearest.sh NAME KNOWN...: the Makefile's message that there is no variable NAME. It suggests the known one with the smallest
# edit distance.
set -eu
printf '%s\n' "$@" | awk '
	function least(a, b) { return a < b ? a : b }
	function distance(a, b, i, j, d) {
		for (i = 0; i <= length(a); i++)
			d[i, 0] = i
		for (j = 0; j <= length(b); j++)
			d[0, j] = j
		for (i = 1; i <= length(a); i++)
			for (j = 1; j <= length(b); j++)
				d[i, j] = least(d[i - 1, j - 1] + (substr(a, i, 1) != substr(b, j, 1)),
					least(d[i - 1, j], d[i, j - 1]) + 1)
		return d[length(a), length(b)]
	}
	NR == 1 { name = $0; next }
	{ all = all " " $0; d = distance(toupper(name), $0) }
	NR == 2 || d < best { best = d; near = $0 }
	END { print "no variable " name "=, did you mean " near "=? There are:" all }'
