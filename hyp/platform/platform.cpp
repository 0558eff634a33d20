// SPDX-License-Identifier: Apache-2.0
// The pass over the machine's tree: each node is judged once, when its properties are complete,
// that is at its first child or its end (a flattened tree has properties before children).
#include "hyp/platform/platform.hpp"

#include "hyp/platform/gic_node.hpp"
#include "hyp/platform/node.hpp"
#include "hyp/platform/passable_nodes.hpp"
#include "hyp/platform/pcpus.hpp"
#include "hyp/platform/uart_choice.hpp"

#include <cstring>

namespace hyp {

namespace {

class PlatformReader {
public:
    PlatformReader(TreeReader& tree, Platform& out) : tree_{tree}, out_{out} {}

    // Nullptr, or why not.
    const char* run(Pa tree_address);

private:
    void begin_node(const char* name);
    void property(const char* name, const TreeValue& value);
    void judge();
    void judge_by_place();
    void judge_by_compatible();
    void inherit();
    void add_cpu();
    void add_ranges(PaRange* list, u32& count, u32 limit, const char* fault);
    void add_range(PaRange* list, u32& count, u32 limit, PaRange range, const char* fault);
    void add_memory_reservations();
    [[gnu::noinline]] void wire(WiredInterrupt& to, const InterruptSource& source, u32 n) const {
        to = wired_interrupt(source, n, gic_);
    }
    void finish();
    TreeReader& tree_;
    Platform& out_;
    NodeStack stack_;
    NodeProps props_;
    PropNames prop_names_;
    bool judged_ = true;
    const char* fault_ = nullptr;
    GicIdentity gic_;
    InterruptSource maintenance_;
    InterruptSource timer_;
    PassableNodes passable_;
    UartChoice uarts_;
};

constexpr const char* too_much_ram = "the device tree lists more memory ranges than Baton can keep";
constexpr const char* too_much_reserved =
    "the device tree reserves more memory ranges than Baton can keep";

const char* PlatformReader::run(Pa tree_address) {
    add_range(out_.reserved, out_.reserved_count, Platform::max_reserved,
              {tree_address, tree_.size()}, too_much_reserved);
    add_memory_reservations();
    while (fault_ == nullptr) {
        switch (tree_.next()) {
        case TreeTag::begin_node: begin_node(tree_.name()); break;
        case TreeTag::property: property(tree_.name(), tree_.value()); break;
        case TreeTag::end_node:
            judge();
            stack_.pop();
            break;
        case TreeTag::end: finish(); return nullptr;
        case TreeTag::broken: return tree_.fault();
        }
    }
    return fault_;
}

void PlatformReader::begin_node(const char* name) {
    judge();
    stack_.push(name);
    props_.clear();
    judged_ = false;
    Place place = Place::other;
    switch (stack_.depth()) {
    case 1: place = Place::root; break;
    case 2:
        place = same_string(name, "cpus")              ? Place::cpus
                : same_string(name, "reserved-memory") ? Place::reserved_memory
                : same_string(name, "chosen")          ? Place::chosen
                : same_string(name, "aliases")         ? Place::aliases
                                                       : Place::other;
        break;
    default: break;
    }
    stack_.top().place = place;
}

void PlatformReader::property(const char* name, const TreeValue& value) {
    if (stack_.top().place == Place::aliases) {
        uarts_.add_alias(name, value);
        return;
    }
    const Prop prop = prop_names_.find(name);
    if (prop != Prop::none) {
        props_.set(prop, value);
    }
}

void PlatformReader::judge() {
    if (judged_) {
        return;
    }
    judged_ = true;
    inherit();
    if (!stack_.top().disabled) {
        judge_by_place();
    }
}

// What this node's children need to know of it.
void PlatformReader::inherit() {
    Frame& node = stack_.top();
    const bool has_parent = stack_.depth() > 1;
    node.disabled = !props_.enabled() || (has_parent && stack_.parent().disabled);
    node.address_cells = props_.cell(Prop::address_cells, node.address_cells);
    node.size_cells = props_.cell(Prop::size_cells, node.size_cells);
    node.interrupt_parent =
        props_.cell(Prop::interrupt_parent, has_parent ? stack_.parent().interrupt_parent : 0);
    node.has_ranges = props_.has(Prop::ranges);
    const TreeValue& ranges = props_.get(Prop::ranges);
    node.ranges.data = ranges.data;
    node.ranges.length = ranges.length;
}

void PlatformReader::judge_by_place() {
    if (stack_.depth() == 1) {
        const TreeValue& model = props_.get(Prop::model);
        const TreeValue text = model.is_string() ? model : props_.get(Prop::compatible);
        if (text.is_string()) {
            copy_text(out_.model, sizeof out_.model, text.string());
        }
        return;
    }
    switch (stack_.top().place) {
    case Place::chosen: uarts_.set_stdout_path(props_.get(Prop::stdout_path)); return;
    case Place::root:
    case Place::cpus:
    case Place::reserved_memory:
    case Place::aliases: return;
    case Place::other: break;
    }
    if (stack_.parent().place == Place::cpus) {
        add_cpu();
    } else if (stack_.parent().place == Place::reserved_memory) {
        add_ranges(out_.reserved, out_.reserved_count, Platform::max_reserved, too_much_reserved);
    } else if (props_.is(Prop::device_type, "memory")) {
        add_ranges(out_.ram, out_.ram_count, Platform::max_ram, too_much_ram);
    } else {
        judge_by_compatible();
    }
}

void PlatformReader::judge_by_compatible() {
    const TreeValue& list = props_.get(Prop::compatible);
    for (const char* text = next_string(list, nullptr); text != nullptr;
         text = next_string(list, text)) {
        if (passable_.add(text, stack_, props_, out_)) {
            return;
        }
        if (!starts_with(text, "arm,")) {
            continue;
        }
        const char* kind = text + 4;
        if (same_string(kind, "pl011")) {
            uarts_.add(stack_, props_, UartKind::pl011);
            return;
        }
        if (same_string(kind, "armv8-timer")) {
            timer_ = {props_.get(Prop::interrupts), stack_.top().interrupt_parent};
            return;
        }
        if (starts_with(kind, "psci")) {
            out_.conduit = props_.is(Prop::method, "smc")   ? Conduit::smc
                           : props_.is(Prop::method, "hvc") ? Conduit::hvc
                                                            : out_.conduit;
            return;
        }
        GicGeneration generation;
        if (!out_.gic.present && gic_generation(kind, generation)) {
            out_.gic = read_gic_node(stack_, props_, generation);
            gic_ = {props_.cell(Prop::phandle, 0), props_.cell(Prop::interrupt_cells, 3)};
            maintenance_ = {props_.get(Prop::interrupts), stack_.top().interrupt_parent};
            return;
        }
    }
    // Ports that Baton has no driver for are known by DTSpec's generic names.
    const char* name = stack_.top().name;
    if (starts_with(name, "serial@") || starts_with(name, "uart@")) {
        uarts_.add(stack_, props_, UartKind::other);
    }
}

void PlatformReader::add_cpu() {
    const TreeValue& reg = props_.get(Prop::reg);
    const u32 cells = stack_.parent().address_cells;
    if (!props_.is(Prop::device_type, "cpu") || cells - 1 > 1 || reg.cells() < cells ||
        out_.cpu_count == Platform::max_cpus) {
        return;
    }
    PlatformCpu& cpu = out_.cpus[out_.cpu_count++];
    cpu.affinity = reg.number(0, cells) & mpidr_affinity;
    if (props_.is(Prop::enable_method, "psci")) {
        cpu.enable = CpuEnable::psci;
    } else if (props_.is(Prop::enable_method, "spin-table")) {
        cpu.enable = CpuEnable::spin_table;
        const TreeValue& release = props_.get(Prop::cpu_release_addr);
        cpu.release = Pa{release.number(0, release.cells() < 2 ? release.cells() : 2)};
    }
}

void PlatformReader::add_ranges(PaRange* list, u32& count, u32 limit, const char* fault) {
    const TreeValue& reg = props_.get(Prop::reg);
    // An entry has at least two cells.
    for (u32 n = 0; n < reg.cells() / 2; ++n) {
        add_range(list, count, limit, stack_.reg(reg, n), fault);
    }
}

void PlatformReader::add_range(PaRange* list, u32& count, u32 limit, PaRange range,
                               const char* fault) {
    if (range.size == 0) {
        return;
    }
    if (count == limit) {
        fault_ = fault;
        return;
    }
    list[count++] = range;
}

void PlatformReader::add_memory_reservations() {
    struct Entry { // big-endian
        u64 address;
        u64 size;
    };
    for (u32 at = tree_.reservations(); fault_ == nullptr; at += sizeof(Entry)) {
        if (tree_.size() - at < sizeof(Entry)) {
            fault_ = "the memory reservations of the device tree do not end inside it";
            return;
        }
        Entry entry;
        std::memcpy(&entry, tree_.bytes() + at, sizeof entry);
        const u64 address = __builtin_bswap64(entry.address);
        const u64 size = __builtin_bswap64(entry.size);
        if (address == 0 && size == 0) {
            return;
        }
        if (address + size >= address) {
            add_range(out_.reserved, out_.reserved_count, Platform::max_reserved,
                      {Pa{address}, size}, too_much_reserved);
        }
    }
}

// Now that the GIC is known: who is wired to it, and which port is the console.
void PlatformReader::finish() {
    wire(out_.gic.maintenance, maintenance_, 0);
    // Linux bindings/timer/arm,arch_timer.yaml: secure, non-secure, virtual, hypervisor.
    wire(out_.timer.secure, timer_, 0);
    wire(out_.timer.ptimer, timer_, 1);
    wire(out_.timer.vtimer, timer_, 2);
    wire(out_.timer.hyp, timer_, 3);
    out_.uart = uarts_.choose(gic_);
    for (u32 n = 0; n < device_count; ++n) {
        wire(out_.devices[n].interrupt, passable_.interrupts(static_cast<DeviceId>(n)), 0);
    }
    if (out_.uart.kind == UartKind::pl011) {
        out_.devices[static_cast<u32>(DeviceId::pl011)] = {out_.uart.frame, out_.uart.interrupt};
    }
}

} // namespace

Result<Platform> read_platform(const void* fdt, usize size_limit, Pa tree_address) {
    Result<TreeReader> tree = TreeReader::open(fdt, size_limit);
    if (!tree.ok()) {
        return tree.error();
    }
    Result<Platform> result{Platform{}};
    PlatformReader reader{tree.value(), result.value()};
    if (const char* fault = reader.run(tree_address)) {
        return Error{fault};
    }
    return result;
}

} // namespace hyp
