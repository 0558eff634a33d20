// SPDX-License-Identifier: Apache-2.0
// A node of the machine's tree while it is being read: its own properties by name, and of the nodes
// around it what its children need (cell counts, bus translation, interrupt parent).
#pragma once

#include "hyp/core/base/addr.hpp"
#include "hyp/core/tree/tree_reader.hpp"

namespace hyp {

// The properties that mean something to Baton.
enum class Prop : u8 {
    address_cells,
    size_cells,
    interrupt_cells,
    redistributor_regions,
    compatible,
    cpu_release_addr,
    device_type,
    enable_method,
    interrupt_parent,
    interrupts,
    method,
    model,
    phandle,
    ranges,
    redistributor_stride,
    reg,
    status,
    stdout_path,
    none, // any other
};

// Which property a name is. A tree keeps each name once, so the pointer is looked for first: virt's
// 190 properties have some 40 names between them.
class PropNames {
public:
    // `name` lies in the tree's strings block.
    [[nodiscard]] Prop find(const char* name) {
        Known& known = known_[reinterpret_cast<std::uintptr_t>(name) % slots];
        if (known.name != name) {
            known = {name, look_up(name)};
        }
        return known.prop;
    }

private:
    static constexpr u32 slots = 64;
    struct Known {
        const char* name = nullptr;
        Prop prop = Prop::none;
    };
    [[nodiscard]] static Prop look_up(const char* name);
    Known known_[slots];
};

// The properties of one node; of those that were not given, data is nullptr and length 0.
class NodeProps {
public:
    void clear() { given_ = 0; }
    void set(Prop prop, const TreeValue& value) {
        given_ |= 1U << static_cast<u32>(prop);
        // One by one here and in push(): -Os copies an aggregate by a call.
        TreeValue& place = values_[static_cast<u32>(prop)];
        place.data = value.data;
        place.length = value.length;
    }
    [[nodiscard]] bool has(Prop prop) const { return (given_ >> static_cast<u32>(prop) & 1) != 0; }
    // Good until clear().
    [[nodiscard, gnu::noinline]] const TreeValue& get(Prop prop) const {
        static constexpr TreeValue absent{};
        return has(prop) ? values_[static_cast<u32>(prop)] : absent;
    }
    // First cell, or `otherwise` when the property is missing or shorter.
    [[nodiscard]] u32 cell(Prop prop, u32 otherwise) const {
        const TreeValue& value = get(prop);
        return value.cells() == 0 ? otherwise : value.cell(0);
    }
    // The property is a string (the first of a list) and equals `text`.
    [[nodiscard]] bool is(Prop prop, const char* text) const {
        const TreeValue& value = get(prop);
        return value.is_string() && same_string(value.string(), text);
    }
    // DTSpec "status": absent means okay.
    [[nodiscard]] bool enabled() const {
        return !has(Prop::status) || is(Prop::status, "okay") || is(Prop::status, "ok");
    }

private:
    u32 given_ = 0;
    TreeValue values_[static_cast<u32>(Prop::none)];
};

// Whose child a node is, as far as that decides what it means.
enum class Place : u8 { root, cpus, reserved_memory, chosen, aliases, other };

// One open node. The first four are known when it is pushed, the rest when its properties are.
struct Frame {
    const char* name = "";
    u32 address_cells = 0; // of its children's reg
    u32 size_cells = 0;
    Place place = Place::other;
    u32 interrupt_parent = 0; // phandle in force here; 0: none was named
    TreeValue ranges{};
    bool has_ranges = false;
    bool disabled = false; // itself or a node around it
};

// The way from the root to an open node: frames[0] is the root, frames[depth - 1] the innermost.
class NodeStack {
public:
    [[nodiscard]] u32 depth() const { return depth_; }
    [[nodiscard]] Frame& top() { return frames_[depth_ - 1]; }
    [[nodiscard]] const Frame& top() const { return frames_[depth_ - 1]; }
    [[nodiscard]] const Frame& parent() const { return frames_[depth_ - 2]; }
    [[nodiscard]] const Frame& at(u32 level) const { return frames_[level]; }
    // The reader refuses deeper trees than TreeReader::max_depth.
    void push(const char* name) {
        Frame& frame = frames_[depth_];
        frame.name = name;
        frame.address_cells = 2; // DTSpec's defaults
        frame.size_cells = 1;
        ++depth_;
    }
    void pop() { --depth_; }

    // Entry n of the innermost node's `reg`, translated through the `ranges` of the buses around it
    // to a physical address. Size 0 when there is no such entry or no way to the CPU's addresses.
    [[nodiscard]] PaRange reg(const TreeValue& reg, u32 n) const;

private:
    [[nodiscard]] bool translate(u64& address, u64 size) const;

    Frame frames_[TreeReader::max_depth];
    u32 depth_ = 0;
};

} // namespace hyp
