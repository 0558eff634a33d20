// SPDX-License-Identifier: Apache-2.0
// The self-tests of how a GICv2 keeps an interrupt's state: each fault by itself is found, neither
// is taken for the other, and sound hardware is left as it was.
#include "drivers/gic/state_test.hpp"
#include "drivers/gic/gicv2.hpp"
#include "tests/unit/drivers/model_machine.hpp"

#include <catch2/catch.hpp>

using namespace hyp;
using namespace hyp::test;
using model::Generation;
using model::Quirk;
using model::Timing;

namespace {

constexpr PIntid spi{95};
constexpr PIntid ppi{26};

template <unsigned Pes>
void found(const model::Options& options, bool spi_fault, bool ppi_fault) {
    using Machine = ModelMachine<Pes>;
    Machine machine{options};
    GicV2<ModelMmio<Machine>, ModelSysReg<Machine>> gic{ModelMmio<Machine>{machine},
                                                        ModelSysReg<Machine>{machine}};
    REQUIRE(gic.init_distributor().ok());
    REQUIRE(gic.init_cpu().ok());
    machine.gic.deliver_all();
    CHECK(spi_stays_active(gic, ModelSysReg<Machine>{machine}, spi) == spi_fault);
    CHECK(ppi_stays_idle(gic, ModelSysReg<Machine>{machine}, ppi) == ppi_fault);
    machine.gic.deliver_all();
    CHECK_FALSE(machine.gic.active(0, spi.value()));
    CHECK_FALSE(machine.gic.pending(0, ppi.value()));
    CHECK_FALSE(machine.gic.enabled(0, spi.value()));
    CHECK_FALSE(machine.gic.irq(0));
}

} // namespace

TEST_CASE("sound GICv2s keep an interrupt's state", "[gic]") {
    found<1>(model::architecture(Generation::v2), false, false);
    found<2>(model::architecture(Generation::v2), false, false);
    found<1>(model::architecture(Generation::v2, Timing::asynchronous), false, false);
}

TEST_CASE("an active bit for each CPU is found", "[gic]") {
    model::Options options = model::architecture(Generation::v2);
    options.quirks.add(Quirk::spi_active_per_pe);
    found<1>(options, true, false);
    found<2>(options, true, false);
}

TEST_CASE("an ISPENDR that PPIs do not have is found", "[gic]") {
    model::Options options = model::architecture(Generation::v2);
    options.quirks.add(Quirk::ppi_set_pending_ignored);
    found<1>(options, false, true);
    found<2>(options, false, true);
}
