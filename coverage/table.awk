# SPDX-License-Identifier: GPL-2.0
# Reads coverage/targets, then an lcov tracefile. Prints the table of the targets; exits with 1 if one is below a floor
# or is not in the tracefile at all. A function's lines are those from its own first line to before the next one's.

function percent(hit, found)
{
	return found ? 100 * hit / found : 100
}

function cell(hit, found, floor)
{
	low = low || percent(hit, found) < floor
	return sprintf("%6.1f %% of %4d%s", percent(hit, found), found, percent(hit, found) < floor ? "!" : " ")
}

function function_at(line,    i, name)
{
	for (i = 1; i <= starts; i++)
		if (start[i] <= line && (name == "" || start[i] > start[at]))
			name = label[at = i]
	return name
}

FNR == NR {
	if ($0 !~ /^#/ && NF >= 4) {
		target[++targets] = $1
		floor[$1, "L"] = $2
		floor[$1, "F"] = $3
		floor[$1, "B"] = $4
	}
	next
}

{ sub(/\r$/, "") }

/^SF:/ {
	file = substr($0, 4)
	sub(root "/", "", file)
	starts = 0
	seen[file] = 1
}

# FN:first,name in lcov 1, FN:first,last,name or FNL:index,first,last and FNA:index,count,name in lcov 2
/^FN:/ {
	n = split(substr($0, 4), f, ",")
	start[++starts] = f[1] + 0
	label[starts] = f[n]
}

/^FNL:/ {
	split(substr($0, 5), f, ",")
	first[f[1]] = f[2]
}

/^FNA:/ {
	n = split(substr($0, 5), f, ",")
	start[++starts] = first[f[1]] + 0
	label[starts] = f[n]
}

/^FNDA:/ || /^FNA:/ {
	n = split(substr($0, index($0, ":") + 1), f, ",")
	count = $0 ~ /^FNA:/ ? f[2] : f[1]
	found[file, "F"]++
	hit[file, "F"] += count > 0
	found[file ":" f[n], "F"] = 1
	hit[file ":" f[n], "F"] = count > 0
	seen[file ":" f[n]] = 1
}

/^DA:/ {
	split(substr($0, 4), f, ",")
	found[file, "L"]++
	hit[file, "L"] += f[2] > 0
	lines[file, f[1]] = f[2]
	name = file ":" function_at(f[1] + 0)
	found[name, "L"]++
	hit[name, "L"] += f[2] > 0
}

/^BRDA:/ {
	split(substr($0, 6), f, ",")
	taken = f[4] != "-" && f[4] > 0
	found[file, "B"]++
	hit[file, "B"] += taken
	name = file ":" function_at(f[1] + 0)
	found[name, "B"]++
	hit[name, "B"] += taken
}

END {
	printf "%-46s %17s %17s %17s\n", "target", "lines", "functions", "branches taken"
	for (t = 1; t <= targets; t++) {
		name = target[t]
		if (!seen[name]) {
			printf "%-46s not in the coverage data!\n", name
			low = 1
			continue
		}
		printf "%-46s %s %s %s\n", name, cell(hit[name, "L"], found[name, "L"], floor[name, "L"]), \
			cell(hit[name, "F"], found[name, "F"], floor[name, "F"]), \
			cell(hit[name, "B"], found[name, "B"], floor[name, "B"])
	}
	if (low)
		print "! below its floor in coverage/targets"
	exit low ? 1 : 0
}
