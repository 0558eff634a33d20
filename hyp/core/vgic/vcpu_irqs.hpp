// SPDX-License-Identifier: Apache-2.0
// The interrupts of one vCPU: what is configured, pending and active, and which list register
// carries what. The pCPU that has the vCPU loaded owns all of it. What the vCPUs of a VM share, the
// SPIs' delivery words and the mailboxes, is VmIrqs'; whoever else wants something of this vCPU
// posts it there.
//
// An interrupt that came from hardware is in one place at a time: in the physical distributor
// (pending, not active); owed (physically active, not yet listed); in a list register; or active
// and spilled, when the list registers did not suffice. While it is owed, listed or spilled, its
// physical INTID is active and cannot signal again. The guest's own deactivation through the list
// register ends it without an exit.
// Per exit on the slow path: sync(), the events (on_physical(), guest_*(), raise...), flush(), then
// apply() of apply.hpp.
#pragma once

#include "hyp/core/vgic/entry.hpp"
#include "hyp/core/vgic/homes.hpp"
#include "hyp/core/vgic/vm_irqs.hpp"

#include <array>
#include <type_traits>
#include <utility>

namespace hyp {

class VcpuIrqs {
public:
    constexpr VcpuIrqs() = default;
    // vCPU `self` of `vm`, which must live as long. The first flush() writes every list register.
    VcpuIrqs(VmIrqs& vm, VcpuIndex self, const VgicCaps& caps);
    // As after map_hardware(), for a VM that starts over; after VmIrqs::reset(). It is not loaded: what
    // its PPIs left in a pCPU's private words ends with the next load() there.
    void reset();
    // After copying a VM with its vCPUs, which only tests do.
    void rebind(VmIrqs& vm) { vm_ = &vm; }

    // Before the first entry. The physical INTID is then this vCPU's, an SPI the VM's, disabled.
    void map_hardware(VIntid vintid, PIntid pintid, Trigger trigger);

    // --- after an exit, in this order
    // Bit n: list register n may have changed and must be read for sync().
    [[nodiscard]] u16 live_list_registers() const;
    // EOIcount may have counted.
    [[nodiscard]] bool needs_eoi_count() const {
        return written_control_.entry_not_present && !control_stale_;
    }
    // Bit n: word n of the physical pending and active bits is to be read for sync().
    [[nodiscard]] u32 needs_phys(const LrFile& file) const;
    // Once per exit. What the guest acknowledged and deactivated since. Both 'list register invalid'
    // and 'active while the distributor is inactive' end a hardware interrupt. A level that dropped
    // before the guest acknowledged it is withdrawn.
    void sync(const LrFile& file, const PhysWords& phys);
    // --- events
    // EL2 acknowledged the physical interrupt and dropped its priority. False: not this vCPU's; the
    // caller must deactivate it.
    [[nodiscard]] bool on_physical(PIntid pintid);
    // The line is high though nothing was acknowledged: it is made physically active by software and
    // listed. Only while PhysWords says it is not active.
    void mark_expired(VIntid vintid);
    void raise(VIntid vintid); // by software
    // An SGI arrives. `senders`: on GICv2 the CPU interfaces that sent it, bit each; on GICv3 the
    // groups that it is asked for in, bit 0 Group 0, bit 1 Group 1.
    void receive_sgi(VIntid sgi, u8 senders);
    // This vCPU sends it to another one.
    void post_sgi(VcpuIndex to, VIntid sgi, u8 senders);
    // The line of a software source. Matters while the interrupt is configured as level.
    void set_line(VIntid vintid, bool high);
    // The maintenance interrupt was acknowledged, its priority dropped. Write the result, all off, to
    // the hardware before deactivating it: the level is low then. flush() decides anew.
    [[nodiscard]] VirtControl on_maintenance();
    // The guest deactivates `vintid` by a DIR that trapped.
    void on_deactivate(VIntid vintid);

