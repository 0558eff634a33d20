// SPDX-License-Identifier: Apache-2.0
#include "hyp/console.hpp"

#include "drivers/uart/pl011.hpp"
#include "hyp/arch/mmio.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/core/base/format.hpp"
#include "hyp/terminal.hpp"

#include <cstring>

namespace hyp {

namespace {

using Uart = Pl011<TargetMmio, TargetSysReg>;

// What was said at boot, a zero in place of each line's end: Baton's console shows it again.
struct BootLog {
    char text[3 * kib];
    u32 length;
    u32 next; // line to be shown
};
constinit BootLog boot_log{};

void log(char c) {
    if (boot_log.length != sizeof boot_log.text - 1) {
        boot_log.text[boot_log.length++] = c == '\n' ? '\0' : c;
    }
}

} // namespace

void Console::open() {
    Uart{{}, {}}.init();
    open_ = true;
}

void Console::print(const char* format, ...) const {
    std::va_list arguments;
    va_start(arguments, format);
    print_list(format, arguments);
    va_end(arguments);
}

void Console::print_list(const char* format, std::va_list arguments) const {
    if (!open_) {
        return;
    }
    char text[256];
    Text line{text};
    put_format(line, format, arguments);
    if (shared_) {
        const char* const words = text[0] == '\n' ? text + 1 : text; // its lines begin there anyhow
        say_on_terminal(words, std::strlen(words));
        return;
    }
    Uart uart{{}, {}};
    for (const char* c = text; *c != '\0'; ++c) {
        log(*c);
        if (*c == '\n') {
            uart.put('\r');
        }
        uart.put(*c);
    }
}

const char* Console::boot_line(bool first, bool& more) {
    u32& next = boot_log.next;
    next = first ? 0 : next;
    const char* const line = &boot_log.text[next];
    next += static_cast<u32>(std::strlen(line)) + 1;
    more = next < boot_log.length;
    return line;
}

void Console::flush() const {
    if (open_) {
        if (shared_) {
            drain_terminal();
        }
        Uart{{}, {}}.flush();
    }
}

} // namespace hyp
