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
WITH_HTTP ?= 1
WITH_METRICS ?= 1
INSTALL  ?= install
DESTDIR  ?=
prefix   ?= /usr/local
bindir   ?= $(prefix)/bin
datadir  ?= $(prefix)/share
mandir   ?= $(datadir)/man
docdir   ?= $(datadir)/doc/$(NAME)
licensedir ?= $(datadir)/licenses/$(NAME)
unitdir  ?= $(prefix)/lib/systemd/system
sysconfdir ?= /etc
# A first look should not have to wait for the default timeouts.
ARGS     ?= --active-timeout 5s --idle-timeout 2s

ifeq ($(V),0)
Q := @
say = @printf '  %-8s %s\n' '$(1)' '$(2)';
else
say =
endif

ifeq ($(origin REVISION),undefined)
REVISION := $(shell git rev-parse --short=12 HEAD 2>/dev/null)
endif
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla \
	    $(if $(filter 1,$(WERROR)),-Werror)
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
USER_CPPFLAGS := -D_GNU_SOURCE -Iinclude -Iuser -I$(O)
USER_CFLAGS := -std=gnu11 $(WARNINGS) -pthread
USER_LDFLAGS := -pthread
HARDENING_LDFLAGS := -pie -Wl,-z,relro,-z,now
SAN_LDFLAGS := $(if $(SAN),-fsanitize=$(SAN))
SAN_CFLAGS := $(if $(SAN),$(SAN_LDFLAGS) -fno-sanitize-recover=all -fno-omit-frame-pointer)
LIBS     := -lbpf -lelf -lz -lyaml $(if $(filter 1,$(WITH_HTTP)),-lcurl -ljansson) $(if $(filter 1,$(WITH_METRICS)),-lmicrohttpd)

# clang needs the multiarch folder for <asm/types.h> when it compiles for bpf.
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror) -Iinclude -Ibpf \
	      -idirafter /usr/include/$(MULTIARCH)

# What needs libcurl and jansson, or libmicrohttpd; X_absent.c takes the place of X.c without them.
HTTP_SOURCES := user/export/check_openobserve.c user/export/curl.c user/export/openobserve.c user/export/o2_answer.c \
	        user/export/o2_client.c user/export/o2_sender.c user/lib/json_tree.c user/cmd/openobserve.c \
	        $(wildcard user/provision/*.c)
METRICS_SOURCES := user/agent/metrics_server.c
MISSING_SOURCES := $(if $(filter 1,$(WITH_HTTP)),,$(HTTP_SOURCES)) $(if $(filter 1,$(WITH_METRICS)),,$(METRICS_SOURCES))
LEFT_OUT := $(MISSING_SOURCES) \
	$(filter-out $(MISSING_SOURCES:%.c=%_absent.c),$(wildcard user/*/*_absent.c))
