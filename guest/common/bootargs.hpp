// SPDX-License-Identifier: Apache-2.0
#pragma once
// The command line: words of the form key=value, separated by blanks.

#include "sysreg.hpp"

#include <string_view>

namespace guest {

class BootArgs {
public:
    /** `text` must outlive this object (it lies in the device tree). */
    explicit constexpr BootArgs(std::string_view text) : text_{text} {}

    /** The value of the first `key=value`; `fallback` when the key is absent. */
    [[nodiscard]] std::string_view value(std::string_view key, std::string_view fallback) const;

    /** The value as an unsigned decimal number; `fallback` when absent or not a number. */
    [[nodiscard]] std::uint64_t number(std::string_view key, std::uint64_t fallback) const;

    /** True when `word` stands there alone, without a value. */
    [[nodiscard]] bool has(std::string_view word) const;

private:
    std::string_view text_;
};

/** True when `word` stands in `list`, whose words are separated by commas. */
[[nodiscard]] bool lists(std::string_view list, std::string_view word);

} // namespace guest
