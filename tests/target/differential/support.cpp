// SPDX-License-Identifier: Apache-2.0
// The C functions that the compiler may call behind our back; the image links no library. Volatile,
// so that none becomes a call to itself.
#include <cstddef>

extern "C" [[gnu::used]] int memcmp(const void* left, const void* right, std::size_t size);
extern "C" [[gnu::used]] void* memset(void* to, int byte, std::size_t size);
extern "C" [[gnu::used]] void* memcpy(void* to, const void* from, std::size_t size);

extern "C" void* memset(void* to, int byte, std::size_t size) {
    auto* bytes = static_cast<volatile unsigned char*>(to);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<unsigned char>(byte);
    }
    return to;
}

extern "C" void* memcpy(void* to, const void* from, std::size_t size) {
    auto* bytes = static_cast<volatile unsigned char*>(to);
    const auto* source = static_cast<const unsigned char*>(from);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = source[i];
    }
    return to;
}

extern "C" int memcmp(const void* left, const void* right, std::size_t size) {
    const auto* a = static_cast<const volatile unsigned char*>(left);
    const auto* b = static_cast<const volatile unsigned char*>(right);
    for (std::size_t i = 0; i < size; ++i) {
        const int difference = a[i] - b[i];
        if (difference != 0) {
            return difference;
        }
    }
    return 0;
}
