// SPDX-License-Identifier: Apache-2.0
// Manifests for tests as source text: right ones, of which a test changes or drops one line.
#pragma once

#include "hyp/core/manifest/manifest.hpp"
#include "tests/trees/tree_bytes.hpp"

#include <string>
#include <utility>
#include <vector>

namespace manifests {

using namespace hyp;

constexpr u64 image_size = 64 * mib;

// One property or node of a VM, so that a test can change or drop a single one.
using Lines = std::vector<std::pair<std::string, std::string>>;

inline const Lines good_source = {
    {"label", "label = \"tiny\";"},      {"memory-mib", "memory-mib = <256>;"},
    {"vcpus", "vcpus = <2>;"},           {"bootargs", "bootargs = \"ticks=5\";"},
    {"kernel", "kernel = \"a.img\";"},   {"devices", "devices = \"pl011\";"},
    {"on-crash", "on-crash = \"stop\";"}};

inline const Lines good_kernel = {
    {"offset", "offset = <0 0x400000>;"},        {"length", "length = <0 0x12345>;"},
    {"hash", "hash = <0x89abcdef 0x01234567>;"}, {"load", "load = <0 0x40200000>;"},
    {"entry", "entry = <0 0x40200040>;"},        {"memory-size", "memory-size = <0 0x20000>;"}};

inline const Lines good_initrd = {{"offset", "offset = <0 0x600000>;"},
                                  {"length", "length = <0 0x100001>;"},
                                  {"hash", "hash = <0 7>;"}};

// The lines with that of `name` replaced by `text` (added at the front when there is none).
inline std::string body(const Lines& lines, const std::string& name = "",
                        const std::string& text = "") {
    std::string out;
    bool found = false;
    for (const auto& [key, line] : lines) {
        out += key == name ? text : line;
        found = found || key == name;
    }
    return found ? out : text + out;
}

inline std::string manifest_of(const std::string& vms, const std::string& options = "") {
    return "/ { compatible = \"baton,manifest\"; " + options + " vms { " + vms + " }; };";
}

inline std::string packed_vm(const std::string& kernel, const std::string& initrd = "") {
    Lines lines = good_source;
    lines.erase(lines.begin() + 4);
    return "vm0 { " + body(lines) + "kernel { " + kernel + " };" +
           (initrd.empty() ? "" : "initrd { " + initrd + " };") + " };";
}

// Keeps the tree alive that the manifest's strings point into.
struct Read {
    trees::Bytes bytes;
    Result<Manifest> manifest{Error{"unread"}};
};

inline Read read(const std::string& source, ManifestForm form) {
    Read out{trees::compiled(source), Error{"unread"}};
    NodePath path;
    out.manifest = read_manifest(out.bytes.data(), out.bytes.size(), form, image_size, path);
    return out;
}

inline std::string said(Error error) {
    return std::string{error.where} + ": " + error.reason;
}

inline std::string verdict(const std::string& source, ManifestForm form, u64 size = image_size) {
    const trees::Bytes bytes = trees::compiled(source);
    trees::Guarded guarded{bytes.size()};
    NodePath path;
    const Result<Manifest> manifest =
        read_manifest(guarded.hold(bytes.data(), bytes.size()), bytes.size(), form, size, path);
    return manifest.ok() ? "good" : said(manifest.error());
}

// What is said of a whole manifest in its source form.
inline std::string whole(const std::string& source) {
    return verdict(source, ManifestForm::source);
}

// A VM's node in the source form, named as its label is.
inline std::string small_vm(const std::string& name, const std::string& more = "") {
    return name + " { label = \"" + name + "\"; memory-mib = <64>; vcpus = <2>; kernel = \"k\"; " +
           more + " };";
}

// A source manifest of one VM with one line changed.
inline std::string source_with(const std::string& name, const std::string& text) {
    return verdict(manifest_of("vm0 { " + body(good_source, name, text) + " };"),
                   ManifestForm::source);
}

inline std::string options_with(const std::string& text) {
    return verdict(manifest_of("vm0 { " + body(good_source) + " };", "options { " + text + " };"),
                   ManifestForm::source);
}

inline std::string kernel_with(const std::string& name, const std::string& text) {
    return verdict(manifest_of(packed_vm(body(good_kernel, name, text))), ManifestForm::packed);
}

inline std::string initrd_with(const std::string& name, const std::string& text) {
    return verdict(manifest_of(packed_vm(body(good_kernel), body(good_initrd, name, text))),
                   ManifestForm::packed);
}

} // namespace manifests
