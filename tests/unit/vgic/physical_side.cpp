// SPDX-License-Identifier: Apache-2.0
// What a vCPU asks of the physical distributor and makes of the answer, case by case: which words
// it must see, what a dropped line or a cleared active bit means, whose a physical INTID is.
#include "tests/unit/vgic/bare_cpu.hpp"

#include <vector>

using namespace hyp;
using test::BareCpu;

namespace {

constexpr VIntid urgent{33}; // software's
constexpr VIntid level{40};  // forwarded; word 6 of the physical side
constexpr VIntid edge{41};   // forwarded; word 7
constexpr VIntid ppi{27};    // forwarded, as another PPI
constexpr PIntid level_line{192};
constexpr PIntid edge_line{255};
constexpr PIntid ppi_line{31};
constexpr u32 bit_of_level = 1U << (192 % 32);
constexpr u32 bit_of_edge = 1U << (255 % 32);

struct Change {
    PhysChange change;
    u32 pintid;
    friend bool operator==(const Change&, const Change&) = default;
};

[[nodiscard]] VgicCaps with(u8 list_registers) {
    VgicCaps caps;
    caps.list_registers = list_registers;
    return caps;
}

[[nodiscard]] PhysWords words(u32 known, u32 pending, u32 active) {
    PhysWords phys;
    phys.known = known;
    phys.pending.fill(pending);
    phys.active.fill(active);
    return phys;
}

struct One {
    explicit One(u8 list_registers) : cpu{vm, 0, with(list_registers)} {
        cpu.irqs.map_hardware(level, level_line, Trigger::level);
        cpu.irqs.map_hardware(edge, edge_line, Trigger::edge);
        cpu.irqs.map_hardware(ppi, ppi_line, Trigger::level);
        cpu.irqs.set_group_enables(3);
        cpu.irqs.guest_enable(0, ~0U);
        cpu.irqs.guest_enable(1, ~0U);
        cpu.irqs.guest_set_edge(1, 2, 2); // the urgent one
        cpu.irqs.guest_set_priority(level, 0x80);
        cpu.irqs.guest_set_priority(edge, 0x80);
        cpu.irqs.guest_set_priority(ppi, 0x80);
        static_cast<void>(cpu.enter());
        static_cast<void>(changes());
    }
    [[nodiscard]] std::vector<Change> changes() {
        std::vector<Change> out;
        PhysChange change{};
        PIntid pintid{0};
        while (cpu.irqs.take_change(change, pintid)) {
            out.push_back({change, pintid.value()});
        }
        return out;
    }
    void arrive(PIntid pintid) {
        static_cast<void>(cpu.exit([&](VcpuIrqs& v) { CHECK(v.on_physical(pintid)); }));
    }
    void raise_urgent() {
        static_cast<void>(cpu.exit([](VcpuIrqs& v) { v.raise(urgent); }));
    }
    // The exit that sees the physical side.
    void look(const PhysWords& phys) {
        LrFile file;
        file.live = cpu.irqs.live_list_registers();
        for (unsigned i = 0; i < cpu.lrs.size(); ++i) {
            file.regs[i] = cpu.lrs[i];
        }
        cpu.irqs.sync(file, phys);
    }
    [[nodiscard]] u32 needs() const { return cpu.irqs.needs_phys(LrFile{}); }
    VmIrqs vm{1, Group::group1};
    BareCpu cpu;
};

} // namespace

TEST_CASE("the physical words of what waits outside are wanted", "[vgic]") {
    One one{1};
    one.raise_urgent();
    CHECK(one.needs() == 0);
    one.arrive(level_line);
    REQUIRE(one.cpu.irqs.is_owed(level));
    CHECK(one.needs() == 1U << 6U);
    one.arrive(edge_line);
    one.arrive(ppi_line);
    CHECK(one.needs() == (1U << 6U | 1U << 7U | 1U));
}

