package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTokensAreNotLogged: the half of SEC-token-not-logged that only shows in
// the log of a hub, at its most talkative.
func TestTokensAreNotLogged(t *testing.T) {
	var log lockedBuffer
	h := serveTo(t, &log, common().with(settings{"log-level": "debug", "legacy-query-token": ""}))
	target := &Target{
		Hub: h.URL(), Issuer: testIssuer, Audience: testAudience,
		PublisherKey: testPublisherKey, SubscriberKey: testSubscriberKey,
	}
	if err := target.complete(); err != nil {
		t.Fatal(err)
	}
	var secrets []string
	for _, gen := range target.Protocols {
		run := newT(t.Context(), target, gen)
		done := make(chan struct{})
		go func() { // Fatalf ends this goroutine
			defer close(done)
			secrets = append(secrets, run.tokensAreNotQuoted()...)
		}()
		<-done
		run.end()
		for _, failure := range run.failures {
			t.Errorf("%s: %s", gen, failure)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := h.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	written := log.String()
	if !strings.Contains(written, "401") {
		t.Errorf("the log does not tell of refused requests:\n%s", written)
	}
	for _, secret := range secrets {
		if strings.Contains(written, secret) {
			t.Errorf("the log holds %q of a token", secret)
		}
	}
}

// A lockedBuffer keeps what a hub prints while others read it.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
