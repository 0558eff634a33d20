# SPDX-License-Identifier: Apache-2.0
# `make mutate`: how many small faults in hyp/core the unit tests notice. Included by the Makefile.

define mutate_help

  make mutate [MUTANTS=300]  break hyp/core that often at random; 90 % must be noticed (SEED=n)
endef

MUTANTS ?= 300

.PHONY: mutate
mutate:
	@scripts/deps.sh build test
	@$(SUBMAKE) $(B)/trees/complete
	@scripts/mutate.py --cxx $(HOST_CXX) --count $(MUTANTS) --seed $(or $(SEED),1) --jobs $(shell nproc) \
	    --out $(B)/mutate
