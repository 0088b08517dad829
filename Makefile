# SPDX-License-Identifier: GPL-2.0-only
# ephemport: see 'make help'.

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
LIBS := -lelf -lz -pthread
LINK = $(if $(STATIC),-static $(LIBS_STATIC) $(LIBS), \
	-Wl$(comma)-Bstatic $(LIBS_STATIC) -Wl$(comma)-Bdynamic $(LIBS))

BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Werror \
	-Wno-unused-parameter -Ibpf -Ivmlinux -I/usr/include/$(shell uname -m)-linux-gnu
BPF_OBJECTS := $(patsubst bpf/%.bpf.c,$(BUILD)/%.bpf.o,$(wildcard bpf/*.bpf.c))
SKELETONS := $(BPF_OBJECTS:.bpf.o=.skel.h)

SOURCES := $(shell find user -name '*.c')
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
PROGRAM := $(if $(STATIC),$(BUILD)/ephemport,ephemport)

.DELETE_ON_ERROR:
.PHONY: all help clean check-unit check-live-range fuzz
.SECONDARY:

all: $(PROGRAM) ## build ./ephemport (STATIC=1: build/static/ephemport; DEBUG=1: sanitizers)

help: ## list the targets
	@sed -n 's/^\([a-z_.-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 24

$(PROGRAM): $(OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LINK)

# Every source of user/trace may use a skeleton; the others build without clang.
$(filter $(BUILD)/user/trace/%,$(OBJECTS)): $(SKELETONS)

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

fuzz: $(FUZZERS:%=build/fuzz/fuzz_%) ## fuzz the parsers, FUZZ_SECONDS=30 each
	@set -e; for fuzzer in $(FUZZERS); do mkdir -p build/fuzz/corpus/$$fuzzer; \
		build/fuzz/fuzz_$$fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
			-artifact_prefix=build/fuzz/ build/fuzz/corpus/$$fuzzer \
			tests/fuzz/corpus/$$fuzzer; done

-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d)

clean: ## remove what was built
	rm -rf build ephemport compile_commands.json
