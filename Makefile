# SPDX-License-Identifier: GPL-2.0-only
# ephemport: see 'make help'.

all:

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
LLVM_STRIP ?= llvm-strip
ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')

# STATIC=1: one file that runs in an empty container; DEBUG=1: sanitizers on. Each builds in a
# directory of its own, so that switching does not mix objects.
VARIANT := $(if $(STATIC),static,$(if $(DEBUG),debug,release))
BUILD := build/$(VARIANT)

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror
comma := ,
override CPPFLAGS += -D_GNU_SOURCE -DEPHEMPORT_VERSION='"$(VERSION)"' -Iuser -Ibpf -I$(BUILD)
override CFLAGS += -std=gnu17 $(WARNINGS) \
	$(if $(DEBUG),-O1 -fsanitize=address$(comma)undefined -fno-omit-frame-pointer)
# libbpf is always linked statically: the one of a distribution may be older than what we need.
LIBS_STATIC := -lbpf -ljson-c
# SQLite is the distribution's, that it may mend it; its interface has not changed in many years.
LIBS := -lsqlite3 -lelf -lz -lm -pthread
LINK = $(if $(STATIC),-static $(LIBS_STATIC) $(LIBS), \
	-Wl$(comma)-Bstatic $(LIBS_STATIC) -Wl$(comma)-Bdynamic $(LIBS))

BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Werror \
	-Wno-unused-parameter -Ibpf -Ivmlinux -I/usr/include/$(shell uname -m)-linux-gnu
