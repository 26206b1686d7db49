# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# flowprobe: one non-recursive Makefile. `make help` lists the targets and the knobs.
#
# Everything built goes to $(O). User sources are found by folder, so a new file needs no change here; programs link the
# archive of everything but user/main.c, and so do the tests. Unit tests link a second archive, built with sanitizers.

NAME     := flowprobe
VERSION  := 0.1.0

# Knobs: set them on the command line or in the environment.
O        ?= build
V        ?= 0
CC       ?= cc
CLANG    ?= clang
BPFTOOL  ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool) # not in every user's PATH
CFLAGS   ?= -O2 -g
LDFLAGS  ?=
SAN      ?= address,undefined
WERROR   ?= 0
prefix   ?= /usr/local
bindir   ?= $(prefix)/bin
DESTDIR  ?=
# A first look should not have to wait for the default timeouts.
ARGS     ?= --active-timeout 5s --idle-timeout 2s

ifeq ($(V),0)
Q := @
say = @printf '  %-8s %s\n' '$(1)' '$(2)';
else
say =
endif

REVISION := $(shell git rev-parse --short=12 HEAD 2>/dev/null)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla \
	    $(if $(filter 1,$(WERROR)),-Werror)
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
USER_CPPFLAGS := -D_GNU_SOURCE -Iinclude -Iuser -I$(O)
USER_CFLAGS := -std=gnu11 $(WARNINGS) -pthread
USER_LDFLAGS := -pthread
HARDENING_LDFLAGS := -pie -Wl,-z,relro,-z,now
LIBS     := -lbpf -lelf -lz -lyaml

# clang needs the multiarch folder for <asm/types.h> when it compiles for bpf.
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror) -Iinclude -Ibpf \
	      -idirafter /usr/include/$(MULTIARCH)

