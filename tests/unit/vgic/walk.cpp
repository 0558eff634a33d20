// SPDX-License-Identifier: Apache-2.0
// Random walks over everything that can happen, on every kind of machine, and a guest that obeys
// nothing.
#include "hyp/core/vgic/vdist.hpp"
#include "tests/unit/vgic/explore.hpp"
#include "tests/unit/vgic/machines.hpp"
#include "tests/unit/vgic/shrink.hpp"

#include <catch2/catch.hpp>

#include <cstdio>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr GicGeneration v2 = GicGeneration::v2;
constexpr GicGeneration v3 = GicGeneration::v3;

// std::mt19937's own result type is wider than its results.
struct Random {
    std::mt19937 engine;
    u32 operator()() { return static_cast<u32>(engine()); }
};

template <GicGeneration G, unsigned L>
void wandered(const Setup& setup, Steps steps, u32 seed) {
    constexpr u64 count = 8'000; // tests/soak does millions
    const Machine<G, L> start{setup};
    const Report report = wander(start, steps, count, seed);
    std::printf("walked v%d, %u list registers: %6lu steps, %6lu exits, %5lu by the fast path\n",
                G == v2 ? 2 : 3, L, report.transitions, report.exits, report.fast_ticks);
    INFO("seed " << seed << ": " << (report.failure == "good" ? "" : scenario(start, report)));
    CHECK(report.failure == "good");
}

template <GicGeneration G>
void wandered_all(Setup setup, u32 seed) {
    for (const bool split : {false, true}) {
        setup.eoi_mode = split;
        setup.activates = split;
        wandered<G, 1>(setup, everything, seed);
        wandered<G, 2>(setup, everything, seed + 1);
        wandered<G, 3>(setup, everything, seed + 2);
        wandered<G, 4>(setup, everything, seed + 3);
    }
}

// Whatever it writes to its distributor and its CPU interface.
template <GicGeneration G, unsigned L>
class Lawless {
public:
    explicit Lawless(const Setup& setup) : machine_{setup}, distributor_{machine_.vm, G} {
        distributor_.attach(machine_.irqs, {});
    }

    void step(Random& random) {
        const u32 value = random();
        switch (random() % 8) {
        case 0: machine_.line(timer, (value & 1U) != 0); break;
        case 1: machine_.line(disk, (value & 1U) != 0); break;
        case 2: static_cast<void>(machine_.gic.guest_acknowledge(0)); break;
        case 3: machine_.gic.guest_end_of_interrupt(0, any_intid(value)); break;
        case 4: deactivate(any_intid(value)); break;
        case 5: interface(value); break;
        default: access(random); break;
        }
        for (unsigned n = 0; n < 4 && machine_.pending_exit(); ++n) {
            machine_.interrupt();
        }
    }

    // A guest that starts over gets its ticks.
    void recover() {
        machine_.line(timer, false);
        for (u32 offset : {0x180U, 0x280U, 0x380U}) { // disabled, not pending, not active
            write(private_frame, offset, ~0U);
            write(VdistFrame::gicd, offset + 4, ~0U);
        }
        write(private_frame, 0x80, G == v3 ? ~0U : 0);
        write(private_frame, 0xc04, 0);
        write(VdistFrame::gicd, 0, 3);
        write(private_frame, 0x418, 0xa0a0a0a0);
        write(private_frame, 0x100, 1U << timer);
        if constexpr (G == v2) {
            machine_.gic.write(0, model::Frame::gicv, model::gicc::apr, 0);
            machine_.gic.write(0, model::Frame::gicv, model::gicc::ctlr, 1);
        } else {
            machine_.gic.guest_write(0, model::Sysreg::icc_ap1r0, 0);
            machine_.gic.guest_write(0, model::Sysreg::icc_ap0r0, 0);
            machine_.gic.guest_write(0, model::Sysreg::icc_ctlr, 0);
            machine_.gic.guest_write(0, model::Sysreg::icc_igrpen1, 1);
        }
        machine_.set_pmr(0xf0);
        machine_.ghost = Ghost{};
        machine_.setup.lawless = false;
        machine_.line(timer, true);
        machine_.check_drained();
    }

    [[nodiscard]] bool failed() const { return machine_.failure != nullptr; }
    [[nodiscard]] std::string verdict() const { return machine_.verdict(); }

private:
    static constexpr VdistFrame private_frame = G == v2 ? VdistFrame::gicd : VdistFrame::gicr_sgi;

    [[nodiscard]] static u32 any_intid(u32 value) {
        constexpr std::array<u32, 8> some{timer, disk, self_sgi, soft_spi, 30, 0, 999, 1023};
        return some[value % some.size()];
    }