BPF_OBJECTS := $(patsubst bpf/%.bpf.c,$(BUILD)/%.bpf.o,$(wildcard bpf/*.bpf.c))
SKELETONS := $(BPF_OBJECTS:.bpf.o=.skel.h)

SOURCES := $(shell find user -name '*.c')
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
PROGRAM := $(if $(STATIC)$(DEBUG),$(BUILD)/ephemport,ephemport)
SHELL_SCRIPTS := .ci/run tests/run tools/setup tools/kernel tools/vm tools/vm-init tools/demo \
	tools/demo-load tests/vm/kernel-matrix $(wildcard tests/*.sh tests/*/*.sh)

.DELETE_ON_ERROR:
.PHONY: all help clean check check-unit check-run check-live-range demo guest-files kernel-matrix \
	lint format install compile_commands.json fuzz
.SECONDARY:

all: $(PROGRAM) ## build ./ephemport (STATIC=1: build/static/ephemport; DEBUG=1: sanitizers)

help: ## list the targets
	@sed -n 's/^\([a-z_.-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 24

$(PROGRAM): $(OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LINK)

# Every source of user/trace may use a skeleton; the others build without clang.
$(filter $(BUILD)/user/trace/%,$(OBJECTS)): $(SKELETONS)

# The page of 'report' without its data: style, scripts and the chart library in one file, which
# user/render/page.c takes in.
D3 ?= $(firstword $(wildcard /usr/share/nodejs/d3/dist/d3.min.js /usr/share/javascript/d3/d3.min.js))
PAGE := user/render/page
PAGE_SCRIPTS := $(addprefix $(PAGE)/,data.js head.js tables.js frame.js timeline.js distributions.js \
	page.js)

$(BUILD)/page.html: $(PAGE)/page.html $(PAGE)/page.css $(PAGE)/d3-license.js $(PAGE_SCRIPTS) $(D3)
	@test -n "$(D3)" || { echo "no D3 library (Debian: node-d3): run tools/setup build, or make" \
		"D3=FILE with a d3.min.js of version 5" >&2; exit 1; }
	@mkdir -p $(@D)
	cat $(PAGE_SCRIPTS) > $(BUILD)/page.js
	sed -e '/^@CSS@$$/{r $(PAGE)/page.css' -e 'd;}' \
		-e '/^@D3@$$/{r $(PAGE)/d3-license.js' -e 'r $(D3)' -e 'd;}' \
		-e '/^@JS@$$/{r $(BUILD)/page.js' -e 'd;}' $(PAGE)/page.html > $@

$(BUILD)/user/render/page.o: $(BUILD)/page.html

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h vmlinux/*.h)
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c -o $@ $<
	$(LLVM_STRIP) -g $@

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# One cmocka program for each tests/unit/test_*.c, linked with everything below the commands.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
LIBRARY := $(filter-out $(BUILD)/user/main.o $(BUILD)/user/commands/%,$(OBJECTS))

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LINK) -lcmocka

check-unit: $(UNIT_TESTS) ## run the unit tests alone
	@set -e; for test in $^; do $$test; done

# What runs in guests has no libraries there. The load generator and the matcher are the tests'
# truth: they share no code with the program.
TOOLS_STATIC := build/static/load build/static/match build/static/truth build/static/compare
build/static/load: $(wildcard tests/load/*.c tests/load/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -g $(WARNINGS) -static -pthread -o $@ \
		$(filter-out tests/load/match%.c,$(filter %.c,$^))

build/static/match: $(wildcard tests/load/match*.c tests/load/match*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -g $(WARNINGS) -static -o $@ $(filter %.c,$^) -ljson-c

# What the cost of tracing is measured with: see tests/bench/run.
build/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -g $(WARNINGS) -static -pthread -o $@ $< \
		$(if $(filter floor,$*),$(LIBS_STATIC) $(LIBS))

# It is linked with what it measures.
$(BUILD)/tests/bench/store: $(BUILD)/tests/bench/store.o $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LINK)

$(BUILD)/tests/bench/userspace: $(BUILD)/tests/bench/userspace.o $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LINK)

.PHONY: bench bench-compare bench-native bench-store bench-user bench-growth
SHELL_SCRIPTS += $(addprefix tests/bench/,run compare check native growth) tests/bench/growth.sh

bench: ## what tracing costs, in instructions (KERNEL=6.12; STORE=1: into docs/cost.md)
	tools/setup build guest bench
	tests/bench/run --kernel $(or $(KERNEL),6.12) $(if $(STORE),--store)

bench-compare: ## what changed in that since a revision (BASE=main, KERNEL=6.12)
	tests/bench/compare $(or $(BASE),main) $(or $(KERNEL),6.12)

bench-native: ## what tracing costs a storm of connects on this machine, in time (STORE=1)
	tests/bench/native $(if $(STORE),--store)

bench-store: $(BUILD)/tests/bench/store ## how many allocations a second a recording takes (ROWS=2000000)
	$< $(or $(TMPDIR),/tmp) $(ROWS)

bench-user: all $(BUILD)/tests/bench/userspace ## what the user-space half manages and takes (STORE=1)
	tests/bench/user $(if $(STORE),--store)

bench-growth: ## whether that stays with many sockets, threads and namespaces (KERNEL=6.12; STORE=1)
	tools/setup build guest
	tests/bench/growth --kernel $(or $(KERNEL),6.12) $(if $(STORE),--store)

# Counts candidates in the kernel's own loops: what `examined` is held against in guests.
TRUTH := build/static/tests/vm/truth
$(TRUTH)/truth.bpf.o: $(wildcard tests/vm/truth/truth.bpf.c tests/vm/truth/*.h vmlinux/*.h)
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -Itests/vm/truth -c -o $@ $<
	$(LLVM_STRIP) -g $@

$(TRUTH)/truth.skel.h: $(TRUTH)/truth.bpf.o
	$(BPFTOOL) gen skeleton $< name truth_bpf > $@

build/static/truth: $(wildcard tests/vm/truth/truth.[ch] tests/vm/truth/find.[ch]) \
		$(TRUTH)/truth.skel.h
	$(CC) -std=gnu17 -O2 -g $(WARNINGS) -I$(TRUTH) -static -o $@ $(filter %.c,$^) \
		$(LIBS_STATIC) $(LIBS)

build/static/compare: $(wildcard tests/vm/truth/compare*.[ch])
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -g $(WARNINGS) -static -o $@ $(filter %.c,$^) -ljson-c

guest-files: $(TOOLS_STATIC) ## build what tests and guests need, statically
	+$(MAKE) --no-print-directory STATIC=1

MATRIX ?= 5.10 6.1 6.12 6.18 7.3
kernel-matrix: guest-files ## write docs/kernel-matrix.md, in guests: minutes a kernel (MATRIX='6.1 7.3')
	tests/vm/kernel-matrix full $(MATRIX) > build/kernel-matrix.md
	mv build/kernel-matrix.md docs/kernel-matrix.md

demo: ## install what is missing, build, and show real allocations (GUEST=6.12: in a guest)
	tools/setup build
	+$(MAKE) --no-print-directory all guest-files
	tools/demo $(GUEST)

check: ## install what the tests need, build, and run every test
	tools/setup
	+$(MAKE) --no-print-directory all guest-files fuzzers check-run

# Recordings of which every record is known, for the tests of pages.
build/page/recording: tests/page/recording.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LINK)

check-run: $(UNIT_TESTS) build/page/recording
	tests/run $(UNIT_TESTS)

lint: ## check formatting, and the code with clang-tidy and shellcheck
	clang-format --dry-run --Werror $(SOURCES) $(shell find bpf user vmlinux tests -name '*.[ch]')
	clang-tidy --quiet $(SOURCES) -- $(CPPFLAGS) -std=gnu17
	shellcheck $(SHELL_SCRIPTS)

format: ## format the C sources in place
	clang-format -i $(shell find bpf user vmlinux tests -name '*.[ch]')

compile_commands.json: ## for editors
	@for source in $(SOURCES); do \
		printf '{"directory":"%s","file":"%s","command":"%s"},\n' "$(CURDIR)" "$$source" \
			'$(CC) $(subst ",\",$(CPPFLAGS)) $(CFLAGS) -c'; \
	done | sed '1s/^/[/; $$s/,$$/]/' > $@

$(BUILD)/ephemport.8: $(PROGRAM)
	./$(PROGRAM) help --man > $@

$(BUILD)/ephemport.bash: $(PROGRAM)
	./$(PROGRAM) help --bash > $@

install: $(PROGRAM) $(BUILD)/ephemport.8 $(BUILD)/ephemport.bash ## install below DESTDIR and PREFIX
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/sbin/ephemport
	install -D -m 644 $(BUILD)/ephemport.8 $(DESTDIR)$(PREFIX)/share/man/man8/ephemport.8
	install -D -m 644 $(BUILD)/ephemport.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ephemport
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/ephemport $(wildcard docs/*.schema.json)

check-live-range: $(PROGRAM) ## test 'range' on this kernel, in namespaces of its own (root)
	bats tests/live/range_*.bats

# Parsers of what others write, under libFuzzer; the seeds are captures of real systems.
FUZZ_SECONDS ?= 30
FUZZERS := import range sysctl_conf
FUZZ_SOURCES := $(wildcard user/range/*.c user/util/*.c)
FUZZ_CFLAGS := -g -O1 -fsanitize=fuzzer$(comma)address$(comma)undefined -std=gnu17 $(WARNINGS)

build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_SOURCES)
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS) $(FUZZ_CFLAGS) -o $@ $^ -ljson-c -pthread

.PHONY: fuzzers
fuzzers: $(FUZZERS:%=build/fuzz/fuzz_%)

fuzz: fuzzers ## fuzz the parsers, FUZZ_SECONDS=30 each
	@set -e; for fuzzer in $(FUZZERS); do mkdir -p build/fuzz/corpus/$$fuzzer; \
		build/fuzz/fuzz_$$fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
			-artifact_prefix=build/fuzz/ build/fuzz/corpus/$$fuzzer \
			tests/fuzz/corpus/$$fuzzer; done

-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d)

clean: ## remove what was built
	rm -rf build ephemport compile_commands.json