TEST_CASE("the physical words of spilled and of listed ones are wanted", "[vgic]") {
    One one{1};
    one.arrive(level_line);
    LrFile file;
    file.live = 1;
    file.regs[0] = one.cpu.lrs[0];
    CHECK(one.cpu.irqs.needs_phys(file) == 1U << 6U);
    file.regs[0] = ListReg::hardware(edge, edge_line, Priority{0}, Group::group1);
    CHECK(one.cpu.irqs.needs_phys(file) == 1U << 7U);
    file.regs[0] = ListReg::hardware(ppi, ppi_line, Priority{0}, Group::group1);
    CHECK(one.cpu.irqs.needs_phys(file) == 1);
    one.cpu.acknowledge(level);
    one.raise_urgent();
    REQUIRE(one.cpu.irqs.is_spilled(level));
    CHECK(one.needs() == 1U << 6U);
    file.regs[0] = one.cpu.lrs[0]; // software's
    CHECK(one.cpu.irqs.needs_phys(file) == 1U << 6U);
    CHECK(!one.cpu.irqs.nothing_waits());
    one.cpu.acknowledge(urgent);
    one.cpu.end(urgent);
    static_cast<void>(one.cpu.exit());
    CHECK(one.cpu.has(level, LrState::active));
    CHECK(one.cpu.irqs.nothing_waits());
    CHECK(one.needs() == 0);
}

TEST_CASE("owed: a level whose line dropped goes back, all else stays", "[vgic]") {
    One one{1};
    one.raise_urgent();
    one.arrive(level_line);
    one.arrive(edge_line);
    one.look(words(1U << 7U, 0, ~0U)); // the level's word was not read
    CHECK(one.cpu.irqs.is_owed(level));
    CHECK(one.cpu.irqs.is_owed(edge));
    one.look(words(1U << 6U, bit_of_level, ~0U)); // the line is high
    CHECK(one.cpu.irqs.is_owed(level));
    CHECK(one.changes().empty());
    one.look(words(1U << 6U | 1U << 7U, ~bit_of_level, ~0U));
    CHECK(!one.cpu.irqs.is_owed(level));
    CHECK(one.cpu.irqs.is_owed(edge));
    CHECK(one.changes() == std::vector<Change>{{PhysChange::clear_active, 192}});
}

TEST_CASE("owed: a level that the guest made pending stays without its line", "[vgic]") {
    One one{1};
    one.raise_urgent();
    one.arrive(level_line);
    one.cpu.irqs.raise(level);
    one.look(words(1U << 6U, 0, ~0U));
    CHECK(one.cpu.irqs.is_owed(level));
    CHECK(one.changes().empty());
}

TEST_CASE("listed: pending ones obey the line, active ones the active bit", "[vgic]") {
    One one{4};
    one.arrive(level_line);
    one.arrive(edge_line);
    one.look(words(1U << 6U | 1U << 7U, bit_of_level, 0));
    CHECK(one.cpu.irqs.is_listed(level));
    CHECK(one.cpu.irqs.is_listed(edge));
    one.look(words(1U << 7U, 0, 0));
    CHECK(one.cpu.irqs.is_listed(level));
    one.look(words(1U << 6U | 1U << 7U, ~bit_of_level, 0));
    CHECK(!one.cpu.irqs.is_listed(level));
    CHECK(one.cpu.irqs.is_listed(edge));
    CHECK(one.changes() == std::vector<Change>{{PhysChange::clear_active, 192}});
    static_cast<void>(one.cpu.enter());
    one.cpu.acknowledge(edge);
    one.look(words(1U << 7U, 0, bit_of_edge));
    CHECK(one.cpu.irqs.is_listed(edge));
    one.look(words(1U << 6U, 0, 0));
    CHECK(one.cpu.irqs.is_listed(edge));
    one.look(words(1U << 7U, ~0U, ~bit_of_edge)); // the guest did end it
    CHECK(!one.cpu.irqs.is_listed(edge));
    CHECK(one.changes().empty());
}

TEST_CASE("spilled: over when the active bit is gone, or when it arrives again", "[vgic]") {
    One one{1};
    one.arrive(level_line);
    one.cpu.acknowledge(level);
    one.raise_urgent();
    one.look(words(1U << 6U, 0, bit_of_level));
    CHECK(one.cpu.irqs.is_spilled(level));
    one.look(words(1U << 7U, 0, 0));
    CHECK(one.cpu.irqs.is_spilled(level));
    one.look(words(1U << 6U, 0, ~bit_of_level));
    CHECK(!one.cpu.irqs.is_spilled(level));
    CHECK(!one.cpu.irqs.at(level).is_held());

    One two{1};
    two.arrive(level_line);
    two.cpu.acknowledge(level);
    two.raise_urgent();
    two.arrive(level_line); // so it was over
    CHECK(!two.cpu.irqs.is_spilled(level));
    CHECK(two.cpu.irqs.is_owed(level));
    CHECK(!two.cpu.irqs.control().entry_not_present);
}

