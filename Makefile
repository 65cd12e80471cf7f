.PHONY: help run test quick conformance-full compliance soak churn upkeep bench lint fuzz

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

compliance: ## judge the hub of both generations and of each alone, and write spec/README.md
	@rm -rf .results/compliance && mkdir -p .results/compliance
	@REPORTS=$(CURDIR)/.results/compliance go test -count=1 -v -timeout 9m -run TestHubOfOneGeneration ./conformance
	@go run ./conformance -page spec/README.md -reports .results/compliance/both.json,.results/compliance/0.x.json,.results/compliance/1.0.json

soak: ## kill, starve and stall the hub for FOR (default 15m), and judge what it lost
	@.ci/soak

churn: ## let clients come and go for FOR (default 20m), and see whether the hub grows
	@.ci/churn

upkeep: ## fill a history with UPDATES (default 2000000), trim, back up, compact, kill and restore it under load, and judge what is left
	@.ci/upkeep

bench: ## measure the hub for 15 minutes, beside yardsticks and budgets
	@.ci/bench

lint: ## check format, vet, staticcheck, and that all platforms build
	@.ci/lint

fuzz: ## run every fuzz target for FUZZTIME (default 1m) each
	@.ci/fuzz
