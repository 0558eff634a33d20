# SPDX-License-Identifier: Apache-2.0
# Baton's one build file. `make` alone lists the commands; everything built lands under build/.
# A command (run, test, ...) checks its variables, installs what is missing, then calls this same
# file again for the files it needs: the toolchain is looked for only after it is installed.
# Commands stand at the end.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
B := build

# ---- variables of the commands (scripts/check_vars.sh refuses wrong values) ----
GIC ?= 3
CPU ?= cortex-a57
MEM ?= 1024
CHECKED ?= 0
VARS := GIC SMP CPU MEM VCPUS GUEST_MEM TIMEOUT LRS CHECKED TRACE WATCHDOG GUEST INITRD VMS \
    DEVICES DMA_TRUSTED
export $(VARS) CMDLINE CROSS_COMPILE

# ---- toolchain: CROSS_COMPILE, else aarch64-none-elf-, else aarch64-linux-gnu- ----
ifeq ($(CROSS_COMPILE),)
CROSS := $(if $(shell command -v aarch64-none-elf-g++),aarch64-none-elf-,aarch64-linux-gnu-)
else
CROSS := $(CROSS_COMPILE)
endif
HOST_CXX ?= g++
CAN_LOAD := $(filter load,$(.FEATURES))
# CLANG=1 builds the hypervisor with clang and lld instead, as a second opinion (make lint).
EL2_CC_CMD := $(if $(CLANG),clang --target=aarch64-linux-gnu,$(CROSS)gcc)
EL2_CXX_CMD := $(if $(CLANG),clang++ --target=aarch64-linux-gnu,$(CROSS)g++)
# The whole machine, unless the user said -j himself.
SUBMAKE = $(MAKE) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

find_src = $(sort $(shell find $(wildcard $(1)) -name '$(2)' 2>/dev/null </dev/null))
# One short line a step; V=1 shows the commands.
Q := $(if $(V),,@)
say = @mkdir -p $(@D)$(if $(V),,; echo '  $(1)  $@')
# A file that changes only when its content does: objects depend on the flags they were built with.
flag_file = @mkdir -p $(@D); echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@

# ---- flags of code that runs at EL2: general registers only, no address that must be patched ----
WARN := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-align -Werror
WARN_CXX := $(WARN) -Wold-style-cast -Wmissing-declarations
# Size is a promise (make bench): -Os, the whole program at once, addresses by one ADR. What counts
# instructions on an interrupt's path is written so that -Os changes nothing there.
EL2_LTO := $(if $(CLANG),,-flto=auto -flto-partition=one)
EL2_COMMON := -Os -g -ffreestanding -fno-stack-protector -fno-pic -fno-pie -mcmodel=tiny \
    -fno-asynchronous-unwind-tables -march=armv8-a -mgeneral-regs-only \
    -mno-outline-atomics -mfix-cortex-a53-835769 -fno-omit-frame-pointer \
    -ffunction-sections -fdata-sections $(EL2_LTO) -DHYP_CHECKED=$(CHECKED) -I.
EL2_CXX := -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit
EL2_LINK := $(EL2_COMMON) -nostdlib -static $(if $(CLANG),,-no-pie) -Wl,--gc-sections \
    -Wl,--build-id=none -Wl,--fix-cortex-a53-843419 -Wl,-z,noexecstack \
    -Wl,--fatal-warnings $(if $(CLANG),-fuse-ld=lld)

# The vectors' fast paths: g++ saves exactly what they use and may take no veneer register.
FAST_FLAGS := -fno-lto -fomit-frame-pointer $(foreach n,1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 18,\
    -fcall-saved-x$(n)) -ffixed-x16 -ffixed-x17
# Code that runs before the MMU is on may hold no absolute address, not even a switch's table. All
# memory is Device memory then, where an unaligned access faults.
PRE_MMU_FLAGS := -fno-lto -fno-jump-tables -mstrict-align

