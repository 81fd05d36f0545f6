# Short names for the commands of CONTRIBUTING.md. Each prints what it runs, and runs nothing else.

.PHONY: help build test race vet fmt staticcheck docs bench campaign try ci

help: ## list these names
	grep -E '^[a-z]+:.*##' Makefile

build: ## compile everything
	go build ./...

test: ## all tests
	go test ./...

race: ## all tests with the race detector
	go test -race ./...

vet: ## what the compiler lets pass
	go vet ./...

fmt: ## list the files that gofmt would change
	gofmt -l cmd internal docs bench examples deploy

staticcheck: ## the same version as CI
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

docs: ## run the commands that stand in the documents
	go test ./docs

bench: ## a short look at each figure
	cd bench && go run . --quick

campaign: ## kill and cut off everything, by ten seeds
	go run ./internal/chaos/campaign --seeds 1-10

try: ## send the example to the built-in stand-in for WeChat Pay
	go run ./cmd/enqueue associate examples/stores-10000.csv --sandbox

ci: ## everything that must hold before a change lands
	.ci/run
