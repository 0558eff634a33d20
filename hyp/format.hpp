// SPDX-License-Identifier: Apache-2.0
// newlib's integer-only vsnprintf, which glibc's headers do not declare.
#pragma once

#include <cstdarg>
#include <cstddef>

extern "C" int vsniprintf(char* buffer, std::size_t size, const char* format,
                          std::va_list arguments);
