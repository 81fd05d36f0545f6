package job

// MaxIDLength is how long a store ID, and any other ID of ours, may be, in bytes.
const MaxIDLength = 64

// ValidID says whether s can be a store ID: 1 to MaxIDLength of [0-9A-Za-z_-]. IDs are text: "007" and "7" are two
// stores.
func ValidID(s string) bool {
	if len(s) == 0 || len(s) > MaxIDLength {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}