SOURCES  := $(sort $(filter-out $(LEFT_OUT),$(wildcard user/*/*.c)))
OBJECTS  := $(SOURCES:%.c=$(O)/%.o)
SAN_OBJECTS := $(SOURCES:%.c=$(O)/san/%.o)
SKELETON := $(O)/probe.skel.h

TEST_LIB := $(sort $(wildcard tests/lib/*.c))
HTTP_TESTS := $(if $(filter 1,$(WITH_HTTP)),,$(patsubst %,$(O)/tests/unit/test_%, \
	http% json_tree o2_answer openobserve% provision%))
METRICS_TESTS := $(if $(filter 1,$(WITH_METRICS)),,$(O)/tests/unit/test_metrics_server)
UNIT_TESTS := $(filter-out $(HTTP_TESTS) $(METRICS_TESTS),$(patsubst tests/unit/%.c,$(O)/tests/unit/%, \
	$(sort $(wildcard tests/unit/test_*.c))))
BPF_TESTS := $(patsubst tests/bpf/%.c,$(O)/tests/bpf/%,$(sort $(wildcard tests/bpf/test_*.c)))
NETNS_TESTS := $(sort $(wildcard tests/netns/test_*.sh))
OPENOBSERVE_TESTS := $(sort $(wildcard tests/openobserve/test_*.py tests/openobserve/test_*.sh))
PACKAGE_TESTS := $(sort $(wildcard tests/packages/test_*.sh))
TEST_BPF := $(patsubst tests/bpf/%.bpf.c,$(O)/tests/bpf/%.skel.h,$(sort $(wildcard tests/bpf/*.bpf.c)))
TOOLS := $(patsubst tests/tools/%.c,$(O)/tests/tools/%,$(sort $(wildcard tests/tools/*.c)))
FUZZERS := $(filter-out $(if $(filter 1,$(WITH_HTTP)),,%/fuzz_o2_answer), \
	$(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c))))
# Their targets with inputs that do not change, as unit tests.
REPLAYS  := $(FUZZERS:$(O)/fuzz/%=$(O)/tests/fuzz/%)
BENCHES := $(filter-out $(if $(filter 1,$(WITH_HTTP)),,%/bench_openobserve), \
	$(patsubst tests/bench/%.c,$(O)/tests/bench/%,$(sort $(wildcard tests/bench/bench_*.c))))

# What is generated from the option table, and installed beside the program.
MANUALS  := $(patsubst packaging/man/%.in,$(O)/share/%,$(wildcard packaging/man/*.in))
SHARED   := $(MANUALS) $(O)/share/completion

all: $(O)/$(NAME) $(SHARED)

help:
	@printf '%s\n' \
	  'make                 build $(O)/$(NAME)' \
	  'make run             install what is missing, build, and run on this machine (root; ARGS="...")' \
	  'make check           install what is missing, build, and run all tests (root)' \
	  'make check-unit      only the tests that need no privilege' \
	  'make check-big-endian  those on a big-endian processor (s390x in qemu)' \
	  'make check-bpf       only the tests of the kernel programs (root)' \
	  'make check-netns     only the tests with real traffic in network namespaces (root)' \
	  'make check-openobserve  only those with a double of OpenObserve, which need no privilege either' \
	  'make check-kernels   load, attach and count under other kernels (qemu)' \
	  'make lint            format, include boundaries, shell and C linters' \
	  'make asan            build $(O)/$(NAME)-asan with SAN=$(SAN)' \
	  'make fuzz            run every fuzzer for FUZZ_SECONDS=$(FUZZ_SECONDS) each' \
	  'make bench           print what packets, harvests and records cost (root)' \
	  'make install         DESTDIR=, prefix=$(prefix)' \
	  'make deb             the package for Debian and Ubuntu, of what is committed, in $(O)/deb' \
	  'make rpm             the same for Fedora and RHEL, in $(O)/rpm' \
	  'make check-packages  build both and look into them (root)' \
	  'make check-e2e       the service in a booted Debian: from installing to purging (root)' \
	  'make compile_commands.json' \
	  'make clean' \
	  'Knobs: O V CC CLANG BPFTOOL CFLAGS LDFLAGS SAN WERROR WITH_HTTP WITH_METRICS' \
	  '       DESTDIR prefix bindir datadir mandir docdir licensedir unitdir sysconfdir'

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
	$(Q)$(CC) $(CPPFLAGS) $(USER_CPPFLAGS) $(CFLAGS) $(USER_CFLAGS) $(SAN_CFLAGS) -MMD -MP -c $< -o $@

# The assembler reads the files that setup installs; which is now, and not when the linker optimises.
ASSETS := $(shell find packaging/openobserve -name '*.json' -o -name '*.vrl')
$(O)/user/provision/assets.o $(O)/san/user/provision/assets.o: USER_CFLAGS += -fno-lto -Wa,-Ipackaging/openobserve
$(O)/user/provision/assets.o $(O)/san/user/provision/assets.o: $(ASSETS)

VERSION_FLAGS := -DFLOWPROBE_VERSION=\"$(VERSION)\" -DFLOWPROBE_REVISION=\"$(REVISION)\"
$(O)/user/lib/version.o $(O)/san/user/lib/version.o: USER_CPPFLAGS += $(VERSION_FLAGS)

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
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(USER_LDFLAGS) $(SAN_LDFLAGS) $^ $(LIBS) -o $@

asan: $(O)/$(NAME)-asan

run: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)exec $(O)/$(NAME) run $(ARGS)

# --- packages ---------------------------------------------------------------------------------------------------------

# @OPTIONS@, on a line of its own, is what the program knows about its options itself.
$(O)/share/%: packaging/man/%.in $(O)/$(NAME) Makefile
	@mkdir -p $(@D)
	$(call say,MAN,$@)
	$(Q)$(O)/$(NAME) config man-options $(subst .,,$(suffix $*)) > $@.options
	$(Q)sed -e '/^@OPTIONS@$$/{r $@.options' -e 'd}' -e 's/@VERSION@/$(VERSION)/' $< > $@
	$(Q)rm $@.options

$(O)/share/completion: $(O)/$(NAME)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$< config completion bash > $@

# A configuration that is there already is left alone, whatever is in it.
install: $(O)/$(NAME) $(SHARED)
	$(Q)$(INSTALL) -D -m 755 $(O)/$(NAME) $(DESTDIR)$(bindir)/$(NAME)
	$(Q)for page in $(notdir $(MANUALS)); do \
		$(INSTALL) -D -m 644 $(O)/share/$$page $(DESTDIR)$(mandir)/man$${page##*.}/$$page || exit; done
	$(Q)$(INSTALL) -D -m 644 $(O)/share/completion $(DESTDIR)$(datadir)/bash-completion/completions/$(NAME)
	$(Q)mkdir -p $(DESTDIR)$(unitdir) && \
		sed 's,/usr/bin/$(NAME),$(bindir)/$(NAME),; s,-c /etc/,-c $(sysconfdir)/,' packaging/systemd/$(NAME).service \
		> $(DESTDIR)$(unitdir)/$(NAME).service && chmod 644 $(DESTDIR)$(unitdir)/$(NAME).service
	$(Q)mkdir -p $(DESTDIR)$(sysconfdir)/$(NAME)/conf.d
	$(Q)[ -e $(DESTDIR)$(sysconfdir)/$(NAME)/$(NAME).yaml ] || \
		$(INSTALL) -D -m 644 packaging/$(NAME).yaml $(DESTDIR)$(sysconfdir)/$(NAME)/$(NAME).yaml
	$(Q)cd packaging && find openobserve -type f -exec $(INSTALL) -D -m 644 {} $(DESTDIR)$(datadir)/$(NAME)/{} \;
	$(Q)cd packaging && find examples -type f -exec $(INSTALL) -D -m 644 {} $(DESTDIR)$(docdir)/{} \;
	$(Q)for file in README.md CHANGELOG.md; do \
		$(INSTALL) -D -m 644 $$file $(DESTDIR)$(docdir)/$$file || exit; done
	$(Q)for file in LICENSE*; do \
		$(INSTALL) -D -m 644 $$file $(DESTDIR)$(licensedir)/$$file || exit; done

# Both are of what is committed, as anybody else would get it.
deb rpm:
	$(Q)packaging/install-deps.sh packages
	$(Q)packaging/build-$@.sh $(O)/$@ $(VERSION) $(REVISION)

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
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) $(CFLAGS) $(USER_CFLAGS) $(SAN_CFLAGS) -MMD -MP -c $< -o $@

# Archives, so that each program links only what it uses.
$(O)/tests/lib.a: $(TEST_LIB_OBJECTS)
$(O)/san/tests/lib.a: $(TEST_LIB_SAN_OBJECTS)

$(UNIT_TESTS): $(O)/tests/unit/%: $(O)/san/tests/unit/%.o $(O)/san/tests/lib.a $(O)/san/lib$(NAME).a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(USER_LDFLAGS) $(SAN_LDFLAGS) $^ $(LIBS) -lcmocka $(TEST_LDFLAGS) -o $@

$(REPLAYS): $(O)/tests/fuzz/%: $(O)/san/tests/fuzz/%.o $(O)/san/tests/fuzz/replay.o $(O)/san/tests/lib.a $(O)/san/lib$(NAME).a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(USER_LDFLAGS) $(SAN_LDFLAGS) $^ $(LIBS) -o $@

# Functions that a test plays itself: it fails them, holds them up, or looks at what they are given.
comma := ,
wrap = $(addprefix -Wl$(comma)--wrap=,$(1))
$(O)/tests/unit/test_resolver: TEST_LDFLAGS := $(call wrap,getaddrinfo freeaddrinfo pthread_create)
$(O)/tests/unit/test_udp: TEST_LDFLAGS := $(call wrap,send getaddrinfo clock_monotonic_ns)
$(O)/tests/unit/test_announcer: TEST_LDFLAGS := $(call wrap,clock_monotonic_ns clock_realtime_ns)
$(O)/tests/unit/test_collector: TEST_LDFLAGS := $(call wrap,clock_monotonic_ns)
$(O)/tests/unit/test_collector_errors: TEST_LDFLAGS := $(call wrap,clock_monotonic_ns calloc)
$(O)/tests/unit/test_check $(O)/tests/unit/test_tls: TEST_LDFLAGS := $(call wrap,getaddrinfo)
$(O)/tests/unit/test_udp_path: TEST_LDFLAGS := $(call wrap,clock_monotonic_ns)
$(O)/tests/unit/test_stream $(O)/tests/unit/test_stream_open: \
	TEST_LDFLAGS := $(call wrap,connect recv getaddrinfo clock_monotonic_ns)

$(O)/tests/unit/test_config_memory: TEST_LDFLAGS += -Wl,--wrap=strdup
$(O)/tests/unit/test_json_batch $(O)/tests/unit/test_json_batch_packed: TEST_LDFLAGS := $(call wrap,realloc)
$(O)/tests/unit/test_credential $(O)/tests/unit/test_http $(O)/tests/unit/test_http_trouble: \
	TEST_LDFLAGS := $(call wrap,free)
$(filter $(O)/tests/unit/test_openobserve%,$(UNIT_TESTS)): \
	TEST_LDFLAGS := $(call wrap,clock_monotonic_ns clock_realtime_ns export_wait getrandom)
$(O)/tests/unit/test_leftovers: TEST_LDFLAGS := $(call wrap,log_warning)
$(O)/tests/unit/test_traffic: TEST_LDFLAGS := $(call wrap,calloc)
$(O)/tests/unit/test_exports $(O)/tests/unit/test_metrics_server: TEST_LDFLAGS := $(call wrap,clock_monotonic_ns)
# These are not there, rather than failing: they would want libbpf.
$(O)/tests/unit/test_metrics $(O)/tests/unit/test_metrics_server: \
	TEST_LDFLAGS += $(call wrap,loader_libbpf_version)
$(O)/tests/unit/test_status: TEST_LDFLAGS := $(call wrap,hook_kind_name)
$(O)/tests/unit/test_observer: \
	TEST_LDFLAGS := $(call wrap,clock_monotonic_ns attachments_next exports_count exports_get exports_are_stuck)
$(O)/tests/unit/test_spool_crash: TEST_LDFLAGS := $(call wrap,openat write fsync renameat unlinkat readdir)

$(BPF_TESTS) $(BENCHES): $(O)/%: $(O)/%.o $(O)/tests/lib.a $(O)/lib$(NAME).a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(USER_LDFLAGS) $^ $(LIBS) -lcmocka -o $@

$(TOOLS): $(O)/%: $(O)/%.o $(O)/tests/lib.a $(O)/lib$(NAME).a
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

tests: $(UNIT_TESTS) $(REPLAYS) $(BPF_TESTS) $(TOOLS) $(TEST_BPF)

check: deps-check
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)tests/run.sh $(UNIT_TESTS) $(REPLAYS) $(OPENOBSERVE_TESTS) $(BPF_TESTS) $(NETNS_TESTS)

check-unit: $(UNIT_TESTS) $(REPLAYS)
	$(Q)tests/run.sh $^

# The order of bytes must not matter. Built for s390x, with what Debian has for it, and run by an emulator. The objects
# for the kernel are this machine's all the same: the sources include their skeletons, but no unit test loads them.
BIG_ENDIAN := CC=s390x-linux-gnu-gcc AR=s390x-linux-gnu-ar MULTIARCH=$(MULTIARCH) SAN= WITH_HTTP=0 WITH_METRICS=0 \
	      LIBS="-lyaml -l:libz.so.1" EMULATOR=qemu-s390x-static

check-big-endian:
	$(Q)packaging/install-deps.sh big-endian
	$(Q)$(MAKE) --no-print-directory O=$(O)/big-endian $(BIG_ENDIAN) check-unit

check-bpf: $(BPF_TESTS)
	$(Q)tests/run.sh $^

check-netns: $(O)/$(NAME) $(TOOLS) $(TEST_BPF)
	$(Q)tests/run.sh $(NETNS_TESTS)

check-openobserve: $(O)/$(NAME) $(TOOLS)
	$(Q)tests/run.sh $(OPENOBSERVE_TESTS)

check-packages: deb rpm
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/e2e/rootfs.sh $(O)/deb/$(NAME)_*_*.deb >/dev/null || : # takes long the first time; the test says why not
	$(Q)tests/run.sh $(PACKAGE_TESTS)

check-e2e: deb
	$(Q)packaging/install-deps.sh e2e
	$(Q)tests/e2e/run.sh

check-kernels: all tests
	$(Q)tests/kernels/run.sh

bench: all $(BENCHES)
	$(Q)tests/bench/run.sh $(BENCHES)

FUZZ_SECONDS ?= 30
FUZZ_SOURCES_fuzz_parse := tests/lib/packet_builder.c tests/lib/packet_cases.c
FUZZ_SOURCES_fuzz_config := $(wildcard user/config/*.c) user/encode/utf8.c \
	$(patsubst %,user/lib/%.c,clock endpoint log o2_url)
IPFIX_CHECK := tests/lib/ipfix_builder.c $(patsubst %,tests/lib/ipfix_%.c,check described elements records shapes \
	       templates types)
FUZZ_SOURCES_fuzz_ipfix_check := $(IPFIX_CHECK) tests/lib/ipfix_json.c
FUZZ_SOURCES_fuzz_ipfix_valid := $(IPFIX_CHECK)
FUZZ_SOURCES_fuzz_ipfix_pcap := $(IPFIX_CHECK) $(patsubst %,tests/lib/%.c,ip_segment ipfix_sessions ipfix_stream \
				packet_builder pcap_builder pcap_reader tcp_assembly)
FUZZ_SOURCES_fuzz_json_batch := user/export/json_batch.c user/lib/sha1.c \
	$(addprefix user/encode/,community_id.c json.c protocol.c text.c utf8.c)
FUZZ_SOURCES_fuzz_o2_answer := user/export/o2_answer.c user/lib/json_tree.c
FUZZ_SOURCES_fuzz_o2_url := user/lib/endpoint.c user/lib/o2_url.c
$(O)/fuzz/%: tests/fuzz/%.c $(SOURCES) $(TEST_LIB) $(SKELETON) Makefile
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

-include $(shell find $(O) -name deb -prune -o -name rpm -prune -o -type f -name '*.d' -print 2>/dev/null)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help run install deps deps-check asan tests check check-unit check-big-endian check-bpf check-netns \
	check-openobserve check-packages check-e2e check-kernels bench fuzz lint deb rpm clean
