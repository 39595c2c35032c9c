# Canting: `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# gocv's build tags choose its modules; with customenv the paths come from here
# rather than from pkg-config (RATIONALE.md, "Four -dev packages").
TAGS := customenv,gocv_specific_modules,gocv_videoio
export GOFLAGS := $(strip $(filter-out -tags=% -buildvcs=%,$(GOFLAGS)) -tags=$(TAGS) -buildvcs=false)
export CGO_CPPFLAGS := -I$(CURDIR)/scripts/opencv -I/usr/include/opencv4
export CGO_CXXFLAGS := -O2 -g0 --std=c++11
export CGO_LDFLAGS := -lopencv_core -lopencv_imgproc -lopencv_imgcodecs -lopencv_videoio

# The programs carry the commit that they were built from, where git can tell it.
GO_BUILD := go build -buildvcs=$(if $(shell git rev-parse HEAD 2>/dev/null),true,false)
# The libraries that need cgo: what stands on neither builds for any board.
CGO := ' (gocv\.io/x/gocv|gonum\.org/v1/netlib)'
# gocv counts its open Mats only when asked to.
LEAKS := $(TAGS),matprofile
# A loaded machine needs longer than the ten minutes that go test gives a package.
TEST := build/tools/gotestsum --format pkgname --format-hide-empty-pkg -- -timeout 30m

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: setup-build bin/canting bin/canting-trainer bin/canting-bench ## Build the programs into bin/

.PHONY: run
run: setup-run bin/canting ## Install what is missing, build and start the kiosk on its drawn cloths
	bin/canting run

.PHONY: test
test: setup-test litert axe build/tools ## Install what is missing and run every test; skipped ones are listed with their reason
	@go test -tags=$(LEAKS) -list Leak ./capture | grep ^Test >/dev/null || { echo 'test: ./capture has no Leak test any more'; exit 1; }
	$(TEST) -tags=$(LEAKS) -run Leak ./capture
	$(TEST) ./...
	$(BENCH_GO) test -C scripts/bench $(BENCH_PACKAGES)
	@go test -v -run Kernels ./infer/kernel | grep '^kernels held'
	scripts/test-arm.sh

.PHONY: test-arm
test-arm: setup-test setup-pi ## Run the tests of the engine, of pictures, settings and models on the boards' processors, emulated
	scripts/test-arm.sh
	scripts/test-arm-kiosk.sh

# The number of swaps that test-power makes.
SWAPS := 10000
.PHONY: test-power
test-power: setup-test ## Kill the model store at every system call, then swap models SWAPS times under the race detector
	CANTING_POWER=all go test -count=1 -v -timeout 1h -run PowerCuts ./firmware/store ./firmware
	CANTING_SWAPS=$(SWAPS) go test -race -count=1 -v -timeout 3h -run SwapsDropNoFrame ./firmware

DURATION := 30m
.PHONY: soak
soak: setup-test ## Run the kiosk for DURATION under camera faults, swaps, presses and viewers, and print its figures
	CANTING_SOAK=$(DURATION) go test -count=1 -v -timeout 0 -run TestSoak ./firmware

