# SPDX-License-Identifier: GPL-2.0
# Reads, by tabs, coverage/survivors, the names of all changes, the verdicts of mutants.sh, and the changes that were asked
# for. Prints the scores and what survived; exits with 1 if a score is too low or an entry of coverage/survivors is wrong.

function percent(group)
{
	return mutants[group] ? 100 * killed[group] / mutants[group] : 100
}

function row(group, wanted,    low)
{
	low = wanted && !part && percent(group) < wanted
	failed = failed || low
	printf "%-46s %8d %8d %8d %7.1f %%%s\n", group, mutants[group], killed[group], mutants[group] - killed[group], \
		percent(group), low ? ", less than the " wanted " % wanted" : ""
}

function add(group, dead)
{
	if (!(group in mutants))
		order[++groups] = group
	mutants[group]++
	killed[group] += dead
}

function wrong(what)
{
	failed = 1
	bad = bad "coverage/survivors: " what "\n"
}

FILENAME ~ /survivors$/ {
	if ($0 ~ /^kernel /)
		other = $0 != "kernel " kernel
	else if (!other && $0 !~ /^(#|$)/) {
		reason[$1, $2] = $3
		entry[++entries] = $1 SUBSEP $2
		if (NF != 3 || $3 == "")
			wrong("no reason: " $1 ": " $2)
	}
	next
}

FILENAME ~ /names$/ {
	name[$1, $2] = 1
	split($1, f, ":")
	source[f[1]] = 1
	next
}

FILENAME ~ /verdicts\.[0-9]*$/ {
	verdict[$1, $2] = $3
	detail[$1, $2] = $4
	next
}

{
	asked_for++
	n[$8]++
	at = $1 ":" $5
	asked[at, $6] = $8
	if ($8 != "mutant")
		next
	dead = verdict[at, $6] == "killed"
	asked[at, $6] = verdict[at, $6]
	add($1, dead)
	if ($7) {
		add("the functions that fixes touch", dead)
		add(at, dead)
	}
	if (!dead)
		survivors = survivors $1 ":" $3 ": " $5 ": " $6 "\n        " \
			((at, $6) in reason ? reason[at, $6] : detail[at, $6] ", not explained") "\n"
}

END {
	part = every > 1 || file ~ /:/
	printf "%s, %s: %d changes: %d do not compile, %d make no difference to the code, %d the same as another, %d in locks " \
		"that are no code\n", kernel, flavour, asked_for, n["none"], n["same"], n["twice"], n["idle"]
	printf "%-46s %8s %8s %8s %9s\n", "", "mutants", "killed", "survived", "score"
	for (i = 1; i <= groups; i++)
		if (order[i] ~ /^the /)
			row(order[i], 90)
		else
			row(order[i], order[i] == "io_uring/io-wq.c" ? 80 : 0)
	if (part)
		print "These are a part, so no score is held to"
	if (survivors != "")
		printf "\nsurvived:\n%s", survivors
	for (i = 1; i <= entries; i++) {
		split(entry[i], f, SUBSEP)
		split(f[1], at_source, ":")
		if (!(at_source[1] in source))
			continue
		if (!(entry[i] in name))
			wrong("no such change: " f[1] ": " f[2])
		else if (entry[i] in asked && asked[entry[i]] != "survived")
			wrong((asked[entry[i]] == "killed" ? "is killed: " : "is no mutant: ") f[1] ": " f[2])
	}
	printf "%s", bad
	exit failed ? 1 : 0
}