# ---- the hypervisor ----
H := $(B)$(if $(CLANG),/clang)$(if $(filter 1,$(CHECKED)),/checked)
# clang has no -fcall-saved-x0: there stubs in assembly stand in for what the flags below are for.
HYP_SRC := $(filter-out hyp/arch/$(if $(CLANG),vec_fast.cpp hyp/arch/fast_sync.cpp,vec_fast_clang.S),\
    $(call find_src,boot hyp drivers,*.cpp) $(call find_src,boot hyp/arch,*.S) \
    $(call find_src,hyp/arch,*.c))
HYP_OBJ := $(HYP_SRC:%=$(H)/obj/%.o)
EL2_LIBS := $(B)/el2libc/libc-el2.a

$(H)/obj/hyp/arch/vec_fast.cpp.o: EXTRA := $(FAST_FLAGS)
# x0 to x15 are saved, no more: a leaf with tail jumps.
$(H)/obj/hyp/arch/fast_sync.cpp.o: EXTRA := -O2 -fno-lto -fomit-frame-pointer -ffixed-x16 \
    -ffixed-x17 -ffixed-x18
$(H)/obj/hyp/fast_switch.cpp.o $(H)/obj/hyp/core/sched/scheduler.cpp.o: EXTRA := -O2 -fomit-frame-pointer
$(H)/obj/boot/early.cpp.o: EXTRA := $(PRE_MMU_FLAGS)
$(H)/obj/boot/early.cpp.o: GATE = scripts/pre_mmu_gate.sh $(CROSS) $@

$(H)/hyp.flags: FORCE
	$(call flag_file,$(EL2_CXX_CMD) $(EL2_COMMON) $(EL2_CXX) $(WARN_CXX) $(EL2_LINK) $(FAST_FLAGS))
$(H)/obj/%.cpp.o: %.cpp $(H)/hyp.flags
	$(call say,CXX )
	$(Q)$(EL2_CXX_CMD) $(EL2_COMMON) $(EL2_CXX) $(WARN_CXX) $(EXTRA) -MMD -MP -c $< -o $@
	$(if $(GATE),@$(GATE))
$(H)/obj/%.c.o: %.c $(H)/hyp.flags
	$(call say,CC  )
	$(Q)$(EL2_CC_CMD) -std=c17 $(EL2_COMMON) $(WARN) -MMD -MP -c $< -o $@
$(H)/obj/%.S.o: %.S $(H)/hyp.flags
	$(call say,AS  )
	$(Q)$(EL2_CC_CMD) $(EL2_COMMON) -MMD -MP -c $< -o $@
$(H)/obj/linker.ld: linker.ld $(H)/hyp.flags
	$(call say,CPP )
	$(Q)$(EL2_CC_CMD) -E -P -undef -x c -I. -MMD -MP -MT $@ -MF $@.d $< -o $@
$(H)/hyp.elf: $(HYP_OBJ) $(EL2_LIBS) $(H)/obj/linker.ld scripts/link_tight.py scripts/pack_text.py
	$(call say,LINK)
	$(Q)$(if $(CLANG),$(EL2_CXX_CMD) -T $(H)/obj/linker.ld -Xlinker -Map=$(H)/hyp.map -o $@,\
	    scripts/link_tight.py $(CROSS) $(H)/obj/linker.ld $@ $(H)/hyp.map $(EL2_CXX_CMD)) $(EL2_LINK) \
	    $(HYP_OBJ) $(EL2_LIBS) -lgcc
	@scripts/link_gate.sh $(CROSS) $@
	$(if $(CLANG),,@scripts/vector_gate.py $@)
$(H)/hyp.img: $(H)/hyp.elf
	$(call say,COPY)
	$(Q)$(CROSS)objcopy -O binary $< $@

# ---- libraries: newlib from Debian's source; for guests libfdt from its arm64 package ----
$(B)/newlib/COPYING.NEWLIB: scripts/unpack_newlib.sh
	$(call say,LIB )
	$(Q)scripts/unpack_newlib.sh $(@D)
