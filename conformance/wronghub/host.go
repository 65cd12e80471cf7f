package wronghub

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parseHost returns a host as it is compared.
func parseHost(s string, special bool) (string, bool) {
	if strings.HasPrefix(s, "[") {
		ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
		if err != nil || !ip.Is6() || ip.Zone() != "" || !strings.HasSuffix(s, "]") {
			return "", false
		}
		return "[" + ip.String() + "]", true
	}
	if !special {
		if strings.ContainsAny(s, "\x00 #/<>?@[\\]^|:") {
			return "", false
		}
		return encodeBytes(s, controlSet), true
	}
	s, ok := domain(decodePercent(s, func(byte) bool { return true }))
	if !ok {
		return "", false
	}
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	if _, ok := number(labels[len(labels)-1]); ok {
		return ipv4(labels)
	}
	return s, true
}

// domain returns a domain in ASCII and lower case: what of IDNA is needed here.
func domain(s string) (string, bool) {
	labels := strings.Split(strings.ToLower(s), ".")
	for i, label := range labels {
		if !utf8.ValidString(label) || strings.ContainsAny(label, " #%/:<>?@[\\]^|\x7f") ||
			strings.ContainsFunc(label, func(r rune) bool { return r < ' ' }) {
			return "", false
		}
		labels[i] = punycode(label)
	}
	return strings.Join(labels, "."), true
}

// punycode encodes a label as RFC 3492 says, if it is not ASCII.
func punycode(label string) string {
	var out []byte
	for _, r := range label {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
		}
	}
	plain := len(out)
	if plain == len(label) {
		return label
	}
	if plain > 0 {
		out = append(out, '-')
	}
	runes := []rune(label)
	n, delta, bias := rune(utf8.RuneSelf), 0, 72
	for done := plain; done < len(runes); n++ {
		next := rune(utf8.MaxRune)
		for _, r := range runes {
			if r >= n {
				next = min(next, r)
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			switch {
			case r < n:
				delta++
			case r == n:
				out = append(out, digits(delta, bias)...)
				bias = adapt(delta, done+1, done == plain)
				delta = 0
				done++
			}
		}
		delta++
	}
	return "xn--" + string(out)
}

// digits writes a delta as a variable-length integer.
func digits(delta, bias int) (out []byte) {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	for k := 36; ; k += 36 {
		t := min(max(k-bias, 1), 26)
		if delta < t {
			return append(out, alphabet[delta])
		}
		out = append(out, alphabet[t+(delta-t)%(36-t)])
		delta = (delta - t) / (36 - t)
	}
}

// adapt returns the next bias.
func adapt(delta, done int, first bool) int {
	delta /= 2
	if first {
		delta /= 350
	}
	delta += delta / done
	k := 0
	for ; delta > 35*26/2; k += 36 {
		delta /= 35
	}
	return k + 36*delta/(delta+38)
}

// number reads a part of an IPv4 address, in any of its bases.
func number(s string) (uint64, bool) {
	if s == "" {
		return 0, false
	}
	base := 10
	if lower := strings.ToLower(s); strings.HasPrefix(lower, "0x") {
		s, base = lower[2:], 16
	} else if len(s) > 1 && s[0] == '0' {
		base = 8
	}
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(s, base, 33)
	return n, err == nil
}

// ipv4 returns an address of up to four parts, of which the last fills what
// is left.
func ipv4(labels []string) (string, bool) {
	var bits uint64
	for i, label := range labels {
		n, ok := number(label)
		limit := uint64(1) << 8
		if i == len(labels)-1 {
			limit = 1 << (8 * max(0, 5-len(labels)))
		}
		if !ok || n >= limit || len(labels) > 4 {
			return "", false
		}
		if i < len(labels)-1 {
			n <<= 8 * (3 - i)
		}
		bits |= n
	}
	return netip.AddrFrom4([4]byte{byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits)}).String(), true
}