    // --- vCPUs that share a pCPU (apply.hpp has the whole of a switch)
    // List registers that hardware may hold something in, bit each, after sync().
    [[nodiscard]] u16 occupied_list_registers() const;
    // Leaves the pCPU, when occupied_list_registers() are cleared, the changes applied and the control
    // is off. Returns what the pCPU's private words now are. Posts and SPIs may go on arriving.
    [[nodiscard]] PrivateState put();
    [[nodiscard]] PrivateState private_state() const;
    // On a pCPU with empty list registers and the control off; flush() follows. Bit n of `lines`: the
    // line of PPI n will be high once the vCPU's timers run. A level without its line is withdrawn,
    // one that is high and enabled is marked by software. Returns what the private words must be.
    [[nodiscard]] PrivateState load(u32 lines);
    void forget_private_changes(); // of one that is not loaded
    // Of one that is not loaded, apply_changes() follows. sync() and flush() take them, too.
    void take_posts();
    // --- before an entry
    [[nodiscard]] Entry flush();
    // The vCPUs, bit each, that must look into their mailboxes; once.
    [[nodiscard]] u32 take_kicks() { return std::exchange(kicks_, u16{0}); }
    [[nodiscard]] const ListReg& list_register(LrIndex index) const { return wanted_[index.value]; }
    // The next change due, in order, which is then forgotten; false when there is none left.
    [[nodiscard]] bool take_change(PhysChange& change, PIntid& pintid);

    // The highest priority pending for the guest, loaded or not, or 0xff. For WFI: it falls through if
    // this is below the guest's PMR, whatever PSTATE.I says.
    [[nodiscard]] Priority best_pending() const;
    // Nothing is kept out of the list registers, nor is one that is listed pending once more: an SGI
    // from another sender, a level whose line is high.
    [[nodiscard]] bool nothing_waits() const;

    // --- the guest's configuration registers, one word of 32 INTIDs at a time (vdist.hpp).
    // word < guest_words; bits outside `mask` are left as they are.
    void guest_enable(unsigned word, u32 mask);
    void guest_disable(unsigned word, u32 mask);
    void guest_set_pending(unsigned word, u32 mask);
    void guest_clear_pending(unsigned word, u32 mask);
    void guest_set_active(unsigned word, u32 mask);
    void guest_clear_active(unsigned word, u32 mask);
    void guest_set_group(unsigned word, u32 groups);
    void guest_set_edge(unsigned word, u32 edges, u32 mask);
    void guest_set_priority(VIntid vintid, u8 priority);
    void guest_set_sources(VIntid sgi, u8 sources);
    void guest_clear_sources(VIntid sgi, u8 sources);
    // GICD_CTLR of the whole VM: bit 0 Group 0, bit 1 Group 1.
    void set_group_enables(u8 groups);
    // SPIs: the vCPU that ITARGETSR or IROUTER sends it to, or nobody.
    void set_route(VIntid vintid, VcpuIndex target);

    // --- what only a sibling's list registers tell
    // Before a read of ISACTIVER or ISPENDR of SPIs, and before a write of ISACTIVER: `mask`, which.
    // True: the siblings that have some of them are asked; the vCPU waits and repeats the access, at
    // most twice (an older question may be open). False: go on (vcpu_irqs_siblings.cpp).
    [[nodiscard]] bool ask(unsigned word, u32 mask);
    // Not all have answered: to repeat the access is of no use yet.
    [[nodiscard]] bool is_asking() const { return asked_ != 0; }

    [[nodiscard]] u32 enabled_word(unsigned word) const;
    [[nodiscard]] u32 group_word(unsigned word) const;
    [[nodiscard]] u32 edge_word(unsigned word) const;
    [[nodiscard]] u32 active_word(unsigned word) const;
    // With the physical words of hardware_words(word) the line's truth.
    [[nodiscard]] u32 pending_word(unsigned word, const PhysWords& phys) const;
    [[nodiscard]] u32 hardware_words(unsigned word) const;
    [[nodiscard]] u8 priority(VIntid vintid) const { return at(vintid).priority(); }
    [[nodiscard]] u8 pending_sources(VIntid sgi) const;
    [[nodiscard]] u8 group_enables() const { return vm_->group_enables(); }
    [[nodiscard]] VcpuIndex self() const { return self_; }

