// SPDX-License-Identifier: Apache-2.0
#include "hyp/loader.hpp"

#include "hyp/arch/cache.hpp"
#include "hyp/arch/mapping.hpp"
#include "hyp/core/manifest/guest_tree.hpp"
#include "hyp/platform/free_ram.hpp"

#include <cstring>

namespace hyp {

namespace {

using mapping::WindowSlot;

// Kept for as long as the manifest is read: its strings are.
struct alignas(8) ManifestBytes {
    u8 bytes[manifest_size_limit];
};
[[gnu::section(".noinit")]] ManifestBytes manifest_storage;

// A guest's bytes, mapped for writing until the end of the scope, then cleaned to the PoC.
class GuestBytes {
public:
    GuestBytes(const Vm& vm, IpaRange range)
        : bytes_{mapping::map_window(WindowSlot::destination,
                                     vm.ram.base + (range.base - guest_ram_base), range.size)},
          size_{range.size} {}
    GuestBytes(const GuestBytes&) = delete;
    GuestBytes& operator=(const GuestBytes&) = delete;
    ~GuestBytes() {
        if (bytes_ != nullptr) {
            cache::clean_to_poc(bytes_, size_);
            mapping::unmap_window(WindowSlot::destination);
        }
    }
    [[nodiscard]] u8* bytes() const { return bytes_; }

private:
    u8* bytes_;
    u64 size_;
};

constexpr Error too_large{"a payload or guest memory image exceeds the 512 MiB that can be copied"};

// `room` >= length bytes at `to`: the payload, then zeroes.
[[nodiscard]] Status load_payload(const Vm& vm, const Payload& payload, IpaRange to,
                                  PackedImage image) {
    const u8* source =
        mapping::map_window(WindowSlot::source, image.base + payload.offset, payload.length);
    if (source == nullptr) {
        return too_large;
    }
    Status status = Done{};
    const GuestBytes guest{vm, to};
    if (guest.bytes() == nullptr) {
        status = too_large;
    } else if (hyp::copy_payload(guest.bytes(), source, payload.length) != payload.hash) {
        status = Error{"a payload's hash is not the manifest's: the image was damaged on its way"};
    } else {
        std::memset(guest.bytes() + payload.length, 0, to.size - payload.length);
    }
    mapping::unmap_window(WindowSlot::source);
    return status;
}

[[nodiscard]] Status write_tree(const Vm& vm, const VmDescription& description,
                                const Placement& placement, GicGeneration generation) {
    const GuestBytes guest{vm, placement.tree};
    if (guest.bytes() == nullptr) {
        return too_large;
    }
    const GuestMachine machine{.gic = generation,
                               .vcpus = description.vcpus,
                               .ram = description.ram(),
                               .initrd = placement.initrd,
                               .bootargs = description.bootargs,
                               .devices = description.guest_devices()};
    const Result<usize> written = write_guest_tree(guest.bytes(), placement.tree.size, machine);
    return written.ok() ? Status{Done{}} : Status{written.error()};
}

} // namespace

Result<Manifest> read_packed_manifest(PackedImage image, NodePath& path) {
    if (image.size <= manifest_offset) {
        return Error{"this image holds no guest: pack one with scripts/pack (make image)"};
    }
    const u64 length = image.size - manifest_offset < manifest_size_limit
                           ? image.size - manifest_offset
                           : manifest_size_limit;
    const u8* source =
        mapping::map_window(WindowSlot::source, image.base + manifest_offset, length);
    const u8* size_bytes = source + 4; // totalsize of the flattened tree, big-endian
    u64 total = u64{size_bytes[0]} << 24 | u64{size_bytes[1]} << 16 | u64{size_bytes[2]} << 8 |
                size_bytes[3];
    total = total < length ? total : length;
    std::memcpy(manifest_storage.bytes, source, total);
    mapping::unmap_window(WindowSlot::source);
    return read_manifest(manifest_storage.bytes, total, ManifestForm::packed, image.size, path);
}

Result<PaRange> take_ram(const VmDescription& description, const Platform& platform,
                         std::span<const PaRange> taken) {
    if (description.dma_trusted) {
        const PaRange same{Pa{guest_ram_base.value()}, description.memory};
        const Status status = check_one_to_one(platform, taken[0], same);
        return status.ok() ? Result<PaRange>{same} : Result<PaRange>{status.error()};
    }
    constexpr Pa limit{u64{1} << 48}; // of a descriptor's address
    const PaRange place = highest_free_ram(platform, taken, description.memory, limit);
    if (place.size == 0) {
        return Error{"the machine has no free contiguous memory for this VM"};
    }
    return place;
}

Status map_guest(Vm& vm, const Platform& platform) {
    Status status = vm.stage2.map(guest_ram_base, vm.ram.base, vm.ram.size, Stage2Memory::ram);
    if (status.ok() && platform.gic.generation == GicGeneration::v2) {
        status = vm.stage2.map(guest_map::gicc.base, platform.gic.gicv.base, guest_map::gicc.size,
                               Stage2Memory::device);
    }
    return status;
}

Status load_guest(const Vm& vm, const VmDescription& description, PackedImage image,
                  GicGeneration generation) {
    const Placement placement = place_guest(description);
    Status status = load_payload(vm, description.kernel,
                                 {description.kernel.load, description.kernel_memory_size}, image);
    if (status.ok() && description.has_initrd) {
        status = load_payload(vm, description.initrd, placement.initrd, image);
    }
    if (status.ok()) {
        status = write_tree(vm, description, placement, generation);
    }
    cache::invalidate_instructions(); // what was copied may be executed
    return status;
}

} // namespace hyp
