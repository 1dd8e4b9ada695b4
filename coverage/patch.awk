# SPDX-License-Identifier: GPL-2.0
# Reads added lines ("file line"), then what coverage/targets says of lines that cannot be reached ("file line line") or
# have branches that cannot be taken ("file line number"), then an lcov tracefile. Prints a row of totals for the added
# lines, and below it those that were not reached and those of which not all branches were taken; exits with 1 if there
# are any.

function cell(hit, found)
{
	return sprintf("%6.1f %% of %4d", found ? 100 * hit / found : 100, found)
}

FILENAME == ARGV[1] {
	added[$1, $2] = 1
	if (!($1 in last))
		files[++nfiles] = $1
	last[$1] = $2
	next
}

FILENAME == ARGV[2] {
	if ($3 == "line")
		delete added[$1, $2]
	else
		never[$1, $2] += $3
	next
}

{ sub(/\r$/, "") }

/^SF:/ {
	file = substr($0, 4)
	if (index(file, root "/") == 1)
		file = substr(file, length(root) + 2)
	counted[file] = 1
}

/^DA:/ {
	split(substr($0, 4), f, ",")
	if ((file, f[1]) in added) {
		lines++
		reached += f[2] > 0
		missed[file, f[1]] = f[2] == 0
	}
}

/^BRDA:/ {
	split(substr($0, 6), f, ",")
	if ((file, f[1]) in added) {
		branches++
		yes = f[4] != "-" && f[4] > 0
		if (!yes && never[file, f[1]]-- > 0) {
			branches--
			next
		}
		taken += yes
		marks[file, f[1]] = marks[file, f[1]] (yes ? "+" : "-")
	}
}

END {
	printf "%-32s %s %s\n", name, cell(reached, lines), cell(taken, branches)
	for (i = 1; i <= nfiles; i++) {
		file = files[i]
		if (!(file in counted) && file ~ /\.c$/) {
			print "    " file ": is not counted"
			bad = 1
		}
		for (n = 1; n <= last[file]; n++) {
			if ((getline text < (root "/" file)) <= 0)
				break
			if (!((file, n) in added))
				continue
			what = ""
			if (missed[file, n])
				what = "not reached"
			else if (index(marks[file, n], "-"))
				what = "branches " marks[file, n]
			if (what == "")
				continue
			gsub(/^[ \t]+|\r$/, "", text)
			print "    " file ":" n ": " what ": " text
			bad = 1
		}
	}
	exit bad
}
