package faults

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// Grants are the topic selectors a token allows.
type Grants struct {
	Publish   []string `json:"publish,omitempty"`
	Subscribe []string `json:"subscribe,omitempty"`
}

// Token signs a protocol 0.x token with HS256. It never expires.
func Token(key string, g Grants) string {
	claims, err := json.Marshal(map[string]Grants{"mercure": g})
	if err != nil {
		panic(fmt.Sprintf("faults: strings do not marshal: %v", err))
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(claims)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}
