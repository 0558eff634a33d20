# SPDX-License-Identifier: Apache-2.0
# What is proven beyond the tests: fuzzing (clang's libFuzzer), proofs for all inputs (z3), and long
# walks. Included by the Makefile; the short forms of all three are part of `make test`.

define proof_help


  make fuzz [SECONDS=60]     each fuzz target for so long; finds are left in build/fuzz
  make soak [MINUTES=10]     eight VMs on two cores, with and without delays put in at EL2; then as long
                             random walks through the model (or HOURS=h, SECONDS=s; SEED=n: a walk)
endef

# ---- fuzz targets: one file each below tests/fuzz, instrumented product code ----
FUZZ_CXX ?= clang++
FUZZ_FLAGS := -std=c++20 -O1 -g1 $(WARN_CXX) -Wno-cast-align -DHYP_CHECKED=1 -I. -fno-omit-frame-pointer \
    -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_TARGETS := $(patsubst tests/fuzz/%.cpp,$(B)/host/fuzz/%,$(wildcard tests/fuzz/*.cpp))
FUZZ_OBJ := $(patsubst %,$(B)/host/fuzz/obj/%.o,$(PURE_SRC) \
    $(filter-out scripts/pack/main.cpp,$(call find_src,scripts/pack,*.cpp)))

$(B)/fuzz.flags: FORCE
	$(call flag_file,$(FUZZ_CXX) $(FUZZ_FLAGS))
$(B)/host/fuzz/obj/%.cpp.o: %.cpp $(B)/fuzz.flags
	$(call say,FUZZ)
	$(Q)$(FUZZ_CXX) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@
# An archive, so that each target is linked with what it uses and coverage counts no more than that.
$(B)/host/fuzz/product.a: $(FUZZ_OBJ)
	$(call say,AR  )
	$(Q)rm -f $@ && ar rcs $@ $^
$(FUZZ_TARGETS): $(B)/host/fuzz/%: $(B)/host/fuzz/obj/tests/fuzz/%.cpp.o $(B)/host/fuzz/product.a
	$(call say,LINK)
	$(Q)$(FUZZ_CXX) $(FUZZ_FLAGS) -fsanitize=fuzzer $^ -lfdt -o $@

.PHONY: fuzz soak fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)
fuzz:
	@scripts/deps.sh build test
	@$(SUBMAKE) fuzz-targets $(B)/trees/complete
	@scripts/fuzz.py run "$(or $(SECONDS),60)"

tests: fuzz-targets

# ---- proofs: what clang makes of tests/z3/claims_*.cpp, for all inputs ----
CLAIM_FLAGS := -std=c++20 -O2 $(WARN_CXX) -Wno-missing-prototypes -I. -S -emit-llvm -fno-jump-tables \
    -fno-vectorize -fno-slp-vectorize -mllvm -inline-threshold=100000 \
    -fsanitize=undefined -fsanitize-trap=undefined -fno-sanitize=vptr,function,alignment,null,object-size
CLAIMS := $(patsubst tests/z3/%.cpp,$(B)/host/z3/%.ll,$(wildcard tests/z3/claims_*.cpp))
PROVE_OBJ := $(patsubst %,$(B)/host/obj/%.o,$(filter-out tests/z3/claims_%,\
    $(wildcard tests/z3/*.cpp)))

$(B)/claims.flags: FORCE
	$(call flag_file,$(FUZZ_CXX) $(CLAIM_FLAGS))
$(B)/host/z3/%.ll: tests/z3/%.cpp $(B)/claims.flags
	$(call say,LLVM)
	$(Q)$(FUZZ_CXX) $(CLAIM_FLAGS) -MMD -MP -MF $@.d -MT $@ $< -o $@
$(B)/host/prove: $(PROVE_OBJ)
	$(call say,LINK)
	$(Q)$(HOST_CXX) $^ -lz3 -o $@

.PHONY: proofs
proofs: $(B)/host/prove $(CLAIMS)
tests: proofs

# ---- soak: eight VMs on the machine (scripts/soak_machine.py), and explorations and random walks
# without sanitizers; `make test` does the short forms ----
SOAK_OBJ := $(patsubst %,$(B)/host/soak.obj/%.o,tests/soak/soak.cpp $(PURE_SRC))
$(B)/host/soak.obj/%.cpp.o: %.cpp $(B)/host.flags
	$(call say,SOAK)
	$(Q)$(HOST_CXX) $(HOST_COMMON) -O2 -MMD -MP -c $< -o $@
$(B)/host/soak: $(SOAK_OBJ)
	$(call say,LINK)
	$(Q)$(HOST_CXX) $^ -lfdt -o $@
tests: $(B)/host/soak
soak:
	@scripts/deps.sh build run
	@$(SUBMAKE) hyp guests host $(B)/host/soak
	@HOURS='$(HOURS)' MINUTES='$(MINUTES)' RUN_SECONDS='$(SECONDS)' SEED='$(SEED)' \
	    scripts/soak.sh $(B)/host/soak

# ---- interleavings of the real image; `make test` does one window, and the planted fault ----
.PHONY: interleave
interleave:
	@scripts/deps.sh build test
	@$(SUBMAKE) hyp host
	@tests/interleave/test_interleave.py --long
