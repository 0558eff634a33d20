// SPDX-License-Identifier: Apache-2.0
#include "hyp/platform/uart_choice.hpp"

namespace hyp {

namespace {

// The path part of `stdout-path`: up to a ':' (options such as the speed follow) or the end.
u32 path_length(const TreeValue& path) {
    u32 n = 0;
    while (n < path.length && path.data[n] != 0 && path.data[n] != ':') {
        ++n;
    }
    return n;
}

// Is text[begin, end) this name, up to its end or to a `stop`? Never when empty.
bool same_name(const char* name, char stop, const TreeValue& text, u32 begin, u32 end) {
    u32 n = begin;
    while (n < end && static_cast<u8>(*name) == text.data[n] && *name != '\0') {
        ++name;
        ++n;
    }
    return n == end && n != begin && (*name == '\0' || *name == stop);
}

bool same_path(const char* const* names, u32 count, const TreeValue& text, u32 length) {
    u32 at = 0;
    for (u32 i = 0; i < count; ++i) {
        if (at == length || text.data[at] != '/') {
            return false;
        }
        u32 end = at + 1;
        while (end < length && text.data[end] != '/') {
            ++end;
        }
        // The unit address may be left out, as libfdt allows.
        if (!same_name(names[i], '@', text, at + 1, end)) {
            return false;
        }
        at = end;
    }
    return at == length;
}

} // namespace

void UartChoice::add(const NodeStack& stack, const NodeProps& props, UartKind kind) {
    const u32 names = stack.depth() - 1;
    const PaRange frame = stack.reg(props.get(Prop::reg), 0);
    const TreeValue& compatible = props.get(Prop::compatible);
    if (port_count_ == max_ports || names > max_path || frame.size == 0 ||
        !compatible.is_string()) {
        return;
    }
    Port& port = ports_[port_count_++];
    for (u32 i = 0; i < names; ++i) {
        port.path[i] = stack.at(i + 1).name;
    }
    port.path_length = names;
    port.kind = kind;
    port.compatible = compatible.string();
    port.frame = frame;
    port.interrupt = {props.get(Prop::interrupts), stack.top().interrupt_parent};
}

void UartChoice::add_alias(const char* name, const TreeValue& path) {
    // Only serial ports are asked for, by the names that trees give them (serial0, uart1).
    if ((name[0] == 's' || name[0] == 'u') && alias_count_ < max_aliases) {
        aliases_[alias_count_++] = {name, path};
    }
}

TreeValue UartChoice::resolve(const TreeValue& path, u32 length) const {
    if (length == 0 || path.data[0] == '/') {
        return path;
    }
    for (u32 i = 0; i < alias_count_; ++i) {
        if (same_name(aliases_[i].name, '\0', path, 0, length)) {
            return aliases_[i].path;
        }
    }
    return {};
}

const UartChoice::Port* UartChoice::stdout_port() const {
    const TreeValue path = resolve(stdout_path_, path_length(stdout_path_));
    const u32 length = path_length(path);
    if (path.data == nullptr || length == 0) {
        return nullptr;
    }
    for (u32 i = 0; i < port_count_; ++i) {
        if (same_path(ports_[i].path, ports_[i].path_length, path, length)) {
            return &ports_[i];
        }
    }
    return nullptr;
}

const UartChoice::Port* UartChoice::first_port() const {
    for (u32 i = 0; i < port_count_; ++i) {
        if (ports_[i].kind == UartKind::pl011) {
            return &ports_[i];
        }
    }
    return port_count_ != 0 ? &ports_[0] : nullptr;
}

PlatformUart UartChoice::choose(const GicIdentity& gic) const {
    const Port* port = stdout_port();
    if (port == nullptr) {
        port = first_port();
    }
    if (port == nullptr) {
        return {};
    }
    PlatformUart uart;
    uart.kind = port->kind;
    copy_text(uart.compatible, sizeof uart.compatible, port->compatible);
    uart.frame = port->frame;
    uart.interrupt = wired_interrupt(port->interrupt, 0, gic);
    return uart;
}

} // namespace hyp
