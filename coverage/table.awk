# SPDX-License-Identifier: GPL-2.0
# Reads coverage/targets, then an lcov tracefile and the sources in root. Prints the table of the targets; exits with 1 if
# one is below a floor or is not in the tracefile at all, or if something is reached that is said to be unreachable. A
# function's lines are those from its own first line to the next that begins with a brace, or to before the next function.

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
	return name != "" && closed[file, line] >= start[at] ? "" : name
}

# Where the last function before each line ended: one that is always inlined is not in the tracefile.
function read_source(    line, n, last)
{
	for (n = 1; (getline line < (root "/" file)) > 0; n++) {
		closed[file, n] = last
		if (line ~ /^}/)
			last = n
	}
	close(root "/" file)
}

# For patch-coverage.sh: so many branches of the line, or the line as a whole.
function leave_out(file, line, count)
{
	if (unreachable)
		print file, line, count >unreachable
}

function wrong(what)
{
	print "coverage/targets: " what "!"
	low = 1
}

# The lines of the source that have the text in them, into place[]: those of one function, if it is named.
function lines_with(text, file, name,    line, n, nr)
{
	for (n = 1; (getline line < (root "/" file)) > 0; n++)
		if (index(line, text) && ((file, n) in label_of) && (name == file || label_of[file, n] == name)) {
			place[++nr] = n
			source[nr] = line
		}
	close(root "/" file)
	return nr
}

# unreachable file[:function] COUNT text: so many branches of such lines, or with COUNT "line" the lines themselves.
function apply_unreachable(name, count, text,    file, nr, i, line, n, branches)
{
	file = name
	sub(/:.*/, "", file)
	nr = lines_with(text, file, name)
	if (!nr)
		return other_gcc ? 0 : wrong(name ": no line with " text)
	for (i = 1; i <= nr; i++)
		branches += untaken[file, place[i]]
	if (count != "line" && branches < count) {
		if (!other_gcc)
			return wrong(name ": " count - branches " of " count " branches reached: " text)
		count = branches
	}
	for (i = 1; i <= nr; i++) {
		line = file SUBSEP place[i]
		if (count == "line") {
			if (hits[line])
				return wrong(name ": reached: " text)
			found[file, "L"]--
			found[label_of[line], "L"]--
			leave_out(file, place[i], "line")
		}
		n = count == "line" || untaken[line] < count ? untaken[line] + 0 : count
		found[file, "B"] -= n
		found[label_of[line], "B"] -= n
		untaken[line] -= n
		leave_out(file, place[i], n)
		if (count != "line")
			count -= n
	}
}

# folded file text: what the text stands for is a condition that the compiler decides once gcov has counted it: it goes
# one way only, and behind the other there are two conditions or three that go no way at all. Once for each such text.
function apply_folded(file, text,    nr, i, k, b, n, rest, line, times, here, ever)
{
	nr = lines_with(text, file, file)
	for (i = 1; i <= nr; i++) {
		line = file SUBSEP place[i]
		rest = source[i]
		for (times = 0; k = index(rest, text); times++)
			rest = substr(rest, k + length(text))
		ever += hits[line] > 0
		n = split(branch[line], b, " ")
		for (k = 1; k + 5 <= n && times; k += 2) {
			if (b[k] || !b[k + 1])
				continue
			for (here = 1; here < 7 && k + here + 2 <= n && !b[k + here + 1] && !b[k + here + 2]; here += 2)
				;
			if (here < 5)
				continue
			found[file, "B"] -= here
			found[label_of[line], "B"] -= here
			untaken[line] -= here
			leave_out(file, place[i], here)
			folds++
			times--
		}
	}
	if (!other_gcc && (!nr || ever && !folds))
		wrong(file ": nothing is folded: " text)
	folds = 0
}

FNR == NR && $1 == "gcc" {
	other_gcc = $2 != gcc
	next
}

FNR == NR && /^(unreachable|folded)[ \t]/ {
	reason = match($0, /[ \t]#/) ? substr($0, RSTART + 2) : ""
	sub(/[ \t]+#.*/, "")
	entry[++entries] = $0
	if (reason !~ /[a-z]/)
		wrong("no reason: " $0)
	next
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
	read_source()
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
	hits[file, f[1]] = f[2]
	name = label_of[file, f[1]] = file ":" function_at(f[1] + 0)
	found[name, "L"]++
	hit[name, "L"] += f[2] > 0
}

/^BRDA:/ {
	split(substr($0, 6), f, ",")
	taken = f[4] != "-" && f[4] > 0
	found[file, "B"]++
	hit[file, "B"] += taken
	name = label_of[file, f[1]] = file ":" function_at(f[1] + 0)
	found[name, "B"]++
	hit[name, "B"] += taken
	branch[file, f[1]] = branch[file, f[1]] " " taken
	untaken[file, f[1]] += !taken
}

END {
	for (e = 1; e <= entries; e++) {
		split(entry[e], f, /[ \t]+/)
		text = entry[e]
		for (i = f[1] == "folded" ? 2 : 3; i; i--)
			sub(/^[^ \t]+[ \t]+/, "", text)
		if (f[1] == "folded")
			apply_folded(f[2], text)
		else
			apply_unreachable(f[2], f[3], text)
	}
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
