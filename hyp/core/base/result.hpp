// SPDX-License-Identifier: Apache-2.0
// A value or the reason why there is none. Small on purpose: no exceptions, no heap, and the
// reason is a sentence for the console, since whoever reads it has no debugger attached.
#pragma once

#include "hyp/core/base/types.hpp"

#include <type_traits>

namespace hyp {

// Why something was refused: a sentence, and where (a device-tree path or other name; may be "").
struct Error {
    const char* reason;
    const char* where = "";
};

// value() may be called only after ok() said true.
template <class T>
class [[nodiscard]] Result {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
    constexpr Result(const T& value)
        : value_{value}, error_{nullptr} {}                      // NOLINT implicit by intent
    constexpr Result(Error error) : nothing_{}, error_{error} {} // NOLINT implicit by intent
    [[nodiscard]] constexpr bool ok() const { return error_.reason == nullptr; }
    [[nodiscard]] constexpr T& value() { return value_; }
    [[nodiscard]] constexpr const T& value() const { return value_; }
    [[nodiscard]] constexpr Error error() const { return error_; }

private:
    union { // no value is made up where there is none
        char nothing_;
        T value_;
    };
    Error error_;
};

// Success without a value: in two registers.
struct Done {};
template <>
class [[nodiscard]] Result<Done> {
public:
    constexpr Result(Done /*value*/) {}              // NOLINT implicit by intent
    constexpr Result(Error error) : error_{error} {} // NOLINT implicit by intent
    [[nodiscard]] constexpr bool ok() const { return error_.reason == nullptr; }
    [[nodiscard]] constexpr Error error() const { return error_; }

private:
    Error error_{nullptr, nullptr};
};
using Status = Result<Done>;

} // namespace hyp
