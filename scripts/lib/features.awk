# SPDX-License-Identifier: GPL-2.0
# For features.sh: which lines of tests/kunit/features hold for the tree in `tree`. With `fixes` set, those that are fixes.

# balance TEXT: how many more braces it opens than it closes.
function balance(text,    opened)
{
	opened = gsub(/[{]/, "", text)
	return opened - gsub(/[}]/, "", text)
}

# uncomment: take comments off `line`; `comment` is set in one that goes on.
function uncomment()
{
	if (comment && !sub(/^([^*]|[*]+[^*\/])*[*]+\//, "", line))
		line = ""
	else
		comment = 0
	gsub(/\/[*]([^*]|[*]+[^*\/])*[*]+\//, " ", line)
	if (sub(/\/[*].*/, "", line))
		comment = 1
	sub(/\/\/.*/, "", line)
}

# loops TEXT: with one kind of blank, and @ for the word that begins a loop.
function loops(text)
{
	gsub(/[ \t]+/, " ", text)
	text = " " text
	gsub(/[^a-zA-Z0-9_](do|while|for|[a-z_]*for_each[a-z_]*) ?[({]/, "@&", text)
	gsub(/@[^@({]*/, " @ ", text)
	return text
}

# read_blocks PATH: the functions and structures of a file: head[PATH, n] and body[PATH, n].
function read_blocks(path,    depth, before, text, n)
{
	comment = 0
	n = 0
	while ((getline line <path) > 0) {
		uncomment()
		if (line ~ /^#/)
			continue
		if (!depth) {
			before = before " " line
			if (line !~ /[{]/) {
				if (line ~ /[;}][ \t]*$|^[ \t]*$/)
					before = ""
				continue
			}
			sub(/[^{]*[{]/, "", line)
			sub(/[{].*/, "", before)
			depth = 1
			text = ""
		}
		text = text " " line
		depth += balance(line)
		# Whatever #ifdef has done to the braces.
		if (depth <= 0 || line ~ /^[}]/) {
			head[path, ++n] = before " "
			body[path, n] = loops(text)
			before = ""
			depth = 0
		}
	}
	close(path)
	blocks[path] = n
	expand(path)
}

# expand PATH: where a function calls another one of the file that only returns something, it has that in its place.
function expand(path,    i, j, name, what)
{
	for (i = 1; i <= blocks[path]; i++) {
		what = body[path, i]
		if (!sub(/^ *return /, "", what) || !sub(/; *[}] *$/, "", what) || what ~ /;/ ||
		    !match(head[path, i], /[A-Za-z0-9_]+ ?[(]/))
			continue
		name = substr(head[path, i], RSTART, RLENGTH - 1)
		gsub(/[&\\]/, "\\\\&", what)
		for (j = 1; j <= blocks[path]; j++)
			if (i != j && index(body[path, j], name))
				gsub("[^a-zA-Z0-9_]" name "[(]", "&" what ", ", body[path, j])
	}
}

# in_blocks PATH NAMES PATTERN: whether one of these functions or structures has it; * is any.
function in_blocks(path, names, pattern,    i, j, n, name)
{
	if (!(path in blocks))
		read_blocks(path)
	n = split(names, name, ",")
	for (i = 1; i <= blocks[path]; i++)
		for (j = 1; j <= n; j++)
			if ((name[j] == "*" || head[path, i] ~ "[^a-zA-Z0-9_]" name[j] " *[( ]") && body[path, i] ~ pattern)
				return 1
	return 0
}

# in_lines PATH PATTERN: whether it has them, each in a later line.
function in_lines(path, pattern,    parts, part, at)
{
	parts = split(pattern, part, / \.\.\. /)
	at = 1
	while (at <= parts && (getline line <path) > 0)
		at += line ~ part[at]
	close(path)
	return at > parts
}

/^[A-Z]/ && /^FIX_/ == (fixes != "") {
	name = (fixes ? "" : "#define KUNIT_HAS_") $1
	files = split($2, file, ",")
	sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+/, "")
	not = sub(/^! /, "")
	names = ""
	if (sub(/^[{]/, "")) {
		names = substr($0, 1, index($0, "} ") - 1)
		$0 = substr($0, length(names) + 3)
		gsub(/ \.\.\. /, ".*")
	}
	found = there = 0
	for (i = 1; i <= files && !found; i++) {
		path = tree "/" file[i]
		if ((getline line <path) <= 0)
			continue
		close(path)
		there = 1
		found = names == "" ? in_lines(path, $0) : in_blocks(path, names, $0)
	}
	print name, not ? there && !found : found
}