$(B)/el2libc/libc-el2.a: $(B)/newlib/COPYING.NEWLIB scripts/build_el2libc.sh
	$(call say,LIB )
	$(Q)scripts/build_el2libc.sh $(B)/newlib $(@D) $(CROSS)
GUEST_LIBC := $(B)/guestlibc/aarch64-none-elf
$(GUEST_LIBC)/lib/libc.a: $(B)/newlib/COPYING.NEWLIB scripts/build_guestlibc.sh
	$(call say,LIB )
	$(Q)scripts/build_guestlibc.sh $(B)/newlib $(B)/guestlibc $(CROSS)
$(B)/libfdt/libfdt.a: scripts/fetch_libfdt.sh
	$(call say,LIB )
	$(Q)scripts/fetch_libfdt.sh $(@D)

# ---- Baton's own guests: guest/common and one directory each ----
GUESTS := $(patsubst guest/%/,%,$(filter-out guest/common/,$(sort $(dir $(wildcard \
    guest/*/*.cpp guest/*/*.S)))))
GUEST_COMMON := -O2 -g -ffreestanding -fno-stack-protector -fpie -march=armv8-a -mstrict-align \
    -mno-outline-atomics -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections \
    -Iguest -I. -isystem $(GUEST_LIBC)/include \
    -isystem $(B)/libfdt/include
GUEST_CXX := -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit
GUEST_LINK := -nostdlib -static-pie -Wl,--build-id=none -Wl,--gc-sections -Wl,-z,noexecstack \
    -Wl,-z,notext -Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096 -T guest/common/guest.ld
