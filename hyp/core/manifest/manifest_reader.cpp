// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/manifest/manifest_reader.hpp"

#include "hyp/core/manifest/manifest_check.hpp"

namespace hyp {

// clang-format off
const ManifestReader::Rule ManifestReader::rules[] = {
    // name            in                source packed required
    {"compatible",     root,             true,  true,  true,  Key::compatible},
    {"list-registers", options,          true,  true,  false, Key::list_registers},
    {"ignore-quirks",  options,          true,  true,  false, Key::ignore_quirks},
    {"trace",          options,          true,  true,  false, Key::trace},
    {"watchdog-ms",    options,          true,  true,  false, Key::watchdog},
    {"self-crash",     options,          true,  true,  false, Key::self_crash},
    {"hot-key",        options,          true,  true,  false, Key::hot_key},
    {"label",          vm,               true,  true,  true,  Key::label},
    {"memory-mib",     vm,               true,  true,  true,  Key::memory},
    {"vcpus",          vm,               true,  true,  true,  Key::vcpus},
    {"bootargs",       vm,               true,  true,  false, Key::bootargs},
    {"kernel",         vm,               true,  false, true,  Key::kernel_file},
    {"initrd",         vm,               true,  false, false, Key::initrd_file},
    {"devices",        vm,               true,  true,  false, Key::devices},
    {"dma-trusted",    vm,               true,  true,  false, Key::dma_trusted},
    {"rank",           vm,               true,  true,  false, Key::rank},
    {"slice-us",       vm,               true,  true,  false, Key::slice},
    {"pcpus",          vm,               true,  true,  false, Key::pcpus},
    {"console",        vm,               true,  true,  false, Key::console},
    {"on-crash",       vm,               true,  true,  false, Key::on_crash},
    {"on-reset",       vm,               true,  true,  false, Key::on_reset},
    {"restart-limit",  vm,               true,  true,  false, Key::restart_limit},
    {"time",           vm,               true,  true,  false, Key::time},
    {"off",            vm,               true,  true,  false, Key::off},
    {"offset",         kernel | initrd,  false, true,  true,  Key::offset},
    {"length",         kernel | initrd,  false, true,  true,  Key::length},
    {"hash",           kernel | initrd,  false, true,  true,  Key::hash},
    {"load",           kernel,           false, true,  true,  Key::load},
    {"entry",          kernel,           false, true,  true,  Key::entry},
    {"memory-size",    kernel,           false, true,  true,  Key::memory_size},
};
// clang-format on

const char* ManifestReader::run() {
    const char* fault = nullptr;
    while (fault == nullptr) {
        switch (tree_.next()) {
        case TreeTag::begin_node: fault = begin_node(); break;
        case TreeTag::property: fault = property(); break;
        case TreeTag::end_node: fault = end_node(); break;
        case TreeTag::end: return nullptr;
        case TreeTag::broken: fault = tree_.fault(); break;
        }
    }
    return fault;
}

ManifestReader::Kind ManifestReader::child_kind(const char* name) const {
    switch (depth_ == 0 ? none : node_->kind) {
    case none: return root;
    case root:
        return same_string(name, "options") ? options : same_string(name, "vms") ? vms : none;
    case vms: return vm;
    case vm:
        if (form_ == ManifestForm::packed) {
            return same_string(name, "kernel")   ? kernel
                   : same_string(name, "initrd") ? initrd
                                                 : none;
        }
        return none;
    case options:
    case kernel:
    case initrd: return none;
    }
    return none;
}

const char* ManifestReader::begin_node() {
    const Kind kind = child_kind(tree_.name());
    // Nothing is known inside the innermost kinds, and the unknown ends the pass.
    const bool is_root = depth_ == 0;
    u8* siblings = &node_->child_kinds;
    node_ = &nodes_[depth_++];
    *node_ = {kind, tree_.name(), 0, 0};
    if (kind == none) {
        return "no such node is known here";
    }
    if (!is_root && kind != vm) {
        if ((*siblings & kind) != 0) {
            return "this node is given twice";
        }
        *siblings = static_cast<u8>(*siblings | kind);
    }
    if (kind == vm) {
        if (out_.vm_count == Manifest::max_vms) {
            return "there are more than 8 VMs";
        }
        current_ = &out_.vms[out_.vm_count++];
        pcpu_cells_ = 0;
        current().node = tree_.name();
    }
    if (kind == initrd) {
        current().has_initrd = true;
    }
    return nullptr;
}

bool ManifestReader::applies(const Rule& rule, Kind kind) const {
    return (rule.kinds & kind) != 0 && (form_ == ManifestForm::source ? rule.source : rule.packed);
}

const char* ManifestReader::property() {
    Node& node = *node_;
    property_ = tree_.name();
    u32 bit = 1;
    for (const Rule& rule : rules) {
        if (applies(rule, node.kind) && same_string(rule.name, property_)) {
            if ((node.seen & bit) != 0) {
                return "this property is given twice";
            }
            node.seen |= bit;
            const char* fault = take(rule.key, tree_.value());
            if (fault == nullptr) {
                property_ = nullptr;
            }
            return fault;
        }
        bit <<= 1;
    }
    return "no such property is known here";
}

const char* ManifestReader::check_complete(const Node& node) const {
    u32 bit = 1;
    for (const Rule& rule : rules) {
        if (rule.required && applies(rule, node.kind) && (node.seen & bit) == 0) {
            switch (node.kind) {
            case root: return "compatible is missing: this is no manifest";
            case vm:
                return rule.key == Key::kernel_file ? "the kernel is missing"
                                                    : "label, memory-mib or "
                                                      "vcpus is missing";
            default: return "offset, length, hash, load, entry or memory-size is missing";
            }
        }
        bit <<= 1;
    }
    return nullptr;
}

const char* ManifestReader::end_vm(const Node& node) {
    const bool packed = form_ == ManifestForm::packed;
    if (pcpu_cells_ > 1 && pcpu_cells_ != current().vcpus) {
        return "pcpus has more than one cell, but not one for each vCPU";
    }
    if (packed && (node.child_kinds & kernel) == 0) {
        return "the kernel is missing";
    }
    if (packed) {
        if (const char* fault = check_vm(current(), image_size_)) {
            return fault;
        }
    }
    if (const char* fault = check_devices(current())) {
        return fault;
    }
    return check_against_earlier(out_, out_.vm_count - 1);
}

const char* ManifestReader::end_root() const {
    bool runs = false;
    for (u32 n = 0; n < out_.vm_count; ++n) {
        runs = runs || !out_.vms[n].off;
    }
    return runs                 ? nullptr
           : out_.vm_count == 0 ? "there is no VM: a node below /vms describes one"
                                : "every VM is off: nothing would run";
}

const char* ManifestReader::end_node() {
    const Node& node = *node_;
    const char* fault = check_complete(node);
    if (fault == nullptr && node.kind == vm) {
        fault = end_vm(node);
    }
    if (fault == nullptr && node.kind == root) {
        fault = end_root();
    }
    if (fault == nullptr) {
        node_ -= --depth_ != 0 ? 1 : 0;
    }
    return fault;
}

Payload& ManifestReader::payload() {
    return node_->kind == kernel ? current().kernel : current().initrd;
}

void ManifestReader::write_path(NodePath& path) const {
    for (u32 i = 1; i < depth_; ++i) {
        path.append("/");
        path.append(nodes_[i].name);
    }
    if (depth_ <= 1) {
        path.append("/");
    }
    if (property_ != nullptr) {
        path.append(":");
        path.append(property_);
    }
}

void NodePath::append(const char* more) {
    char* at = text;
    while (*at != '\0') {
        ++at;
    }
    for (; *more != '\0' && at + 1 < text + sizeof text; ++more) {
        *at++ = *more >= ' ' && *more <= '~' ? *more : '?';
    }
    *at = '\0';
}

Result<Manifest> read_manifest(const void* fdt, usize size, ManifestForm form, u64 image_size,
                               NodePath& path) {
    path.text[0] = '\0';
    Result<TreeReader> tree =
        TreeReader::open(fdt, size < manifest_size_limit ? size : manifest_size_limit);
    if (!tree.ok()) {
        return tree.error();
    }
    Result<Manifest> result{Manifest{}};
    ManifestReader reader{tree.value(), form, image_size, result.value()};
    if (const char* fault = reader.run()) {
        reader.write_path(path);
        return Error{fault, path.text};
    }
    return result;
}

} // namespace hyp