    // --- for the fast path's plan (hyp/core/fast/plan.hpp) and for the tests' invariants
    [[nodiscard]] const VgicCaps& caps() const { return caps_; }
    // The interrupt's word, own or shared.
    [[nodiscard]] Delivery at(VIntid vintid) const {
        return vintid.is_private() ? own_[vintid.value()] : vm_->word(vintid);
    }
    [[nodiscard]] bool is_hardware(VIntid vintid) const {
        return at(vintid).get<Delivery::Hardware>();
    }
    [[nodiscard]] PIntid pintid_of(VIntid vintid) const {
        return vintid.is_private() ? PIntid{own_pintid_[vintid.value()]} : vm_->pintid_of(vintid);
    }
    [[nodiscard]] bool is_listed(VIntid vintid) const { return listed_.has(vintid); }
    [[nodiscard]] bool is_owed(VIntid vintid) const { return owed_.has(vintid); }
    [[nodiscard]] bool is_spilled(VIntid vintid) const { return spilled_.has(vintid); }
    // Owed, listed or spilled. Those of is_hardware() are physically active.
    [[nodiscard]] u32 present_word(unsigned word) const {
        return owed_.word(word) | listed_.word(word) | spilled_.word(word);
    }
    // A level interrupt that the guest made pending by ISPENDR: it stays so without its line.
    [[nodiscard]] bool is_forced(VIntid vintid) const { return at(vintid).get<Delivery::Forced>(); }
    // Could be listed as pending: enabled, its group enabled, routed here.
    [[nodiscard]] bool is_eligible(VIntid vintid) const;
    // The guest's CPU interface lets its group through, as of the last sync(); else it is not listed
    // as pending, where it would keep others out.
    [[nodiscard]] bool is_open(Group group) const {
        return (u32{open_groups_} >> static_cast<u8>(group) & 1U) != 0;
    }
    [[nodiscard]] Group group(VIntid vintid) const { return at(vintid).get<Delivery::Grp>(); }
    // The SPI whose home is device_home(n); INTID 0: none's.
    [[nodiscard]] VIntid device_at_home(u32 n) const { return VIntid{device_home_[n]}; }
    [[nodiscard]] const Delivery* sgi_words() const { return own_.data(); }
    [[nodiscard]] VmIrqs& vm() { return *vm_; }
    // What hardware's list register holds since sync() or flush().
    [[nodiscard]] const ListReg& in_hardware(LrIndex index) const { return written_[index.value]; }
    [[nodiscard]] VirtControl control() const { return written_control_; }

    // All but the VM that it belongs to.
    friend bool operator==(const VcpuIrqs& left, const VcpuIrqs& right);
    // For a test that wants to hash it.
    template <class Visit>
    void visit_bytes(Visit visit) const {
        constexpr std::size_t first = sizeof(std::uintptr_t); // vm_ stands before it
        const unsigned char* bytes = reinterpret_cast<const unsigned char*>(this);
        visit(bytes + first, sizeof(*this) - first);
    }

private:
    static constexpr u8 no_lr = 0xff;
    static constexpr u32 dummy_vintid = 1000;
    static constexpr u8 dummy_priority = 0xf8;

    // Changes the interrupt's word and has whoever is concerned look at it, this vCPU at once. False:
    // that changed nothing.
    bool step(VIntid vintid, Event event, u8 arg = 0);
    void tell(u8 vcpu, Request request, VIntid spi);
    void kick(u32 vcpu, bool was_empty);
    void look(VIntid vintid);
    void settle_in(VIntid spi);
    void look_at_all();
    void answer(Request request, VIntid spi);
    void answer(u32 askers);
    struct Siblings {
        u32 active = 0, pending = 0;
    };
    [[nodiscard]] Siblings shown_by_siblings(unsigned word) const;
    [[nodiscard]] u32 held_by(unsigned word, u8 sibling) const;
    [[nodiscard]] u32 own_active(unsigned word) const;
    [[nodiscard]] u32 listed_as(LrState part, unsigned word) const;
    [[nodiscard]] bool is_level(VIntid vintid) const { return at(vintid).is_level(); }
    [[nodiscard]] bool has_source(VIntid vintid) const {
        return vintid.is_sgi() && caps_.generation == GicGeneration::v2;
    }
    [[nodiscard]] bool find_owner(PIntid pintid, VIntid& owner) const;
    void change(PhysChange change, VIntid vintid);
    void close_groups(u8 open);
    void absorb(u8 index, const ListReg& now);
    void unlist(u8 index);
    void replay(const LrFile& file);
    void resample_listed(const PhysWords& phys);
    void resample_waiting(const PhysWords& phys);
    [[nodiscard]] u32 hardware_ppis() const {
        return gather(0, static_cast<u32>(Delivery::Hardware::mask));
    }

