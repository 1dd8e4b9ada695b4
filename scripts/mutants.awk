# SPDX-License-Identifier: GPL-2.0
# Reads a C source in kernel style. Lists what mutants.sh can change in its functions, one place at a time: number, first
# and last line of the statement, function, and the change. With -v make=NUMBER, prints the source with that change in it,
# which has as many lines as before; with -v touched="LINE ...", the functions that have code in these lines.

function ch(p)
{
	return substr(code, p, 1)
}

function skip(p)
{
	while (p <= size && index(" \t\n", ch(p)))
		p++
	return p
}

function back(p)
{
	while (p > 0 && index(" \t\n", ch(p)))
		p--
	return p
}

# word: the name at p, or "".
function word(p,    s)
{
	s = substr(code, p, 64)
	return match(s, /^[A-Za-z_][A-Za-z_0-9]*/) ? substr(s, 1, RLENGTH) : ""
}

# closing: where the bracket at p is closed.
function closing(p,    depth, c)
{
	for (; p <= size; p++) {
		c = ch(p)
		if (c ~ /[[({]/)
			depth++
		else if (c ~ /[])}]/ && !--depth)
			return p
	}
	return size
}

function line_of(p,    low, high, mid)
{
	low = 1
	high = lines
	while (low < high) {
		mid = int((low + high + 1) / 2)
		if (start[mid] <= p)
			low = mid
		else
			high = mid - 1
	}
	return low
}

function flat(s)
{
	gsub(/[ \t\n]+/, " ", s)
	sub(/^ /, "", s)
	sub(/ $/, "", s)
	return s
}

# source: the text from p up to q, without comments.
function source(p, q)
{
	return flat(substr(plain, p, q - p))
}

# mutant: the text from p up to q becomes new, and s..e is the statement it is in.
function mutant(s, e, p, q, new, what,    old)
{
	what = name "\t" what
	if (seen[what]++)
		what = what " (" seen[what] ")"
	n++
	if (make == "")
		print n "\t" line_of(s) "\t" line_of(e - 1) "\t" what
	else if (n == make) {
		old = substr(text, p, q - p)
		printf "%s%s", substr(text, 1, p - 1), new
		for (old = gsub(/\n/, "", old) - gsub(/\n/, "", new); old > 0; old--)
			print ""
		printf "%s", substr(text, q)
	}
}

# left, right: the ends of the operand that is before p, or from p on; || and what is weaker than it always end it.
function left(p, and,    c)
{
	for (p--; p > 0; p--) {
		c = ch(p)
		if (c ~ /[])]/) {
			p = opening(p)
			continue
		}
		if (c ~ /[[({};,?:]/ || substr(code, p - 1, 2) == "||" || (and && substr(code, p - 1, 2) == "&&") ||
		    substr(code, p - 1, 3) ~ /^[^=!<>]=[^=]/ || substr(code, p - 6, 7) ~ /[^a-z_]return/)
			break
	}
	return skip(p + 1)
}

function opening(p,    depth, c)
{
	for (; p > 0; p--) {
		c = ch(p)
		if (c ~ /[])}]/)
			depth++
		else if (c ~ /[[({]/ && !--depth)
			return p
	}
	return 1
}

function right(p, and,    c)
{
	for (; p <= size; p++) {
		c = ch(p)
		if (c ~ /[[(]/) {
			p = closing(p)
			continue
		}
		if (c ~ /[])};,?:]/ || substr(code, p, 2) == "||" || (and && substr(code, p, 2) == "&&"))
			break
	}
	return back(p - 1) + 1
}

