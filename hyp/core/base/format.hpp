// SPDX-License-Identifier: Apache-2.0
// The part of printf that Baton's messages use. newlib's formatter, which did this, is ten times as
// large: 3 % of the whole image.
#pragma once

#include "hyp/core/trace/text.hpp"

#include <cstdarg>

namespace hyp {

// Appends to `text` what printf would: %s, %u and %x, with l, a width, and the flags - and 0. No
// other conversion: an unknown one is written as '?' and takes an argument.
void put_format(Text& text, const char* format, std::va_list arguments);

} // namespace hyp
