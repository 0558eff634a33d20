// SPDX-License-Identifier: Apache-2.0
// Which UART Baton speaks on. /chosen comes last in most trees, so each serial port is kept with
// its way from the root until it is known which one `stdout-path` means.
#pragma once

#include "hyp/platform/interrupt.hpp"
#include "hyp/platform/node.hpp"

namespace hyp {

class UartChoice {
public:
    // The innermost node of `stack` is an enabled serial port with `props`. Ports beyond the
    // table's size, nested deeper than it can tell, or without an address are left out.
    void add(const NodeStack& stack, const NodeProps& props, UartKind kind);
    void set_stdout_path(const TreeValue& path) { stdout_path_ = path; }
    // A property of /aliases.
    void add_alias(const char* name, const TreeValue& path);
    // After the whole tree: the port of `stdout-path`, else the first that Baton can drive, else
    // the first; kind none when there is no port at all.
    [[nodiscard]] PlatformUart choose(const GicIdentity& gic) const;

private:
    static constexpr u32 max_ports = 8;
    static constexpr u32 max_aliases = 8;
    static constexpr u32 max_path = 6;

    struct Port {
        const char* path[max_path]; // node names, root left out
        u32 path_length;
        UartKind kind;
        const char* compatible;
        PaRange frame;
        InterruptSource interrupt;
    };
    struct Alias {
        const char* name;
        TreeValue path;
    };

    [[nodiscard]] const Port* stdout_port() const;
    [[nodiscard]] const Port* first_port() const;
    [[nodiscard]] TreeValue resolve(const TreeValue& path, u32 length) const;

    Port ports_[max_ports];
    u32 port_count_ = 0;
    Alias aliases_[max_aliases];
    u32 alias_count_ = 0;
    TreeValue stdout_path_{};
};

} // namespace hyp
