// Package suggest tells which known word somebody meant who wrote another.
package suggest

import "strings"

// Nearest is the known word that word is most likely meant to be, or "".
func Nearest(word string, known []string) string {
	best, least := "", 1+len(word)/3
	for _, k := range known {
		if fold(k) == fold(word) {
			return k
		}
		if len(word) > len(k)+least || len(k) > len(word)+least {
			continue
		}
		if d := Distance(strings.ToLower(word), strings.ToLower(k)); d <= least && (best == "" || d < least) {
			best, least = k, d
		}
	}
	if best == "" {
		for _, k := range known { // the beginning or the end of one: serial, public_key_id
			if len(word) >= 4 && (strings.HasPrefix(k, strings.ToLower(word)) || strings.HasSuffix(k, strings.ToLower(word))) {
				return k
			}
		}
	}
	return best
}

// fold makes base-url, baseUrl and base_url one.
func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(s))
}

// Distance is how many letters must be put in, left out, changed or swapped with their neighbour to make b of a.
func Distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
