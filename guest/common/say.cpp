// SPDX-License-Identifier: Apache-2.0
// newlib's output is for one thread: one CPU at a time has it.

#include "say.hpp"

#include "sync.hpp"

#include <cstdarg>
#include <cstdio>

namespace guest {
namespace {

constinit Lock console_lock{};

} // namespace

void say(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    console_lock.take();
    std::vprintf(format, arguments);
    console_lock.drop();
    va_end(arguments);
}

} // namespace guest
