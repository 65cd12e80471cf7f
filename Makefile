.PHONY: help run test quick lint fuzz

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

run: ## start a throwaway hub on loopback and say how to try it
	@go run . dev

test: ## install what the tests need (Debian), then run everything
	@.ci/test

quick: ## run the tests that this machine has the tools for, and list those left out
	@mkdir -p .tools && go build -o .tools/tally .ci/tally.go
	@go test -json ./... | .tools/tally

lint: ## check format, vet, staticcheck, and that all platforms build
	@.ci/lint

fuzz: ## run every fuzz target for FUZZTIME (default 1m) each
	@.ci/fuzz
