// SPDX-License-Identifier: Apache-2.0
// The two seams of the drivers (hyp/core/base/bus.hpp) onto the reference GIC model, so that what
// the tests drive is the real GicV2 and GicV3; and faults of EL2 that a test can switch on to see
// that a check notices them (N1 to N5, N9).
#pragma once

#include "drivers/gic/gicv2.hpp"
#include "drivers/gic/gicv3.hpp"
#include "tests/model/gic_model.hpp"

#include <type_traits>

namespace hyp::test {

// One PE; SPIs 32..63.
template <unsigned Lrs>
using ModelGic = model::Gic<1, 32, Lrs, 6>;

// As the PE `pe` sees it.
template <class Gic>
struct GicMmio {
    Gic* gic;
    unsigned pe = 0;

    template <Frame F>
    [[nodiscard]] u32 read32(u32 offset) {
        return static_cast<u32>(gic->read(pe, frame_of<F>(), at<F>(offset), 4));
    }
    template <Frame F>
    [[nodiscard]] u64 read64(u32 offset) {
        return gic->read(pe, frame_of<F>(), at<F>(offset), 8);
    }
    template <Frame F>
    void write8(u32 offset, u8 value) {
        gic->write(pe, frame_of<F>(), at<F>(offset), value, 1);
    }
    template <Frame F>
    void write32(u32 offset, u32 value) {
        gic->write(pe, frame_of<F>(), at<F>(offset), value, 4);
    }
    template <Frame F>
    void write64(u32 offset, u64 value) {
        gic->write(pe, frame_of<F>(), at<F>(offset), value, 8);
    }

private:
    template <Frame F>
    [[nodiscard]] static constexpr model::Frame frame_of() {
        switch (F) {
        case Frame::gicd: return model::Frame::gicd;
        case Frame::gicr_rd:
        case Frame::gicr_sgi: return model::Frame::gicr;
        case Frame::gicc: return model::Frame::gicc;
        case Frame::gich: return model::Frame::gich;
        case Frame::gicv: return model::Frame::gicv;
        case Frame::uart: break;
        }
        return model::Frame::gicd;
    }
    template <Frame F>
    [[nodiscard]] u32 at(u32 offset) const {
        constexpr u32 stride = 0x2'0000;
        constexpr bool redistributor = F == Frame::gicr_sgi || F == Frame::gicr_rd;
        const u32 own = redistributor ? pe * stride : 0;
        return own + (F == Frame::gicr_sgi ? model::sgi_base + offset : offset);
    }
};
template <unsigned Lrs>
using ModelMmio = GicMmio<ModelGic<Lrs>>;

// The model's encoding of a system register is the product's (DDI 0487's).
template <class Gic>
struct GicSys {
    Gic* gic;
    unsigned pe = 0;

    template <SysReg R>
    [[nodiscard]] u64 read() {
        return gic->read(pe, static_cast<model::Sysreg>(R));
    }
    template <SysReg R>
    void write(u64 value) {
        gic->write(pe, static_cast<model::Sysreg>(R), value);
    }
    template <Barrier>
    void barrier() {}
    void relax() {}
};
template <unsigned Lrs>
using ModelSys = GicSys<ModelGic<Lrs>>;

// What EL2 does wrong.
enum class Fault : u8 {
    none,
    no_set_active,      // N1: a software-marked interrupt is not made physically active
    early_deactivate,   // N2: deactivated right after the priority drop
    listed_as_software, // N3: HW = 0
    wrong_pintid,       // N4: 30 instead of 27
    pending_and_active, // N5: with HW = 1
    keep_active,        // N9: the list register goes, the physical active bit stays
};

template <GicGeneration Generation, unsigned Lrs>
using Driver =
    std::conditional_t<Generation == GicGeneration::v2, GicV2<ModelMmio<Lrs>, ModelSys<Lrs>>,
                       GicV3<ModelMmio<Lrs>, ModelSys<Lrs>>>;

template <GicGeneration Generation, unsigned Lrs>
class FaultyDriver : public Driver<Generation, Lrs> {
    using Base = Driver<Generation, Lrs>;

public:
    // `failure` gets the name of what EL2 did too early.
    FaultyDriver(ModelGic<Lrs>& gic, Fault fault, const char*& failure)
        : Base{ModelMmio<Lrs>{&gic}, ModelSys<Lrs>{&gic}},
          gic_{&gic},
          failure_{&failure},
          fault_{fault} {}

    void drop_priority(Ack ack) {
        Base::drop_priority(ack);
        if (fault_ == Fault::early_deactivate) {
            Base::deactivate(ack);
        }
    }
    void set_active(PIntid pintid) {
        if (fault_ != Fault::no_set_active) {
            Base::set_active(pintid);
        }
    }
    void clear_active(PIntid pintid) {
        if (fault_ != Fault::keep_active) {
            Base::clear_active(pintid);
        }
    }
    void write_lr(LrIndex n, const ListReg& lr) {
        const bool forwarded = lr.is_valid() && lr.is_hardware();
        if (fault_ == Fault::none && forwarded && !gic_->active(0, lr.pintid().value())) {
            *failure_ = "N8: listed before its physical active bit is there";
        }
        if (forwarded && fault_ == Fault::listed_as_software) {
            Base::write_lr(n, ListReg::software(lr.vintid(), lr.priority(), lr.group()));
        } else if (forwarded && fault_ == Fault::wrong_pintid) {
            Base::write_lr(n,
                           ListReg::hardware(lr.vintid(), PIntid{30}, lr.priority(), lr.group()));
        } else if (forwarded && fault_ == Fault::pending_and_active) {
            const u64 both = Base::lr_word(lr.in_state(LrState::pending)) |
                             Base::lr_word(lr.in_state(LrState::active));
            Base::write_lr_word(n, both);
        } else {
            Base::write_lr(n, lr);
        }
    }

private:
    ModelGic<Lrs>* gic_;
    const char** failure_;
    Fault fault_;
};

} // namespace hyp::test
