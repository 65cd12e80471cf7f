.PHONY: help run test quick conformance-full soak churn bench lint fuzz

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

run: ## start a throwaway hub on loopback and say how to try it
	@go run . dev

test: ## install what the tests need (Debian), then run everything
	@.ci/test

quick: ## run the tests that this machine has the tools for, and list those left out
	@mkdir -p .tools && go build -o .tools/tally .ci/tally.go
	@go test -json ./... | .tools/tally

conformance-full: ## judge the hub by every case over every transport and store
	@CONFORMANCE=full go test -count=1 -v -timeout 30m -run 'TestOurHub|TestHubOfOneGeneration' ./conformance

soak: ## kill, starve and stall the hub for FOR (default 15m), and judge what it lost
	@.ci/soak

churn: ## let clients come and go for FOR (default 20m), and see whether the hub grows
	@.ci/churn

bench: ## measure the hub for 15 minutes, beside yardsticks and budgets
	@.ci/bench

lint: ## check format, vet, staticcheck, and that all platforms build
	@.ci/lint

fuzz: ## run every fuzz target for FUZZTIME (default 1m) each
	@.ci/fuzz
