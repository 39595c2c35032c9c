# Canting: `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# gocv's build tags choose its modules; with customenv the paths come from here
# rather than from pkg-config (RATIONALE.md, "Five -dev packages").
TAGS := customenv,gocv_specific_modules,gocv_videoio
export GOFLAGS := $(strip $(filter-out -tags=%,$(GOFLAGS)) -tags=$(TAGS))
export CGO_CPPFLAGS := -I$(CURDIR)/scripts/opencv -I/usr/include/opencv4
export CGO_CXXFLAGS := -O2 -g0 --std=c++11
export CGO_LDFLAGS := -lopencv_core -lopencv_imgproc -lopencv_imgcodecs -lopencv_videoio

.PHONY: env
env: ## Print the build's environment: eval "$(make env)" before go commands of your own
	@for v in GOFLAGS CGO_CPPFLAGS CGO_CXXFLAGS CGO_LDFLAGS; do printf 'export %s="%s"\n' $$v "$${!v}"; done
