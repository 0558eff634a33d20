// SPDX-License-Identifier: Apache-2.0
#include "hyp/pcpu.hpp"

#include <cstddef>

namespace hyp {

namespace {

// Only takes the room: code goes by the constant address.
struct alignas(FarStorage) FarRoom {
    std::byte bytes[sizeof(FarStorage)];
};
[[gnu::section(".far"), gnu::used]] FarRoom far_room;

} // namespace
} // namespace hyp