    // --- vcpu_irqs_guest.cpp
    [[nodiscard]] u32 gather(unsigned word, u32 bits) const;
    void withdraw_pending(VIntid vintid);
    void make_guest_active(VIntid vintid);
    void clear_one(VIntid vintid);
    void end_active(VIntid vintid);
    void disown(VIntid vintid);
    void drop_listed(VIntid spi);
    void settle_disabled(VIntid vintid);
    void pend_by_software(VIntid vintid);
    void end_physical(VIntid vintid);

    // --- vcpu_irqs_flush.cpp
    [[nodiscard]] u8 usable() const;
    [[nodiscard]] bool lists_hardware() const;
    [[nodiscard]] bool is_real(u8 index) const;
    [[nodiscard]] u8 real_count() const;
    [[nodiscard]] u8 lr_of(VIntid vintid) const;
    [[nodiscard]] ListReg describe(VIntid vintid, Priority priority, u8 source) const;
    [[nodiscard]] bool take_pending(VIntid vintid, ListReg& lr);
    [[nodiscard]] ListReg take_spilled(VIntid vintid);
    [[nodiscard]] bool takes_second(VIntid vintid);
    [[nodiscard]] bool best_deliverable(VIntid& best) const;
    [[nodiscard]] bool best_spilled(VIntid& best) const;
    [[nodiscard]] u8 home_of(VIntid vintid) const;
    [[nodiscard]] u8 free_register(VIntid vintid) const;
    [[nodiscard]] u8 victim_for(VIntid vintid) const;
    void list(u8 index, const ListReg& lr);
    void evict(u8 index);
    void fill();
    void repend_listed();
    void place_dummy();
    [[nodiscard]] VirtControl decide_control() const;
    [[nodiscard]] u8 groups_hidden() const;
    [[nodiscard]] u8 groups_listed() const;
    [[nodiscard]] static bool is_empty(const IntidSet& set);

    VmIrqs* vm_ = nullptr;
    // No padding from here on, so that a test may hash the bytes.
    u32 waiting_words_ = 0; // bit w: word w of deliverable_, spilled_ or owed_ has a member
    u32 changed_words_ = 0; // bit w: word w of changes_ has a member
    u16 stale_ = 0;         // list registers whose hardware content is not known
    u16 kicks_ = 0;         // bit n: vCPU n has post from this one, and its box was empty
    std::array<ListReg, max_list_registers> wanted_{};
    std::array<ListReg, max_list_registers> written_{};

    std::array<Delivery, 32> own_{}; // SGIs and PPIs
    IntidSet listed_{};              // in a list register
    IntidSet spilled_{};             // active, not in a list register
    // What the words said when they were last looked at:
    IntidSet owed_{};        // hardware: physically active, to be listed as pending
    IntidSet deliverable_{}; // to be listed as pending
    IntidSet hidden_{};      // the same, but the guest's CPU interface keeps the group closed
    std::array<u8, guest_intids> priority_{};
    std::array<IntidSet, 8> changes_{}; // by PhysChange

    VgicCaps caps_{};
    VcpuIndex self_{};
    bool control_stale_ = false;
    VirtControl written_control_{};
    u8 open_groups_ = 3;
    u8 asked_ = 0;      // siblings, bit each, that have not answered yet
    u8 answered_ = 0;   // that were asked last
    u8 asked_word_ = 0; // of which word of SPIs; 0: none
    std::array<u8, 1> unused_{};
    std::array<u8, guest_intids> spilled_priority_{}; // as it was acknowledged with
    std::array<u16, device_homes> device_home_{};
    std::array<u8, 16> sources_{};        // GICv2: senders of a pending SGI, bit each
    std::array<u8, 16> spilled_source_{}; // GICv2: sender of a spilled active SGI
    std::array<u16, 32> own_pintid_{};    // of PPIs that are forwarded
};

static_assert(std::has_unique_object_representations_v<VcpuIrqs>);

} // namespace hyp