# around: what the change of the token at p, of the statement at first, is shown in: its operand, or the call it is an
# argument of.
function around(first, p, q,    s, e)
{
	s = left(p, 1)
	e = right(q, 1)
	if (s < first)
		s = first
	if (substr(code, s - 7, 7) ~ /return /)
		s -= 7
	if (s == p && e == q && ch(back(p - 1)) ~ /[(,]/) {
		for (s = p; s > 0 && ch(s) != "("; s--)
			if (ch(s) == ")")
				s = opening(s)
		e = closing(s) + 1
		for (s--; s > 0 && ch(s) ~ /[A-Za-z_0-9]/; s--)
			;
		s++
	} else if (s == p && substr(code, back(s - 1), 1) == "=") {
		for (s = back(s - 1); s > 0 && ch(s) !~ /[;{}(,]/; s--)
			;
		s = skip(s + 1)
	}
	return source(s, e)
}

function token(s, e, p, old, new)
{
	mutant(s, e, p, p + length(old), new, "'" old "' to '" new "' in: " around(s, p, p + length(old)))
}

# tokens: of the statement or condition from s up to e. What is negated as a whole needs no negated parts.
function tokens(s, e, negated,    p, c, w, l, r, two, is_and, prev, i, parts)
{
	for (p = s; p < e; p++) {
		c = ch(p)
		if (c ~ /[A-Za-z_]/) {
			w = word(p)
			if (w in instead) {
				i = split(instead[w], parts, " ")
				for (r = 1; r <= i; r++)
					if (!negated || parts[r] !~ /^!/)
						token(s, e, p, w, parts[r])
			}
			p += length(w) - 1
			continue
		}
		if (c ~ /[0-9]/) {
			match(substr(code, p, 32), /^[0-9]+[0-9A-Za-z]*/)
			w = substr(code, p, RLENGTH)
			if (w ~ /^[0-9]+[UL]*$/) {
				r = w
				sub(/^[0-9]+/, "", r)
				token(s, e, p, w, (w + 1) r)
				if (w + 0 > 0)
					token(s, e, p, w, (w - 1) r)
			}
			p += RLENGTH - 1
			continue
		}
		two = substr(code, p, 2)
		if (two == "&&" || two == "||") {
			is_and = two == "&&"
			l = left(p, is_and)
			r = right(skip(p + 2), is_and)
			prev = back(l - 1)
			if (substr(code, prev - 1, 2) != two)
				mutant(s, e, l, skip(p + 2), "", "drop '" source(l, p + 2) "' of: " source(l, r))
			mutant(s, e, back(p - 1) + 1, r, "", "drop '" source(p, r) "' of: " source(l, r))
			p++
		} else if (two == "++" || two == "--") {
			token(s, e, p, two, two == "++" ? "--" : "++")
			p++
		} else if (c == "?" && substr(code, p - 1, 3) ~ /[ \t\n]\?[ \t\n]/) {
			l = left(p, 0)
			r = back(p - 1) + 1
			mutant(s, e, l, r, "!(" substr(text, l, r - l) ")", "negate: " source(l, r) " ?")
		} else if (c == "!" && two != "!=" && (ch(back(p - 1)) ~ /[=,]/ || substr(code, p - 7, 7) ~ /return /)) {
			mutant(s, e, p, p + 1, "", "drop '!' of: " source(p, right(p + 1, 1)))
		} else if (ch(p - 1) ~ /[ \t\n]/) {
			match(substr(code, p, 4), /^[-<>=!+|&]+[ \t\n]/)
			w = RLENGTH > 0 ? substr(code, p, RLENGTH - 1) : ""
			if (w in instead) {
				if (!negated || w !~ /^[!=]=$/)
					token(s, e, p, w, instead[w])
				p += length(w) - 1
			}
		}
	}
}

# condition: that of a w, in the brackets at p and q.
function condition(w, s, p, q,    a, b)
{
	if (w == "for") {
		for (a = p + 1; a < q && ch(a) != ";"; a++)
			if (ch(a) == "(")
				a = closing(a)
		for (b = ++a; b < q && ch(b) != ";"; b++)
			if (ch(b) == "(")
				b = closing(b)
		a = skip(a)
	} else {
		a = p + 1
		b = q
	}
	if (w != "switch" && a < b)
		mutant(s, q + 1, a, b, "!(" substr(text, a, b - a) ")", "negate: " w " (" source(a, b) ")")
	tokens(s, q + 1, w != "switch")
}

# simple: the statement from s up to e, which ends in a semicolon.
function simple(s, e,    t)
{
	t = source(s, e)
	kind = "statement"
	if (t ~ /^(KUNIT_|BUILD_BUG_ON|lockdep_|WARN_ON|pr_|might_sleep)/)
		return
	if (t ~ declaration) {
		kind = "declaration"
		if (t ~ /=/)
			tokens(s, e)
		return
	}
	if (t ~ /^[a-z_]*(lock|lock_irq|lock_irqsave|lock_bh)\(/ && t !~ /unlock|^(try|clear_bit|test_and)/) {
		kind = "lock"
		lock_at[++locks] = s
		lock_end[locks] = e
		lock_text[locks] = t
		return
	}
	if (t ~ /^[a-z_]*unlock(_irq|_irqrestore|_bh)?\(/ && t !~ /^clear_bit/) {
		kind = "unlock"
		unlock_at[++unlocks] = s
		unlock_end[unlocks] = e
		unlock_text[unlocks] = t
		return
	}
	# Without its last return, a function with a value does not compile.
	if (t !~ /^return ./ || substr(code, skip(e) - 1, 2) != "\n}")
		mutant(s, e, s, e, ";", "drop: " t)
	if (t ~ /^return -E[A-Z]+;$/)
		mutant(s, e, s, e, "return 0;", "'" substr(t, 8, length(t) - 8) "' to '0' in: " t)
	tokens(s, e)
}

# statement: the one at p. Leaves its kind; returns where the next begins.
function statement(p,    w, s, q, e)
{
	kind = "compound"
	s = p
	if (ch(p) == "{")
		return block(p)
	if (ch(p) == ";")
		return p + 1
	w = word(p)
	q = skip(p + length(w))
	if (w ~ /^(if|while|for|switch)$/) {
		e = closing(q)
		condition(w, s, q, e)
		p = statement(skip(e + 1))
		q = skip(p)
		if (w == "if" && word(q) == "else")
			p = statement(skip(q + 4))
		kind = "compound"
		return p
	}
	if (w == "do") {
		p = skip(statement(q))
		q = skip(p + 5)
		e = closing(q)
		condition("while", p, q, e)
		kind = "compound"
		return skip(e + 1) + 1
	}
	if (w == "case" || w == "default") {
		for (; ch(p) != ":"; p++)
			;
		kind = "label"
		return p + 1
	}
	if (w != "" && ch(q) == ":") {
		kind = "label"
		return q + 1
	}
	if (w != "" && w != "return" && ch(q) == "(") {
		e = closing(q)
		q = skip(e + 1)
		# The head of a loop, of which a macro makes a for().
		if (ch(q) ~ /[{A-Za-z_*]/) {
			tokens(s, e + 1)
			p = statement(q)
			kind = "compound"
			return p
		}
	}
	for (; p <= size && ch(p) != ";"; p++)
		if (ch(p) ~ /[[({]/)
			p = closing(p)
	simple(s, p + 1)
	return p + 1
}

# block: the statements from the brace at p to that which closes it.
function block(p,    q, prev, prev_end, prev_kind, u, text_of)
{
	for (p = skip(p + 1); p <= size && ch(p) != "}"; p = skip(q)) {
		q = statement(p)
		if (prev) {
			u = source(p, q)
			text_of = source(prev, prev_end)
			if (kind == "unlock" && (prev_kind == "statement" || prev_kind == "compound") && text_of !~ /unlock|return|goto/)
				mutant(prev, q, prev, q, u " " substr(text, prev, p - prev), "early: " u " before: " first(text_of))
			if (prev_kind == "lock" && (kind == "statement" || kind == "compound") && u !~ /unlock|return|goto/)
				mutant(prev, q, prev, q, substr(text, p, q - p) " " text_of, "late: " text_of " after: " first(u))
		}
		prev = p
		prev_end = q
		prev_kind = kind
	}
	kind = "compound"
	return p + 1
}

# first: as much of a compound statement as names it.
function first(t)
{
	return index(t, "{") ? substr(t, 1, index(t, "{")) "...}" : t
}

# not_taken: each lock that is taken in the function, with what releases it.
function not_taken(    i, j, end, u, new, from, to, last)
{
	for (i = 1; i <= locks; i++) {
		u = lock_text[i]
		sub(/lock/, "unlock", u)
		sub(/irqsave/, "irqrestore", u)
		end = size
		for (j = i + 1; j <= locks; j++)
			if (lock_text[j] == lock_text[i] && end == size)
				end = lock_at[j]
		new = ";"
		last = lock_end[i]
		for (j = 1; j <= unlocks; j++)
			if (unlock_text[j] == u && unlock_at[j] > lock_at[i] && unlock_at[j] < end) {
				new = new substr(text, last, unlock_at[j] - last) ";"
				last = unlock_end[j]
			}
		mutant(lock_at[i], lock_end[i], lock_at[i], last, new, "not taken: " lock_text[i])
	}
}

# blank: the line without comments and preprocessor directives; strings is whether without strings as well.
function blank(s, strings,    out, c, q)
{
	if (macro || (!comment && s ~ /^[ \t]*#/)) {
		macro = s ~ /\\$/
		return ""
	}
	while (s != "") {
		if (comment) {
			if (!(q = index(s, "*/")))
				return out sprintf("%" length(s) "s", "")
			out = out sprintf("%" (q + 1) "s", "")
			s = substr(s, q + 2)
			comment = 0
		}
		if (!match(s, /\/\*|\/\/|"([^"\\]|\\.)*"|'([^'\\]|\\.)*'/))
			return out s
		c = substr(s, RSTART, 2)
		out = out substr(s, 1, RSTART - 1)
		if (c == "/*") {
			comment = 1
			s = substr(s, RSTART)
			out = out "  "
			s = substr(s, 3)
		} else if (c == "//") {
			return out
		} else {
			out = out (strings ? "\"" sprintf("%" (RLENGTH - 2) "s", "") "\"" : substr(s, RSTART, RLENGTH))
			s = substr(s, RSTART + RLENGTH)
		}
	}
	return out
}

function padded(s, len)
{
	return s sprintf("%" (len - length(s)) "s", "")
}

BEGIN {
	declaration = "^((static|const|struct|union|enum|unsigned|signed|int|long|short|char|bool|void|size_t|ssize_t|u8|u16|u32|u64|s64|" \
		"[a-z_]+_t) |LIST_HEAD\\(|DEFINE_|DECLARE_|HLIST_HEAD\\()"
	instead["<"] = "<="
	instead["<="] = "<"
	instead[">"] = ">="
	instead[">="] = ">"
	instead["=="] = "!="
	instead["!="] = "=="
	instead["+"] = "-"
	instead["-"] = "+"
	instead["|"] = "&"
	instead["+="] = "-="
	instead["-="] = "+="
	instead["|="] = "&="
	instead["<<"] = ">>"
	instead[">>"] = "<<"
	instead["true"] = "false"
	instead["false"] = "true"
	instead["test_bit"] = "!test_bit"
	instead["test_and_set_bit"] = "test_bit !test_and_set_bit"
	instead["test_and_set_bit_lock"] = "test_bit !test_and_set_bit_lock"
	instead["test_and_clear_bit"] = "test_bit !test_and_clear_bit"
	instead["set_bit"] = "clear_bit"
	instead["clear_bit"] = "set_bit"
	instead["clear_bit_unlock"] = "set_bit"
	instead["atomic_inc"] = "atomic_dec"
	instead["atomic_dec"] = "atomic_inc"
	instead["atomic_or"] = "atomic_andnot"
	instead["atomic_andnot"] = "atomic_or"
	instead["atomic_dec_and_test"] = "!atomic_dec_and_test"
	instead["refcount_dec_and_test"] = "!refcount_dec_and_test"
	instead["try_cmpxchg"] = "!try_cmpxchg"
	instead["smp_store_release"] = "WRITE_ONCE"
	instead["smp_load_acquire"] = "READ_ONCE"
}

{
	start[++lines] = size + 1
	row[lines] = $0
	size += length($0) + 1
}

END {
	for (i = split(touched, numbers, " "); i; i--)
		touches[numbers[i]] = 1
	for (i = 1; i <= lines; i++) {
		was_comment = comment
		was_macro = macro
		code_row = padded(blank(row[i], 1), length(row[i])) "\n"
		comment = was_comment
		macro = was_macro
		plain_row = padded(blank(row[i], 0), length(row[i])) "\n"
		text = text row[i] "\n"
		code = code code_row
		plain = plain plain_row
		is_open[i] = code_row ~ /^\{[ \n]*$/
	}
	for (i = 1; i <= lines; i++) {
		if (!is_open[i])
			continue
		for (j = i - 1; j > 0 && substr(code, start[j], length(row[j])) !~ /^[ \t]*$|[;}]$/; j--)
			;
		# A blank line is also what is left of a comment or a directive.
		head = substr(code, start[j + 1], start[i] - start[j + 1])
		if (!match(head, /[A-Za-z_][A-Za-z_0-9]*\(/))
			continue
		name = substr(head, RSTART, RLENGTH - 1)
		if (touched != "") {
			for (k = i; k < line_of(closing(start[i])); k++)
				if (k in touches && substr(code, start[k], length(row[k])) ~ /[^ \t]/) {
					print name
					break
				}
			continue
		}
		locks = unlocks = 0
		block(start[i])
		not_taken()
	}
}