.PHONY: check
check: setup-check build/tools ## Format, vet, lint, known vulnerabilities, the same bytes twice, generated assembly, cross-builds
	@echo "check: gofumpt"; unformatted=$$(build/tools/gofumpt -l .); \
		[ -z "$$unformatted" ] || { printf 'not gofumpt-formatted (build/tools/gofumpt -w FILE mends it):\n%s\n' "$$unformatted"; exit 1; }
	@echo "check: go vet"; go vet ./...; go vet -tags=$(LEAKS) ./capture; $(BENCH_GO) vet -C scripts/bench $(BENCH_PACKAGES)
	@echo "check: staticcheck"; build/tools/staticcheck ./...
	@echo "check: shellcheck"; shellcheck scripts/*.sh scripts/*/*.sh scripts/package/{postinst,postrm,screen}
	@echo "check: known vulnerabilities"; scripts/vulnerabilities.sh build/tools/govulncheck ./...
	@if git rev-parse HEAD >/dev/null 2>&1; then echo "check: the same bytes from two folders"; scripts/reproducible.sh bench; \
		else echo "check: this is no git checkout that git may read, so not whether it gives the same bytes twice"; fi
	@echo "check: arm64 assembly"; go run ./scripts/armasm -check infer/kernel/*/*.asm
	@packages=$$(go list -f '{{if .GoFiles}}{{.ImportPath}} {{join .Deps " "}}{{end}}' ./... | grep -vE $(CGO) | cut -d ' ' -f 1); \
		for arch in arm64 arm; do \
			echo "check: $$(wc -w <<<"$$packages") packages for linux/$$arch, without cgo"; \
			CGO_ENABLED=0 GOOS=linux GOARCH=$$arch GOARM=7 go vet $$packages; \
			CGO_ENABLED=0 GOOS=linux GOARCH=$$arch GOARM=7 go build $$packages; \
		done

.PHONY: bench
bench: build/bench/paper96.tflite ## Time every layer of the four networks in every kernel; for benchstat
	CGO_ENABLED=0 go test -run '^$$' -bench . -benchtime 100ms ./infer

# The benchmarks' own module has nothing to do with OpenCV.
BENCH_GO := env GOFLAGS= CGO_CPPFLAGS= CGO_CXXFLAGS= CGO_LDFLAGS= go
# What builds without oneDNN.
BENCH_PACKAGES := ./counts ./networks ./paper96

.PHONY: bench-peers
bench-peers: setup-bench build/bench/onnxruntime/libonnxruntime.so.1 build/bench/paper96.tflite ## Time the engine beside ONNX Runtime and oneDNN
	CGO_ENABLED=0 $(GO_BUILD) -o build/bench/ ./infer/cmd/canting-bench
	$(BENCH_GO) build -C scripts/bench -o $(CURDIR)/build/bench/ ./peers
	build/bench/peers

.PHONY: bench-training
bench-training: setup-bench-training ## Time the trainer's steps beside PyTorch's
	scripts/bench/training.sh

.PHONY: bench-arm
bench-arm: setup-bench build/bench/mnemonics.so build/bench/paper96.tflite ## Count the arm64 instructions of an inference under QEMU
	CGO_ENABLED=0 GOARCH=arm64 $(GO_BUILD) -o build/bench/canting-bench-arm64 ./infer/cmd/canting-bench
	$(BENCH_GO) build -C scripts/bench -o $(CURDIR)/build/bench/ ./counts
	build/bench/counts

# Drawn by the seeds below, so that everyone gets the same cloths.
DRAWN := rumah_gadang=300,rangkiang=300,kabau_padati=300,burung_hong=300
.PHONY: demo-model
demo-model: setup-build bin/canting-trainer ## Draw, train and embed the demonstration again
	rm -rf build/demo
	bin/canting-trainer draw --seed 2 --count $(DRAWN) --test-share 0.1 --out build/demo/cloths
	bin/canting-trainer train --config configs/cloths.yaml --data build/demo/cloths --out build/demo/model
	rm -rf firmware/demo/cloths
	bin/canting-trainer draw --seed 3 --frames 4 --out firmware/demo/cloths
	cp build/demo/model/model.tflite firmware/demo/demo.tflite

.PHONY: backbone
backbone: setup-build bin/canting-trainer ## Make the backbone that trainings start from again, from drawn patterns; takes an hour, goes on when cut short
	bin/canting-trainer pretrain --resume --out build/backbone
	cp build/backbone/backbone.tflite trainer/backbone/patterns.tflite

.PHONY: experiments experiments-quick
experiments: setup-experiments bin/canting-trainer ## Measure the recipes on DATA by cross-validation and write docs/experiments.md; takes hours, goes on when cut short; FROZEN=FILE and BACKBONE=FILE add what a .tflite classifier is worth
	go run ./scripts/experiments $(if $(FROZEN),-frozen $(FROZEN)) $(if $(BACKBONE),-backbone $(BACKBONE)) $(or $(DATA),$(error say DATA=, a folder split into train/ and test/)) build/experiments
experiments-quick: setup-experiments bin/canting-trainer ## Print the same table from one seed and two folds
	go run ./scripts/experiments -quick $(if $(FROZEN),-frozen $(FROZEN)) $(if $(BACKBONE),-backbone $(BACKBONE)) $(or $(DATA),$(error say DATA=, a folder split into train/ and test/)) build/experiments-quick

.PHONY: litert
litert: build/litert/oracle.mjs ## Install LiteRT for node, which the tests compare with, into build/litert

.PHONY: axe
axe: build/axe/axe.min.js ## Install axe-core, which the tests check the page's accessibility with, into build/axe

.PHONY: pi pi32
pi: setup-pi ## Build the packages for a 64-bit Raspberry Pi OS into dist/
	scripts/package.sh arm64
pi32: setup-pi ## Build the packages for a 32-bit Raspberry Pi OS into dist/
	scripts/package.sh armhf

.PHONY: deploy
deploy: ## Install the package from dist/ on HOST=pi@gallery over ssh; goes back if the kiosk is not ready
	scripts/deploy.sh "$(HOST)" $(SSH_OPTIONS)

.PHONY: test-pi test-pi3
test-pi: setup-test setup-pi bin/canting bin/canting-trainer pi ## Try the packages on virtual Raspberry Pis: camera, button, faults, models, power cuts
	scripts/virtualpi.sh
test-pi3: setup-pi pi ## Boot a virtual Raspberry Pi 3 to its first label
	scripts/virtualpi.sh pi3

.PHONY: check-reproducible
check-reproducible: setup-pi ## Build a package twice, in two folders, and compare the bytes
	scripts/reproducible.sh arm64 bookworm

.PHONY: release
release: setup-build setup-pi bin/canting-trainer ## Build all that is published into dist/, with checksums and bills of materials; WITHOUT=trixie-armhf leaves one out
	WITHOUT="$(WITHOUT)" scripts/release.sh

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin build dist

.PHONY: env
env: ## Print the build's environment: eval "$(make -s env)" before go commands of your own
	@for v in GOFLAGS CGO_CPPFLAGS CGO_CXXFLAGS CGO_LDFLAGS; do printf 'export %s="%s"\n' $$v "$${!v}"; done

.PHONY: setup-run setup-build setup-check setup-test setup-bench setup-bench-training setup-experiments setup-pi
setup-run setup-build setup-check setup-test setup-bench setup-bench-training setup-experiments setup-pi: setup-%:
	@scripts/setup.sh $*

# Go knows better than make what is out of date.
.PHONY: bin/canting bin/canting-trainer bin/canting-bench
bin/canting:
	$(GO_BUILD) -o $@ ./firmware/cmd/canting
bin/canting-trainer:
	$(GO_BUILD) -o $@ ./trainer/cmd/canting-trainer
bin/canting-bench:
	CGO_ENABLED=0 $(GO_BUILD) -o $@ ./infer/cmd/canting-bench

build/tools: scripts/tools/go.mod scripts/tools/go.sum
	CGO_ENABLED=0 GOFLAGS= go build -C scripts/tools -o $(CURDIR)/build/tools/ tool
	@touch $@

build/litert/oracle.mjs: $(wildcard scripts/litert/*)
	@mkdir -p $(@D)
	cp scripts/litert/package.json scripts/litert/package-lock.json $(@D)
	npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error
	cp scripts/litert/oracle.mjs $@

build/axe/axe.min.js: $(wildcard scripts/axe/*)
	@mkdir -p $(@D)
	cp scripts/axe/package.json scripts/axe/package-lock.json $(@D)
	npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error
	cp $(@D)/node_modules/axe-core/axe.min.js $@

build/bench/onnxruntime/libonnxruntime.so.1: scripts/bench/onnxruntime.sh
	scripts/bench/onnxruntime.sh $(@D)

build/bench/paper96.tflite: scripts/bench/paper96/main.go
	@mkdir -p $(@D)
	$(BENCH_GO) run -C scripts/bench ./paper96 $(CURDIR)/$@

build/bench/mnemonics.so: scripts/bench/counts/plugin/mnemonics.c
	@mkdir -p $(@D)
	gcc -O2 -Wall -Wextra -fPIC -shared -o $@ $<
