// SPDX-License-Identifier: Apache-2.0
// T56, T58 and EL2's soft timer: what travels with a vCPU, SGIs that a guest sends, and the interrupt
// that is EL2's own.
#pragma once

#include "hyp/core/vgic/sgi.hpp"
#include "tests/target/lifecycle/checks_overflow.hpp"

namespace hyp::lifecycle {

inline constexpr u32 switch_count = 1000;

// One vCPU's share of the interface, as EL2 keeps it while another one runs; and the raw words that
// it is to be found in again.
struct Share {
    VirtInterface interface {};
    std::array<ListReg, Registers::max_list_registers> lrs{};
    u64 vmcr = 0;
    u64 apr = 0;
    std::array<u64, Registers::max_list_registers> words{};
};

template <class G>
void save_share(Bench<G>& b, Share& share) {
    share.interface = b.forwarder.gic.save_interface();
    for (u8 n = 0; n <= last_lr(b); ++n) {
        share.lrs[n] = b.forwarder.gic.read_lr(LrIndex{n});
        b.forwarder.gic.write_lr(LrIndex{n}, ListReg{});
    }
}

template <class G>
void load_share(Bench<G>& b, const Share& share) {
    b.forwarder.gic.load_interface(share.interface);
    for (u8 n = 0; n <= last_lr(b); ++n) {
        b.forwarder.gic.write_lr(LrIndex{n}, share.lrs[n]);
    }
}

// A list register's invalid ones may keep their identifiers; no more is asked of them.
template <class G>
[[nodiscard]] bool is_as_before(Bench<G>& b, const Share& share) {
    bool same = b.registers.vmcr() == share.vmcr && b.registers.apr() == share.apr;
    for (unsigned n = 0; n <= last_lr(b); ++n) {
        same = same && b.registers.lr(n) == share.words[n];
    }
    return same;
}

// One in service, and where there is room another one pending behind it.
template <class G>
void make_share(Bench<G>& b, Share& share, u32 intid, u8 priority, u64 eoi_mode) {
    b.forwarder.gic.load_interface(VirtInterface{});
    (void)b.visit(Step::open, eoi_mode, Irqs::hold);
    b.registers.set_lr(last_lr(b), b.registers.word({.intid = intid, .priority = priority}));
    b.expect("guest's IAR", intid, held_iar(b));
    if (last_lr(b) != 0) {
        b.registers.set_lr(0, b.registers.word({.intid = intid + 1, .priority = 0xf0}));
    }
    share.vmcr = b.registers.vmcr();
    share.apr = b.registers.apr();
    for (unsigned n = 0; n <= last_lr(b); ++n) {
        share.words[n] = b.registers.lr(n);
    }
    save_share(b, share);
}

template <class G>
void end_share(Bench<G>& b, const Share& share, u32 intid, bool split) {
    load_share(b, share);
    (void)b.visit(Step::end, intid, Irqs::hold);
    b.expect_apr(0);
    if (split) {
        const State now = b.registers.state(last_lr(b));
        b.expect("State before DIR", static_cast<u64>(State::active), static_cast<u64>(now));
        (void)b.visit(Step::deactivate, intid, Irqs::hold);
    }
    const State now = b.registers.state(last_lr(b));
    b.expect("State", static_cast<u64>(State::invalid), static_cast<u64>(now));
    b.expect("guest's IAR, next", last_lr(b) != 0 ? intid + 1 : spurious, held_iar(b));
}

template <class G>
void t56_switches(Bench<G>& b) {
    start_raw(b, hcr_en);
    std::array<Share, 2> shares;
    make_share(b, shares[0], software, 0xa0, 0);
    make_share(b, shares[1], software + 10, 0x40, 1);
    b.expect("different VMCR", 1, shares[0].vmcr != shares[1].vmcr ? 1 : 0);
    b.expect("different vAPR", 1, shares[0].apr != shares[1].apr ? 1 : 0);
    u32 same = 0;
    for (u32 n = 0; n < switch_count; ++n) {
        Share& share = shares[n % 2];
        load_share(b, share);
        (void)b.visit(Step::nothing, 0, Irqs::hold);
        same += is_as_before(b, share) ? 1U : 0U;
        save_share(b, share);
    }
    b.expect("switches without change", switch_count, same);
    end_share(b, shares[0], software, false);
    end_share(b, shares[1], software + 10, true);
}

// What the guest asked of the decoder reaches the vCPU, or not.
template <class G>
void expect_sgi(Bench<G>& b, bool reaches, u32 sgi, bool wanted) {
    b.expect("reaches", wanted ? 1 : 0, reaches ? 1 : 0);
    if (reaches) {
        b.forwarder.raise_sgi(VIntid{sgi});
    }
    b.expect("guest's IAR", wanted ? sgi : spurious, b.guest_iar());
    if (wanted) {
        (void)b.visit(Step::end, sgi);
    }
    expect_nothing_left(b);
}

// ICC_SGI1R_EL1: to a list with self, to a list without, to all but self, to another cluster.
template <class G>
void t58_trapped_sgi(Bench<G>& b) {
    struct Request {
        u64 value;
        bool to_self;
    };
    constexpr u64 others = u64{1} << 40;
    constexpr u64 cluster_1 = 1U << 16;
    constexpr std::array<Request, 4> requests{{{0x3000001, true},
                                               {0x4000002, false},
                                               {0x5000000 | others, false},
                                               {0x6000001 | cluster_1, false}}};
    b.start();
    for (u32 sgi = 3; sgi <= 6; ++sgi) {
        b.forwarder.open(VIntid{sgi}, Trigger::edge);
    }
    for (const Request& request : requests) {
        const Visit trapped = b.trap(Step::send_sgi, request.value);
        constexpr u64 rt_field = 0x1f << 5;
        b.expect("SGI1R's syndrome", 0x623a3016, trapped.value & ~rt_field);
        const u64 value = b.rt(trapped.value);
        b.expect("value", request.value, value);
        (void)b.skip();
        const IccSgir decoded{value};
        const bool reaches = sgi_reaches(decoded, Affinity{}, Affinity{});
        expect_sgi(b, reaches, decoded.get<IccSgir::Intid>(), request.to_self);
    }
}

// GICD_SGIR: the same four ways. Its trap is a data abort, which needs a stage 2.
template <class G>
void t58_decoded_sgi(Bench<G>& b) {
    struct Request {
        u32 value;
        bool to_self;
    };
    constexpr std::array<Request, 4> requests{
        {{0x00010003, true}, {0x00020004, false}, {0x01000005, false}, {0x02000006, true}}};
    b.start();
    for (const Request& request : requests) {
        const GicdSgir decoded{request.value};
        const bool reaches = (sgi_targets(decoded, 0, 1) & 1U) != 0;
        expect_sgi(b, reaches, decoded.get<GicdSgir::Intid>(), request.to_self);
    }
}

// EL2's own timer: one exit, and silence, for its line is down before it is deactivated.
template <class G>
void soft_timer_once(Bench<G>& b) {
    b.start();
    raise_hyp_timer(TargetSysReg{});
    b.expect("P26", 1, b.registers.private_pending(soft_timer.value()));
    b.expect("exits", 1, b.visit(Step::spin, million).exits);
    lower_hyp_timer(TargetSysReg{});
    b.expect("P26 after", 0, b.registers.private_pending(soft_timer.value()));
    b.expect("own interrupts", 1, b.forwarder.acks.others);
    expect_nothing_left(b);
}

} // namespace hyp::lifecycle
