// SPDX-License-Identifier: Apache-2.0
#include "hyp/console.hpp"

#include "drivers/uart/pl011.hpp"
#include "hyp/arch/mmio.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/core/base/format.hpp"

namespace hyp {

namespace {

using Uart = Pl011<TargetMmio, TargetSysReg>;

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
    Uart uart{{}, {}};
    for (const char* c = text; *c != '\0'; ++c) {
        if (*c == '\n') {
            uart.put('\r');
        }
        uart.put(*c);
    }
}

void Console::flush() const {
    if (open_) {
        Uart{{}, {}}.flush();
    }
}

} // namespace hyp
