# telegraf-vending: nested vending-machine JSON over MQTT to typed TimescaleDB rows.
#
# The user's CC, CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS are added to ours, never overwritten. WERROR= switches
# warnings-as-errors off for packagers.

VERSION := 0.2.0
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CAPTURE ?= test/captures/fleet.jsonl
COMPOSE ?= docker compose
WERROR ?= -Werror
OPTIMIZE ?= -O2 -g
CLANG ?= clang
CLANG_TIDY ?= clang-tidy
FORMAT_VERSION := 14
# How much runs side by side: tests, linters, unit tests.
JOBS ?= $(shell nproc)

STANDARD := -std=c11 -D_POSIX_C_SOURCE=200809L -DVENDING_VERSION='"$(VERSION)"' -Iplugin
WARNINGS := -Wall -Wextra $(WERROR) -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wwrite-strings -Wformat=2 -Wvla -Wcast-qual
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=2
COMPILE = $(CC) $(STANDARD) $(WARNINGS) $(OPTIMIZE) $(HARDENING) $(CPPFLAGS) $(CFLAGS) -MMD -MP
LINK_FLAGS := -Wl,-z,relro,-z,now

# A room is a folder of plugin/ (plugin/README.md has the map). A program is a room with a main.c; every other .c is a module that programs
# and tests share. The rooms that need libmosquitto are a library of their own, so that the processor needs jansson alone.
ROOMS := base json lp io core cli capture run processor
MQTT_ROOMS := mqtt input replay
PROGRAMS := vending-processor
MQTT_PROGRAMS := vending-input vending-replay
COMMANDS := telegraf.d/vending-replay-into telegraf.d/vending-mend-buffer
INSTALLED = $(PROGRAMS:%=$(BUILD)/%) $(MQTT_PROGRAMS:%=$(BUILD)/%) $(COMMANDS)
MAINS := $(wildcard plugin/*/main.c)
SOURCES := $(wildcard $(ROOMS:%=plugin/%/*.c) $(MQTT_ROOMS:%=plugin/%/*.c))
HEADERS := $(wildcard plugin/*/*.h)
TEST_SOURCES := $(wildcard test/unit/*/*.c test/unit/*.h test/fuzz/*.[ch])
objects = $(patsubst plugin/%.c,$(BUILD)/obj/%.o,$(filter-out $(MAINS),$(wildcard $(1:%=plugin/%/*.c))))
LIBRARY := $(BUILD)/libvending.a
MQTT_LIBRARY := $(BUILD)/libvending-mqtt.a
LIBS := -ljansson -lm
MQTT_LIBS := -lmosquitto -lssl -lcrypto
unit_tests = $(patsubst test/unit/%.c,$(BUILD)/unit/%,$(wildcard $(1:%=test/unit/%/*.c)))
UNIT_TESTS := $(call unit_tests,$(ROOMS)) $(call unit_tests,$(MQTT_ROOMS))

# The same tree again, built otherwise. Each has its own folder, so that switching costs nothing.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ASAN := $(MAKE) --no-print-directory BUILD=build/asan HARDENING= OPTIMIZE="-O1 -g" CFLAGS="$(SANITIZE)" LDFLAGS="$(SANITIZE)"
FUZZ_TARGETS := $(patsubst test/fuzz/fuzz_%.c,%,$(wildcard test/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
export MODEL_MESSAGES ?= 100000
FUZZ_SANITIZE := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_BUILD := $(MAKE) --no-print-directory BUILD=build/fuzz CC=$(CLANG) HARDENING= OPTIMIZE="-O1 -g" CFLAGS="$(FUZZ_SANITIZE)"
CLANG_BUILD := $(MAKE) --no-print-directory BUILD=build/clang CC=$(CLANG)

.DEFAULT_GOAL := all
# Every target whose name is a plain word: files are all made below $(BUILD).
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)

# Side by side, the output of each in one piece; within a make that has that already, as it is there.
# (A line with + hands that down: make does not see that a variable is a make.)
SIDE_BY_SIDE = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS) --output-sync=target)
# What pytest prints is in test/pytest.ini.
pytest = VENDING_PROCESSOR=$(1)/vending-processor /usr/bin/python3 -m pytest -n $(JOBS)
# The longest first, so that none of them runs alone at the end.
PARTS := stack-tests integration grafana-tests valgrind lint model sanitize-integration fuzz sanitize cli unit golden
LINTS := lint-analyzer lint-clang lint-tidy lint-cppcheck lint-headers lint-format lint-python lint-shell

all: $(PROGRAMS:%=$(BUILD)/%) $(MQTT_PROGRAMS:%=$(BUILD)/%) ## build the programs into build/ (the default)

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' Makefile

run: build-deps ## build the processor, then show the bundled capture's rows as tables
	@$(MAKE) --no-print-directory $(BUILD)/vending-processor
	@$(BUILD)/vending-processor --capture $(CAPTURE) --format table

replay: build-deps ## print a capture as line protocol: make replay CAPTURE=FILE
	@$(MAKE) --no-print-directory $(BUILD)/vending-processor >&2
	@$(BUILD)/vending-processor --capture $(CAPTURE)

replay-into: ## land a capture in the database, beside a live Telegraf: make replay-into CAPTURE=FILE
	@VENDING_PROCESSOR=$${VENDING_PROCESSOR:-$(BUILD)/vending-processor} telegraf.d/vending-replay-into $(CAPTURE) -- $(FLAGS)

check: check-deps ## what to run while working: build, unit, golden, cli and a short model, without servers
	+@$(SIDE_BY_SIDE) all cli golden unit model MODEL_MESSAGES=5000
	@echo "make check: everything passed"

test: deps ## install what is missing, then run every test there is
	+@$(SIDE_BY_SIDE) all unit-programs asan-programs tools
	+@$(SIDE_BY_SIDE) $(PARTS:%=part-%) FUZZ_SECONDS=10
	@echo "make test: everything passed"

part-%:
	@began=$$(date +%s); $(MAKE) --no-print-directory $* && echo "  PASSED  $*: $$(($$(date +%s) - began)) s"

unit: unit-programs ## unit tests
	@RUN_WITH="$(RUN_WITH)" test/unit/run.sh $(JOBS) $(UNIT_TESTS)

unit-programs: $(UNIT_TESTS)

golden: all ## replay the golden captures and compare every byte
	@VENDING_PROCESSOR=$(BUILD)/vending-processor python3 test/golden/run.py --self-test
	@VENDING_PROCESSOR=$(BUILD)/vending-processor python3 test/golden/run.py

model: all ## random messages against a model of the contract, MODEL_MESSAGES=100000 of them
	$(call pytest,$(BUILD)) test/model

cli: all ## the programs as processes: flags, signals, pipes, memory; documents
	$(call pytest,$(BUILD)) test/cli

sanitize: ## unit and golden tests again under AddressSanitizer and UndefinedBehaviorSanitizer
	+$(ASAN) all unit golden

asan-programs:
	+$(ASAN) all unit-programs

fuzz: ## look for inputs that break a promise of the contract, for FUZZ_SECONDS=60 a target
	+@$(FUZZ_BUILD) $(FUZZ_TARGETS:%=build/fuzz/fuzz_%)
	@test/fuzz/seeds.py build/fuzz/seeds
	+@$(SIDE_BY_SIDE) $(FUZZ_TARGETS:%=fuzz-%)

fuzz-%:
	@mkdir -p build/fuzz/corpus/$*
	@build/fuzz/fuzz_$* -max_total_time=$(FUZZ_SECONDS) -max_len=9000 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix=build/fuzz/$*- build/fuzz/corpus/$* build/fuzz/seeds/$* >build/fuzz/$*.log 2>&1 \
		|| { cat build/fuzz/$*.log; exit 1; }
	@echo "  FUZZ    $*:$$(sed -n 's/^stat::number_of_executed_units://p' build/fuzz/$*.log) inputs, no promise broken"

valgrind: all unit-programs ## unit tests and a replay again under valgrind
	@CK_FORK=no $(MAKE) --no-print-directory unit \
		RUN_WITH="valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=9"
	valgrind --quiet --leak-check=full --error-exitcode=9 $(BUILD)/vending-processor --capture $(CAPTURE) >/dev/null
	valgrind --quiet --leak-check=full --error-exitcode=9 $(BUILD)/vending-input --tls verify --check >/dev/null

lint: ## compilers, analyzers and format of C; Python; shell (SQL is for the schema's tests)
	+@$(SIDE_BY_SIDE) $(LINTS)

lint-clang:
	+$(CLANG_BUILD) all unit-programs

lint-analyzer:
	$(MAKE) --no-print-directory BUILD=build/analyze OPTIMIZE="-O1 -fanalyzer" all

lint-headers:
	@set -e; for header in $(HEADERS); do \
		printf '#include "%s"\ntypedef int of_its_own;\n' $${header#plugin/} | $(CC) $(STANDARD) $(WARNINGS) -fsyntax-only -x c -; \
	done

lint-tidy:
	@echo "  TIDY    plugin"
	@printf '%s\n' $(SOURCES) | xargs -P $(JOBS) -n 1 -I FILE $(CLANG_TIDY) --quiet FILE -- $(STANDARD) 2>/dev/null

lint-cppcheck:
	cppcheck --quiet -j $(JOBS) --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches -Iplugin plugin

lint-format:
	@if clang-format --version | grep -q 'version $(FORMAT_VERSION)\.'; then \
		clang-format --dry-run --Werror $(SOURCES) $(HEADERS) $(TEST_SOURCES); \
	else \
		echo "formatting not checked: it is clang-format $(FORMAT_VERSION)'s, and versions differ; here is $$(clang-format --version)"; \
	fi

lint-python:
	test/ruff.sh check .

lint-shell:
	@echo "  SHELL   $$(grep -rlIE $(SHELL_SCRIPTS) | wc -l) scripts"
	@grep -rlIE $(SHELL_SCRIPTS) | xargs shellcheck -x

# What is run by a shell, with a suffix or without.
SHELL_SCRIPTS := '^\#!.*[ /](ba)?sh$$' --exclude-dir=build --exclude-dir=.git .

# What is made once below build/, for several parts.
tools: tool-telegraf tool-trixie tool-stack tool-npm tool-hadolint tool-ruff

tool-telegraf:
	@test/telegraf/build.sh

tool-trixie:
	@test/trixie-root.sh

tool-stack:
	@test/stack/root.sh

tool-benthos:
	@test/bench/benthos/build.sh

tool-npm:
	@test/grafana/npm.sh

tool-hadolint:
	@test/stack/hadolint.sh

tool-ruff:
	@test/ruff.sh --version

integration: all tool-telegraf tool-trixie ## real Mosquitto, Telegraf and TimescaleDB around the processor
	$(call pytest,$(BUILD)) test/integration

sanitize-integration: tool-telegraf tool-trixie ## vending-input with a real Mosquitto again, under both sanitizers
	+$(ASAN) all
	$(call pytest,build/asan) test/integration/test_input.py -k "not landing"

grafana-tests: all tool-trixie tool-npm ## what Grafana gets: each query against the real database, files by Grafana's own rules
	$(call pytest,$(BUILD)) test/grafana
	test/grafana/alerting/test.sh

bench: deps all tool-telegraf tool-trixie tool-stack tool-benthos ## measure everything: test/bench/RESULTS.md, then the landing, every panel's query, what a machine costs
	test/bench/run.py
	test/bench/landing.py
	test/bench/dashboards.py
	test/bench/sizing.py

bench-quick: all tool-benthos ## the processor alone, in under three minutes: CPU, instructions, sizes, memory
	@test/bench/run.py --quick

stack-tests: all tool-telegraf tool-trixie tool-stack tool-hadolint ## the stack's own files: broker, secrets, scaling, the stall; and all of it in Docker
	$(call pytest,$(BUILD)) --dist loadfile test/stack

up: secrets ## start the stack with docker compose, with secrets made at the first time
	$(COMPOSE) up --detach --wait --build --remove-orphans

demo: ## the stack with a simulated fleet, the last 24 hours first: make demo DEMO_DEVICES=50
	@plugin/stack/make-secrets.sh demo
	$(COMPOSE) --profile demo build
	$(COMPOSE) up --detach --wait --remove-orphans
	$(COMPOSE) run --rm backfill
	$(COMPOSE) --profile demo up --detach --wait

scale: secrets ## more or fewer Telegrafs, and none of their messages left behind: make scale N=3
	@COMPOSE="$(COMPOSE)" plugin/stack/scale.sh "$(N)"

down: ## stop the stack; the data stays
	$(COMPOSE) --profile demo --profile backfill down

logs: ## follow the stack's logs
	$(COMPOSE) logs --follow --tail 100

psql: ## a session in the stack's database
	$(COMPOSE) exec timescaledb sh -c 'psql -U postgres -d "$$POSTGRES_DB"'

migrate: ## apply the schema of this version to the stack's database
	$(COMPOSE) exec -T timescaledb sh /docker-entrypoint-initdb.d/100_vending.sh

device: secrets ## an account for a machine: make device SERIAL=VM-SH-001
	@plugin/stack/add-device.sh "$(SERIAL)"
	@test -z "$$($(COMPOSE) ps --quiet mosquitto)" || $(COMPOSE) exec -T mosquitto sh /stack/mosquitto.sh reload

device-remove: ## take it away again
	@plugin/stack/add-device.sh "$(SERIAL)" remove
	@test -z "$$($(COMPOSE) ps --quiet mosquitto)" || $(COMPOSE) exec -T mosquitto sh /stack/mosquitto.sh reload

secrets: ## make .env and .secrets/, without what is there already
	@plugin/stack/make-secrets.sh

deps: ## install what the tests need (Debian, Ubuntu)
	test/install-deps.sh test

check-deps:
	@test/install-deps.sh check

build-deps:
	@test/install-deps.sh build

format: ## format the C sources
	clang-format -i $(SOURCES) $(HEADERS) $(TEST_SOURCES)

# Copies and nothing else: whoever is root for it compiles nothing, and leaves no file of root's in build/.
install: ## install what make has built below PREFIX
	@for program in $(INSTALLED); do \
		test -x $$program || { echo "make install: $$program is not there: run make first, as yourself" >&2; exit 1; }; \
	done
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(INSTALLED) $(DESTDIR)$(PREFIX)/bin/

clean: ## remove what was built
	rm -rf build

# The Makefile says how, and which version this is.
$(BUILD)/obj/%.o: plugin/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(COMPILE) -c -o $@ $<

# Two rooms may each have a module of one name (input/options.c, replay/options.c): q adds what r
# would take for the same.
$(LIBRARY): $(call objects,$(ROOMS))
$(MQTT_LIBRARY): $(call objects,$(MQTT_ROOMS))
$(LIBRARY) $(MQTT_LIBRARY):
	@rm -f $@
	@$(AR) qcs $@ $^

$(MQTT_PROGRAMS:%=$(BUILD)/%) $(call unit_tests,$(MQTT_ROOMS)): $(MQTT_LIBRARY)
$(MQTT_PROGRAMS:%=$(BUILD)/%) $(call unit_tests,$(MQTT_ROOMS)): LIBS += $(MQTT_LIBS)

.SECONDARY: $(MAINS:plugin/%.c=$(BUILD)/obj/%.o)
$(BUILD)/vending-%: $(BUILD)/obj/%/main.o $(LIBRARY)
	@echo "  LD      $@"
	@$(CC) $(CFLAGS) $(LINK_FLAGS) $(LDFLAGS) -o $@ $< $(filter $(MQTT_LIBRARY),$^) $(LIBRARY) $(LIBS) $(LDLIBS)

$(call objects,$(MQTT_ROOMS)) $(MQTT_PROGRAMS:vending-%=$(BUILD)/obj/%/main.o): | mqtt-headers

mqtt-headers:
	@printf '#include <mosquitto.h>\n#include <openssl/ssl.h>\n' | $(CC) $(CPPFLAGS) $(CFLAGS) -E -o /dev/null - 2>/dev/null || { \
		echo "$(MQTT_PROGRAMS) need libmosquitto-dev and libssl-dev: test/install-deps.sh programs"; \
		echo "(the processor does not: make $(BUILD)/vending-processor)"; exit 1; } >&2

# check's own macros are not -Wpedantic clean.
$(BUILD)/unit/%: test/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(COMPILE) -Itest/unit -Wno-pedantic -Wno-gnu-zero-variadic-macro-arguments -Wno-unknown-warning-option -o $@ $< \
		$(filter $(MQTT_LIBRARY),$^) $(LIBRARY) $(LINK_FLAGS) $(LDFLAGS) $$(pkg-config --libs check) $(LIBS) $(LDLIBS)

# Of the rooms that know libmosquitto only what does not call it.
$(BUILD)/fuzz_%: test/fuzz/fuzz_%.c test/fuzz/promises.c $(MQTT_LIBRARY) $(LIBRARY)
	@echo "  CC      $@"
	@$(COMPILE) -Itest/fuzz -o $@ $(filter %.c,$^) $(MQTT_LIBRARY) $(LIBRARY) -fsanitize=fuzzer $(LINK_FLAGS) $(LDFLAGS) -ljansson -lm $(LDLIBS)

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/unit/*/*.d)
