# Inkmeter. `make` lists the targets; each one sets up what it needs.

INKMETER := .venv/bin/inkmeter
PYTEST := .venv/bin/python -m pytest
# Tests of the pages wait for the wall now and then: one more at a time than there are cores.
WORKERS := -n $(shell expr $$(nproc) + 1) --dist worksteal
TEST_PACKAGES := gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm fonts-dejavu-core fonts-dejavu-extra \
	tshark chromium
# Pass more to a command with ARGS="--seed 7"
ARGS ?=
BOARD ?=
PORT ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-test-long run demo test test-long lint bench build fonts words screens pictures deploy clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make this machine ready; leaves the inkmeter command in .venv/bin
	@host_tools/bootstrap.sh

setup-test:
	@host_tools/bootstrap.sh $(TEST_PACKAGES)

run: setup ## the simulated home with the real firmware; prints where to look
	@$(INKMETER) run $(ARGS)

demo: setup ## the whole road with nobody watching; writes build/demo
	@$(INKMETER) demo $(ARGS)

test: setup-test ## every test but the slow ones
	@$(PYTEST) $(WORKERS) -m "not slow" $(ARGS)

setup-test-long:
	@host_tools/bootstrap.sh $(TEST_PACKAGES) $$(command -v npm >/dev/null || echo nodejs npm)

test-long: setup-test-long ## every test, soaks and long fuzzing included
	@$(PYTEST) $(WORKERS) $(ARGS)

lint: setup ## ruff, licences, and the firmware's types against the MicroPython stubs
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/reuse lint --lines
	@.venv/bin/inkmeter lint

bench: ## figures of the firmware's hot paths, its heap, and a simulated day (ARGS=day for that alone)
	@host_tools/bootstrap.sh valgrind
	@$(INKMETER) bench $(ARGS)

build: setup ## compile the firmware: BOARD=... (see boards/README.md)
	@$(INKMETER) build $(BOARD)

fonts: setup ## make the firmware's fonts from the DejaVu face
	@$(INKMETER) fonts

words: setup ## compile what the panel says from firmware/inkmeter/words.txt
	@$(INKMETER) words

screens: setup ## every page in every kind of home, size, language and theme: build/screens/
	@$(INKMETER) screens $(ARGS)

pictures: ## make the pictures of screens and web pages in docs/, and what tests compare them with
	@host_tools/bootstrap.sh chromium
	@$(INKMETER) pictures

deploy: setup ## put the firmware on a device: BOARD=... PORT=...
	@test -n "$(BOARD)" -a -n "$(PORT)" || { echo "say which: make deploy BOARD=esp32_devkit_weact_2in9 PORT=/dev/ttyUSB0"; exit 2; }
	@$(INKMETER) deploy $(BOARD) $(PORT)

clean: ## remove everything that was built
	@rm -rf build