    void write(VdistFrame frame, u32 offset, u32 value) {
        machine_.trap([&](VcpuIrqs&) {
            distributor_.write(VcpuIndex{0}, frame, offset, AccessSize::word, value);
        });
    }

    void deactivate(u32 intid) {
        if (G == v2 || machine_.irqs.control().trap_deactivate) {
            machine_.trap([&](VcpuIrqs& v) { v.on_deactivate(VIntid{intid}); });
        } else {
            machine_.gic.guest_deactivate(0, intid);
        }
    }

    void interface(u32 value) {
        if constexpr (G == v2) {
            constexpr std::array<u32, 4> regs{model::gicc::ctlr, model::gicc::pmr, model::gicc::bpr,
                                              model::gicc::apr};
            machine_.gic.write(0, model::Frame::gicv, regs[value % 4], value >> 8U);
        } else {
            constexpr std::array<model::Sysreg, 6> regs{
                model::Sysreg::icc_pmr,  model::Sysreg::icc_igrpen1, model::Sysreg::icc_igrpen0,
                model::Sysreg::icc_ctlr, model::Sysreg::icc_bpr1,    model::Sysreg::icc_ap1r0};
            machine_.gic.guest_write(0, regs[value % 6], value >> 8U);
        }
    }

    // Half of the offsets hit the registers of our INTIDs. The trigger of a forwarded one stays:
    // the model's line accounting is by level and edge.
    void access(Random& random) {
        constexpr std::array<VdistFrame, 3> frames{VdistFrame::gicd, VdistFrame::gicr_rd,
                                                   VdistFrame::gicr_sgi};
        constexpr std::array<AccessSize, 4> sizes{AccessSize::byte, AccessSize::half,
                                                  AccessSize::word, AccessSize::dword};
        const VdistFrame frame = frames[random() % 3];
        const u32 near = (random() % 9) * 0x80 + random() % 2 * 4;
        const u32 offset = random() % 2 == 0 ? near : random() % 0x10000;
        const AccessSize size = random() % 2 == 0 ? AccessSize::word : sizes[random() % 4];
        const u64 value = u64{random()} << 32U | random();
        if (offset >= 0xc00 && offset < 0xd00) {
            return;
        }
        machine_.trap([&](VcpuIrqs&) {
            if (value % 4 == 0) {
                static_cast<void>(
                    distributor_.read(VcpuIndex{0}, frame, offset, size, PhysWords{}));
            } else {
                distributor_.write(VcpuIndex{0}, frame, offset, size, value);
            }
        });
    }

    Machine<G, L> machine_;
    Vdist distributor_;
};

template <GicGeneration G, unsigned L>
void lawless(bool fast, u32 seed) {
    Setup setup;
    setup.lawless = true;
    setup.fast = fast;
    Random random{std::mt19937{seed}};
    for (unsigned round = 0; round < 20; ++round) {
        Lawless<G, L> guest{setup};
        for (unsigned n = 0; n < 500 && !guest.failed(); ++n) {
            guest.step(random);
        }
        if (!guest.failed()) {
            guest.recover();
        }
        INFO("seed " << seed << ", round " << round);
        REQUIRE(guest.verdict() == "good");
    }
}

} // namespace

TEST_CASE("random walks: GICv2 and GICv3", "[vgic][walk]") {
    Setup setup;
    setup.fast = true;
    wandered_all<v2>(setup, 100);
    wandered_all<v3>(setup, 200);
}

TEST_CASE("random walks: asynchronous", "[vgic][walk]") {
    Setup setup;
    setup.fast = true;
    setup.timing = model::Timing::asynchronous;
    wandered_all<v2>(setup, 300);
    wandered_all<v3>(setup, 400);
}

TEST_CASE("random walks: the GICv2 that does not look again", "[vgic][walk]") {
    Setup setup;
    setup.stale = true;
    setup.workaround = true;
    wandered_all<v2>(setup, 500);
}

TEST_CASE("random walks: list registers that stay active", "[vgic][walk]") {
    Setup setup;
    setup.survives = true;
    setup.fast = true;
    wandered<v3, 4>(setup, everything, 600);
    wandered<v3, 1>(setup, everything, 601);
    wandered<v2, 2>(setup, everything, 602);
}

TEST_CASE("N17: a guest that obeys nothing harms nothing and can start over", "[vgic][walk]") {
    lawless<v3, 4>(true, 1);
    lawless<v3, 1>(true, 2);
    lawless<v2, 4>(true, 3);
    lawless<v2, 2>(false, 4);
}
