# SPDX-License-Identifier: GPL-2.0-only
#
# The map of `heapview --once`, made from a file `blocks` granule by granule.

NR > 1 {
	for (i = 0; i < $2 / 16; i++)
		what[granules++] = $3
	if ($3 == "used") {
		name = $5
		for (i = 6; i <= NF; i++)
			name = name " " $i
		for (i = granules - $2 / 16; i < granules; i++)
			owner[i] = name
		bytes[name] += $2
		begins[granules - $2 / 16] = 1
	}
}

# The next letter goes to the owner with most bytes and no letter yet; of two with as many, by name.
function give_letters(	next_one, name, best) {
	for (next_one = 1; next_one <= 26; next_one++) {
		best = ""
		for (name in bytes)
			if (!(name in letter) && (best == "" || bytes[name] > bytes[best] || bytes[name] == bytes[best] && name < best))
				best = name
		if (best == "")
			return
		letter[best] = substr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", next_one, 1)
	}
}

function cell(from, to,	i, n, count, share, order, orders, best) {
	for (i = from; i < to; i++) {
		count[what[i]]++
		if (what[i] == "used" && !share[owner[i]]++)
			order[orders++] = owner[i]
	}
	if (count["quarantined"])
		return "!"
	if (count["pending"] > count["used"] && count["pending"] >= count["cached"])
		return "~"
	if (count["cached"] > count["used"])
		return "$"
	if (!count["used"])
		return "."
	best = order[0]
	for (n = 1; n < orders; n++)
		if (share[order[n]] > share[best])
			best = order[n]
	if (!count["hole"] && (to - from > 1 || begins[from]))
		return letter[best]
	return tolower(letter[best])
}

END {
	give_letters()
	slice = int((granules + 1023) / 1024)
	for (i = 0; i * slice < granules; i++) {
		to = (i + 1) * slice < granules ? (i + 1) * slice : granules
		row = row cell(i * slice, to)
		if (i % 64 == 63 || to == granules) {
			printf "%12d|%s|\n", 8 + 16 * slice * (i - i % 64), row
			row = ""
		}
	}
}
