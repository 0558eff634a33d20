# SPDX-License-Identifier: Apache-2.0
# Test programs for the bare machine: one directory each below tests/target. Included by the Makefile.
# They run without the MMU, so all their objects are compiled for aligned accesses alone.

# What each links of the product.
PRODUCT_lifecycle := $(wildcard hyp/core/vgic/v*_irqs*.cpp)
TARGETS := $(patsubst tests/target/%/,%,$(sort $(dir $(wildcard tests/target/*/*.cpp))))
TARGET_CXX := $(CROSS)g++ $(EL2_COMMON) $(EL2_CXX) $(WARN_CXX) -mstrict-align

$(B)/target/obj/%.cpp.o: %.cpp $(B)/hyp.flags
	$(call say,CXX )
	$(Q)$(TARGET_CXX) -MMD -MP -c $< -o $@
define target_rules
$(B)/target/$(1).elf: $$(patsubst %,$(B)/obj/%.o,$$(wildcard tests/target/$(1)/*.S)) \
        $$(patsubst %.cpp,$(B)/target/obj/%.cpp.o,$$(wildcard tests/target/$(1)/*.cpp) \
        $(PRODUCT_$(1))) tests/target/$(1)/link.ld \
        $(B)/el2libc/libc-el2.a $(B)/obj/hyp/arch/libc_support.c.o
	$$(call say,LINK)
	$$(Q)$(EL2_CXX_CMD) $(EL2_LINK) -mstrict-align -Wl,--no-warn-rwx-segments \
	    -T tests/target/$(1)/link.ld $$(filter %.o %.a,$$^) -o $$@
endef
$(foreach target,$(TARGETS),$(eval $(call target_rules,$(target))))
