// SPDX-License-Identifier: Apache-2.0
// The pass over a manifest's tree. A table says which property may stand in which kind of node;
// whatever it does not list is refused, so that no spelling mistake is passed over in silence.
#pragma once

#include "hyp/core/manifest/manifest.hpp"
#include "hyp/core/tree/tree_reader.hpp"

namespace hyp {

class ManifestReader {
public:
    ManifestReader(TreeReader& tree, ManifestForm form, u64 image_size, Manifest& out)
        : tree_{tree}, form_{form}, image_size_{image_size}, out_{out} {}

    // Reads and checks all; nullptr, or the reason for refusal.
    [[nodiscard]] const char* run();
    // Where the reader stands: "/vms/vm0:label".
    void write_path(NodePath& path) const;

private:
    // Each a bit, so that a rule can name several.
    enum Kind : u8 { root = 1, options = 2, vms = 4, vm = 8, kernel = 16, initrd = 32, none = 0 };
    enum class Key : u8 {
        compatible,
        list_registers,
        ignore_quirks,
        trace,
        watchdog,
        self_crash,
        hot_key,
        label,
        memory,
        vcpus,
        bootargs,
        kernel_file,
        initrd_file,
        devices,
        dma_trusted,
        rank,
        slice,
        pcpus,
        console,
        on_crash,
        on_reset,
        restart_limit,
        time,
        off,
        offset,
        length,
        hash,
        load,
        entry,
        memory_size,
    };
    struct Rule {
        char name[15]; // as long as the longest: less than a pointer and a string
        u8 kinds;      // of Kind
        bool source;
        bool packed;
        bool required;
        Key key;
    };
    static constexpr u32 max_depth = 5; // root, vms, a VM, its kernel, and one too many
    struct Node {
        Kind kind;
        const char* name;
        u32 seen;       // rules met, by their place in the table
        u8 child_kinds; // children that may come once and have come
    };
    static const Rule rules[];

    [[nodiscard]] const char* begin_node();
    [[nodiscard]] const char* property();
    [[nodiscard]] const char* end_node();
    [[nodiscard]] Kind child_kind(const char* name) const;
    [[nodiscard]] bool applies(const Rule& rule, Kind kind) const;
    [[nodiscard]] const char* check_complete(const Node& node) const;
    [[nodiscard]] const char* end_vm(const Node& node);
    [[nodiscard]] const char* end_root() const;
    [[nodiscard]] VmDescription& current() { return *current_; }
    [[nodiscard]] Payload& payload();

    [[nodiscard]] const char* take(Key key, const TreeValue& value);
    [[nodiscard]] const char* take_compatible(const TreeValue& value);
    [[nodiscard]] const char* take_hot_key(const TreeValue& value);
    [[nodiscard]] const char* take_label(const TreeValue& value);
    [[nodiscard]] const char* take_memory(const TreeValue& value);
    [[nodiscard]] const char* take_bootargs(const TreeValue& value);
    [[nodiscard]] const char* take_file(const TreeValue& value, const char*& out);
    [[nodiscard]] const char* take_devices(const TreeValue& value);
    [[nodiscard]] const char* take_rank(const TreeValue& value);
    [[nodiscard]] const char* take_pcpus(const TreeValue& value);

    TreeReader& tree_;
    ManifestForm form_;
    u64 image_size_;
    Manifest& out_;
    Node nodes_[max_depth];
    Node* node_ = nodes_; // the innermost that is open, if depth_ is not 0
    u32 depth_ = 0;
    VmDescription* current_ = out_.vms; // the VM being read
    u32 pcpu_cells_ = 0;                // its
    const char* property_ = nullptr;    // being read
};

} // namespace hyp