SOURCES  := $(sort $(wildcard user/*/*.c))
OBJECTS  := $(SOURCES:%.c=$(O)/%.o)
SAN_OBJECTS := $(SOURCES:%.c=$(O)/san/%.o)
SKELETON := $(O)/probe.skel.h

TEST_LIB := $(sort $(wildcard tests/lib/*.c))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
BPF_TESTS := $(patsubst tests/bpf/%.c,$(O)/tests/bpf/%,$(sort $(wildcard tests/bpf/test_*.c)))
NETNS_TESTS := $(sort $(wildcard tests/netns/test_*.sh))
TEST_BPF := $(patsubst tests/bpf/%.bpf.c,$(O)/tests/bpf/%.skel.h,$(sort $(wildcard tests/bpf/*.bpf.c)))
TOOLS := $(patsubst tests/tools/%.c,$(O)/tests/tools/%,$(sort $(wildcard tests/tools/*.c)))
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCHES := $(patsubst tests/bench/%.c,$(O)/tests/bench/%,$(sort $(wildcard tests/bench/bench_*.c)))

all: $(O)/$(NAME)

help:
	@printf '%s\n' \
	  'make                 build $(O)/$(NAME)' \
	  'make run             install what is missing, build, and run on this machine (root; ARGS="...")' \
	  'make check           install what is missing, build, and run all tests (root)' \
	  'make check-unit      only the tests that need no privilege' \
	  'make check-bpf       only the tests of the kernel programs (root)' \
	  'make check-netns     only the tests with real traffic in network namespaces (root)' \
	  'make check-kernels   load, attach and count under other kernels (qemu)' \
	  'make lint            format, include boundaries, shell and C linters' \
	  'make asan            build $(O)/$(NAME)-asan with SAN=$(SAN)' \
	  'make fuzz            run every fuzzer for FUZZ_SECONDS=$(FUZZ_SECONDS) each' \
	  'make bench           print what packets, harvests and records cost (root)' \
	  'make install         DESTDIR=, prefix=$(prefix)' \
	  'make compile_commands.json' \
	  'make clean' \
	  'Knobs: O V CC CLANG BPFTOOL CFLAGS LDFLAGS SAN WERROR prefix DESTDIR'

# --- programs ---------------------------------------------------------------------------------------------------------

$(O)/probe.bpf.o: bpf/probe.bpf.c Makefile
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(SKELETON): $(O)/probe.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name probe_bpf > $@.new && mv $@.new $@

$(O)/user/capture/loader.o $(O)/san/user/capture/loader.o: $(SKELETON)

$(O)/user/%.o: user/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(USER_CPPFLAGS) $(CFLAGS) $(USER_CFLAGS) $(HARDENING) -MMD -MP -c $< -o $@

$(O)/san/user/%.o: user/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(USER_CPPFLAGS) $(CFLAGS) $(USER_CFLAGS) -fsanitize=$(SAN) -fno-sanitize-recover=all \
		-fno-omit-frame-pointer -MMD -MP -c $< -o $@

VERSION_FLAGS := -DFLOWPROBE_VERSION=\"$(VERSION)\" -DFLOWPROBE_REVISION=\"$(REVISION)\"
$(O)/user/cmd/version.o $(O)/san/user/cmd/version.o: \
	USER_CPPFLAGS += $(VERSION_FLAGS)

$(O)/lib$(NAME).a: $(OBJECTS)
$(O)/san/lib$(NAME).a: $(SAN_OBJECTS)
%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/$(NAME): $(O)/user/main.o $(O)/lib$(NAME).a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(USER_LDFLAGS) $(HARDENING_LDFLAGS) $^ $(LIBS) -o $@

$(O)/$(NAME)-asan: $(O)/san/user/main.o $(O)/san/lib$(NAME).a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(USER_LDFLAGS) -fsanitize=$(SAN) $^ $(LIBS) -o $@

asan: $(O)/$(NAME)-asan

run: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)exec $(O)/$(NAME) run $(ARGS)

install: $(O)/$(NAME)
	install -D -m 755 $< $(DESTDIR)$(bindir)/$(NAME)

deps:
	$(Q)packaging/install-deps.sh

deps-check:
	$(Q)packaging/install-deps.sh check

# --- tests ------------------------------------------------------------------------------------------------------------

TEST_CPPFLAGS := $(USER_CPPFLAGS) -Itests/lib -Ibpf -I$(O)/tests/bpf
TEST_LIB_OBJECTS := $(TEST_LIB:%.c=$(O)/%.o)
TEST_LIB_SAN_OBJECTS := $(TEST_LIB:%.c=$(O)/san/%.o)

$(O)/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) $(CFLAGS) $(USER_CFLAGS) -MMD -MP -c $< -o $@

$(O)/san/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) $(CFLAGS) $(USER_CFLAGS) -fsanitize=$(SAN) -fno-sanitize-recover=all \
		-fno-omit-frame-pointer -MMD -MP -c $< -o $@

# Archives, so that each program links only what it uses.
$(O)/tests/lib.a: $(TEST_LIB_OBJECTS)
$(O)/san/tests/lib.a: $(TEST_LIB_SAN_OBJECTS)

$(UNIT_TESTS): $(O)/tests/unit/%: $(O)/san/tests/unit/%.o $(O)/san/tests/lib.a $(O)/san/lib$(NAME).a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(USER_LDFLAGS) -fsanitize=$(SAN) $^ $(LIBS) -lcmocka $(TEST_LDFLAGS) -o $@

$(BPF_TESTS) $(BENCHES): $(O)/%: $(O)/%.o $(O)/tests/lib.a $(O)/lib$(NAME).a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(USER_LDFLAGS) $^ $(LIBS) -lcmocka -o $@

$(TOOLS): $(O)/%: $(O)/%.o $(O)/tests/lib.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(USER_LDFLAGS) $^ -o $@

$(O)/tests/bpf/%.bpf.o: tests/bpf/%.bpf.c Makefile
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(O)/tests/bpf/%.skel.h: $(O)/tests/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*) > $@.new && mv $@.new $@

$(BPF_TESTS:%=%.o) $(BENCHES:%=%.o) $(TEST_LIB_OBJECTS) $(TEST_LIB_SAN_OBJECTS): $(TEST_BPF)

tests: $(UNIT_TESTS) $(BPF_TESTS) $(TOOLS) $(TEST_BPF)

check: deps-check
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)tests/run.sh $(UNIT_TESTS) $(BPF_TESTS) $(NETNS_TESTS)

check-unit: $(UNIT_TESTS)
	$(Q)tests/run.sh $^

check-bpf: $(BPF_TESTS)
	$(Q)tests/run.sh $^

check-netns: $(O)/$(NAME) $(TOOLS) $(TEST_BPF)
	$(Q)tests/run.sh $(NETNS_TESTS)

check-kernels: all tests
	$(Q)tests/kernels/run.sh

bench: all $(BENCHES)
	$(Q)tests/bench/run.sh $(BENCHES)

FUZZ_SECONDS ?= 30
FUZZ_SOURCES_fuzz_parse := tests/lib/packet_builder.c tests/lib/packet_cases.c
FUZZ_SOURCES_fuzz_config := $(wildcard user/config/*.c)
$(O)/fuzz/%: tests/fuzz/%.c $(SOURCES) $(SKELETON) Makefile
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(TEST_CPPFLAGS) $(CFLAGS) -std=gnu11 -fsanitize=fuzzer,$(SAN) -fno-sanitize-recover=all -pthread \
		-MMD -MP -MF $@.d $< $(FUZZ_SOURCES_$*) $(LIBS) -o $@

fuzz: $(FUZZERS)
	$(Q)tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZERS)

lint:
	$(Q).ci/lint

compile_commands.json: $(SKELETON) $(TEST_BPF)
	$(call say,GEN,$@)
	$(Q)tests/compile-commands.sh $(CC) '$(TEST_CPPFLAGS) $(VERSION_FLAGS) $(USER_CFLAGS)' user/main.c $(SOURCES) \
		$(wildcard tests/*/*.c) > $@

clean:
	rm -rf $(O) compile_commands.json

-include $(shell find $(O) -name '*.d' 2>/dev/null)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help run install deps deps-check asan tests check check-unit check-bpf check-netns check-kernels bench fuzz \
	lint clean