TEST_CASE("spilled: software's does not look at the physical side", "[vgic]") {
    One one{1};
    one.raise_urgent();
    one.cpu.acknowledge(urgent);
    static_cast<void>(one.cpu.exit([](VcpuIrqs& v) { v.raise(VIntid{5}); }));
    REQUIRE(one.cpu.irqs.is_spilled(urgent));
    CHECK(one.needs() == 0);
    one.look(words(~0U, 0, 0));
    CHECK(one.cpu.irqs.is_spilled(urgent));
}

TEST_CASE("whose a physical INTID is", "[vgic]") {
    One one{4};
    VcpuIrqs& v = one.cpu.irqs;
    CHECK(!v.on_physical(PIntid{27})); // that PPI is another one's number
    CHECK(!v.on_physical(PIntid{40}));
    CHECK(!v.on_physical(PIntid{201}));
    CHECK(!v.on_physical(PIntid{1019}));
    CHECK(v.on_physical(ppi_line));
    CHECK(v.at(ppi).get<Delivery::Owed>());
    v.map_hardware(VIntid{16}, PIntid{20}, Trigger::level);
    CHECK(v.on_physical(PIntid{20}));
    CHECK(v.at(VIntid{16}).get<Delivery::Owed>());
    v.map_hardware(VIntid{31}, PIntid{16}, Trigger::level);
    CHECK(v.on_physical(PIntid{16}));
    v.map_hardware(VIntid{287}, PIntid{32}, Trigger::edge);
    CHECK(v.on_physical(PIntid{32}));
    CHECK(v.at(VIntid{287}).get<Delivery::Owed>());
    v.map_hardware(VIntid{32}, PIntid{287}, Trigger::level);
    CHECK(v.on_physical(PIntid{287}));
    CHECK(v.at(VIntid{32}).get<Delivery::Owed>());
}

TEST_CASE("the first forwarded SPIs to arrive get a home", "[vgic]") {
    for (u8 count = 1; count <= 4; ++count) {
        CAPTURE(count);
        One one{count};
        const u16 usable = static_cast<u16>((1U << count) - 1);
        CHECK(one.cpu.irqs.live_list_registers() == (3U & usable)); // the timer's, the SGIs'
        one.arrive(ppi_line);
        CHECK(one.cpu.irqs.device_at_home(0) == VIntid{0});
        one.arrive(level_line);
        CHECK(one.cpu.irqs.device_at_home(0) == (count > 2 ? level : VIntid{0}));
        one.arrive(edge_line);
        one.arrive(level_line);
        CHECK(one.cpu.irqs.device_at_home(0) == (count > 2 ? level : VIntid{0}));
        CHECK(one.cpu.irqs.device_at_home(1) == (count > 3 ? edge : VIntid{0}));
        CHECK(one.cpu.irqs.live_list_registers() == usable);
    }
}

TEST_CASE("marked expired: only what is free, forwarded and enabled", "[vgic]") {
    One one{4};
    VcpuIrqs& v = one.cpu.irqs;
    v.mark_expired(urgent);
    CHECK(!v.at(urgent).is_pending());
    v.guest_disable(0, 1U << 27U);
    static_cast<void>(one.changes());
    v.mark_expired(ppi);
    CHECK(!v.is_owed(ppi));
    v.guest_enable(0, 1U << 27U);
    static_cast<void>(one.changes());
    v.mark_expired(ppi);
    CHECK(v.is_owed(ppi));
    CHECK(one.changes() == std::vector<Change>{{PhysChange::set_active, 31}});
    v.mark_expired(ppi);
    CHECK(one.changes().empty());
    static_cast<void>(one.cpu.enter());
    REQUIRE(one.cpu.has(ppi, LrState::pending));
    v.mark_expired(ppi);
    CHECK(!v.is_owed(ppi));
    CHECK(one.changes().empty());
}