GUEST_COMMON_OBJ := $(patsubst %,$(B)/obj/%.o,$(wildcard $(addprefix guest/common/*,.S .c .cpp)))

$(B)/guest.flags: FORCE
	$(call flag_file,$(CROSS) $(GUEST_COMMON) $(GUEST_CXX) $(WARN_CXX) $(GUEST_LINK))
$(B)/obj/guest/%.cpp.o: guest/%.cpp $(B)/guest.flags | $(GUEST_LIBC)/lib/libc.a $(B)/libfdt/libfdt.a
	$(call say,CXX )
	$(Q)$(CROSS)g++ $(GUEST_COMMON) $(GUEST_CXX) $(WARN_CXX) -MMD -MP -c $< -o $@
$(B)/obj/guest/%.c.o: guest/%.c $(B)/guest.flags | $(GUEST_LIBC)/lib/libc.a $(B)/libfdt/libfdt.a
	$(call say,CC  )
	$(Q)$(CROSS)gcc -std=c17 $(GUEST_COMMON) $(WARN) -MMD -MP -c $< -o $@
$(B)/obj/guest/%.S.o: guest/%.S $(B)/guest.flags
	$(call say,AS  )
	$(Q)$(CROSS)gcc $(GUEST_COMMON) -MMD -MP -c $< -o $@
define guest_rules
$(B)/guest/$(1).elf: $$(patsubst %,$(B)/obj/%.o,$$(wildcard guest/$(1)/*.S guest/$(1)/*.cpp)) \
        $$(GUEST_COMMON_OBJ) guest/common/guest.ld $(GUEST_LIBC)/lib/libc.a $(B)/libfdt/libfdt.a
	$$(call say,LINK)
	$$(Q)$(CROSS)g++ $$(GUEST_LINK) $$(filter %.o,$$^) -L$(GUEST_LIBC)/lib \
	    $(B)/libfdt/libfdt.a -Wl,--start-group -lc -lm -lgcc -Wl,--end-group -o $$@
endef
$(foreach guest,$(GUESTS),$(eval $(call guest_rules,$(guest))))
$(B)/guest/%.img: $(B)/guest/%.elf
	$(call say,COPY)
	$(Q)$(CROSS)objcopy -O binary $< $@
GUEST_FILES := $(foreach guest,$(GUESTS),$(B)/guest/$(guest).elf $(B)/guest/$(guest).img)

include tests/target.mk

# ---- host programs: pack (plain) and the unit tests (sanitized) ----
HOST_COMMON := -std=c++20 -g1 $(WARN_CXX) -DHYP_CHECKED=1 -I.
PURE_SRC := $(call find_src,hyp/core hyp/platform,*.cpp)
PACK_OBJ := $(patsubst %,$(B)/host/obj/%.o,$(call find_src,scripts/pack,*.cpp) $(PURE_SRC))
TEST_OBJ := $(patsubst %,$(B)/host/san/%.o,$(filter-out tests/unit/main.cpp,\
    $(call find_src,tests/unit tests/model,*.cpp)) $(PURE_SRC))
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

HOST_OPT := -O1

$(B)/host.flags: FORCE
	$(call flag_file,$(HOST_CXX) $(HOST_COMMON) $(SANITIZE))
$(B)/host/obj/%.cpp.o: %.cpp $(B)/host.flags
	$(call say,HOST)
	$(Q)$(HOST_CXX) $(HOST_COMMON) $(HOST_OPT) -MMD -MP -c $< -o $@
$(B)/host/san/%.cpp.o: %.cpp $(B)/host.flags
	$(call say,HOST)
	$(Q)$(HOST_CXX) $(HOST_COMMON) -O1 $(SANITIZE) -MMD -MP -c $< -o $@
$(B)/host/pack: $(PACK_OBJ)
	$(call say,LINK)
	$(Q)$(HOST_CXX) $^ -lfdt -o $@
# Catch2's main is slow to compile and no test of ours: once, without sanitizers.
$(B)/host/obj/tests/unit/main.cpp.o: HOST_OPT := -O0
$(B)/host/unit_tests: $(TEST_OBJ) $(B)/host/obj/tests/unit/main.cpp.o
	$(call say,LINK)
	$(Q)$(HOST_CXX) $(SANITIZE) $^ -lfdt -o $@

# The machines' device trees that the unit tests read.
$(B)/trees/complete: scripts/fetch_trees.sh
	$(call say,LIB )
	$(Q)scripts/fetch_trees.sh $(@D)
	@touch $@

.PHONY: hyp guests host tests FORCE
hyp: $(H)/hyp.img
guests: $(GUEST_FILES)
host: $(B)/host/pack $(if $(CAN_LOAD),$(B)/host/make_exit.so)
tests: $(B)/host/unit_tests $(TARGETS:%=$(B)/target/%.elf) $(B)/trees/complete
include tests/proof.mk tests/mutate.mk

# ---- the commands ----
.PHONY: help run image test bench lint debug clean in-run in-test in-bench
define help_text
Baton: an interrupt is handed over, never dropped.

  make run                   boot the tiny guest under QEMU; exit status = how it ended
    GIC=2|3 SMP=n CPU=name MEM=MiB                      the machine (3, 1, cortex-a57, 1024)
    GUEST=FILE INITRD=FILE CMDLINE="..."                another guest: Image, ELF or flat
    VCPUS=n GUEST_MEM=MiB LRS=n TIMEOUT=seconds         (1, 256, all, 60 without a terminal)
    VMS=guest/NAME.dts                                  a manifest instead of one guest
    TRACE=1 WATCHDOG=ms        record events; report an interrupt that stays active for longer
    DEVICES="pl031 rng blk virtio-mmio@n" DMA_TRUSTED=1    more than the UART; needed for virtio
  make image [VMS=...]       leave the one file to boot or flash: build/NAME.img
  make test                  host tests and QEMU tests; last line: N passed, N failed
  make bench                 instruction counts of every path; build/bench.json
  make lint [CHECKS=...]     (all of: format layers shell python build clang fp vectors tidy)
  make debug                 as run, stopped at the first instruction, in gdb
  make clean                 remove what was built (the C libraries stay; rm -r build: all)

Anywhere: CROSS_COMPILE=prefix- CHECKED=1 (assertions at EL2).
endef
help:
	$(info $(help_text)$(proof_help)$(mutate_help))@:

# Expanded before the recipe's first line runs; $(error) is make's one sentence and status 2.
squote = '$(subst ','\'',$(1))'
refused = $(shell env $(foreach v,$(VARS),$(v)=$(call squote,$($(v)))) \
    ONE_GUEST=$(if $(GUEST)$(INITRD)$(CMDLINE)$(VCPUS)$(GUEST_MEM),1) scripts/check_vars.sh 2>&1)
check_vars = $(eval refusal := $$(refused))$(if $(refusal),$(error $(refusal)))
RUN_ARGS = --hyp $(H) --gic "$$GIC" $${SMP:+--smp "$$SMP"} --cpu "$$CPU" --mem "$$MEM" \
    $(if $(VMS),--vms "$$VMS",$${GUEST:+--guest "$$GUEST"} $${VCPUS:+--vcpus "$$VCPUS"} \
    $${GUEST_MEM:+--guest-mem "$$GUEST_MEM"}) $${INITRD:+--initrd "$$INITRD"} $${CMDLINE:+--cmdline "$$CMDLINE"} \
    $${TIMEOUT:+--timeout "$$TIMEOUT"} $${LRS:+--lrs "$$LRS"} \
    $(if $(filter 1,$(TRACE)),--trace) $${WATCHDOG:+--watchdog "$$WATCHDOG"} \
    $${DEVICES:+--devices "$$DEVICES"} $(if $(filter 1,$(DMA_TRUSTED)),--dma-trusted)

RUNNER := scripts/run.py

# make always ends with 2 when a recipe fails, and says so below the command's own last line. `run`
# shall end as the guest did, so the status is kept in a file and make itself is ended with it, by a
# function loaded into make (a documented extension of GNU make). A make without that feature ends
# with 2; scripts/run.py is exact anyhow.
STATUS := $(B)/status.$(shell echo $$PPID)
leave_make = $(if $(CAN_LOAD),$(eval -load $(B)/host/make_exit.so)$(make-exit $(1)),\
    $(error ended with status $(1)))
exactly = status=0; $(1) || status=$$?; echo $$status >$(STATUS).$(patsubst in-%,%,$@)
finish = $(if $(filter-out 0,$(1)),$(leave_make))
run test bench: %: in-%
	$(call finish,$(shell cat $(STATUS).$* 2>/dev/null; rm -f $(STATUS).$*))@:
in-run:
	$(check_vars)
	@scripts/deps.sh build run
	@$(SUBMAKE) hyp guests host
	@$(call exactly,$(RUNNER) $(RUN_ARGS))
$(B)/host/make_exit.so: scripts/make_exit.c
	$(call say,HOST)
	$(Q)gcc $(WARN) -O1 -shared -fPIC $< -o $@

image:
	$(check_vars)
	@scripts/deps.sh build
	@$(SUBMAKE) hyp guests host
	@scripts/run.py --pack-only $(RUN_ARGS)
in-test:
	@scripts/deps.sh build run test debug
	@$(SUBMAKE) hyp guests host tests
	@$(SUBMAKE) hyp CHECKED=1
	@$(call exactly,scripts/test.py)
in-bench:
	@scripts/deps.sh build run
	@$(SUBMAKE) hyp guests host
	@$(call exactly,scripts/bench.py)
lint:
	@scripts/deps.sh build test lint
	+@MAKE='$(SUBMAKE)' EL2_FLAGS='$(filter-out -flto%,$(EL2_COMMON)) $(EL2_CXX)' HOST_FLAGS='$(HOST_COMMON)' \
	    GUEST_FLAGS='$(GUEST_COMMON) $(GUEST_CXX)' scripts/lint.sh $(CHECKS)
debug:
	$(check_vars)
	@scripts/deps.sh build run debug
	@$(SUBMAKE) hyp guests host
	@scripts/debug.sh $(H)/hyp.elf $(RUN_ARGS)
clean:
	find $(B) -mindepth 1 -maxdepth 1 ! -name newlib ! -name el2libc ! -name guestlibc \
	    ! -name libfdt -exec rm -rf {} +

-include $(call find_src,$(B)/obj $(B)/target $(B)/host $(B)/checked $(B)/clang,*.d)
