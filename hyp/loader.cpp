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

// What is packed: payloads are copied from it again when a VM starts over.
constinit PackedImage packed{};

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
        cache::clean_to_poc(bytes_, size_);
        mapping::unmap_window(WindowSlot::destination);
    }
    [[nodiscard]] u8* bytes() const { return bytes_; }

private:
    u8* bytes_;
    u64 size_;
};

// What a stage fills, and with what: a payload, bytes of EL2's, or else zeroes.
struct Part {
    IpaRange to{};
    const Payload* payload = nullptr;
    const u8* bytes = nullptr;
};

[[nodiscard]] Part part_of(const Vm& vm) {
    const VmDescription& description = *vm.description;
    const Placement placement = place_guest(description);
    switch (vm.loading.stage) {
    case Loading::Stage::clear: return {vm.loading.zeroes};
    case Loading::Stage::kernel:
        return {{description.kernel.load, description.kernel.length}, &description.kernel};
    case Loading::Stage::initrd: return {placement.initrd, &description.initrd};
    case Loading::Stage::tree:
        return {{placement.tree.base, vm.tree.size()}, nullptr, vm.tree.data()};
    case Loading::Stage::done: break;
    }
    return {};
}

void fill(const Vm& vm, const Part& part, u64 at, u64 size, u64& hash) {
    const GuestBytes guest{vm, {part.to.base + at, size}};
    if (part.payload != nullptr) {
        const u8* source =
            mapping::map_window(WindowSlot::source, packed.base + part.payload->offset + at, size);
        hash = copy_piece(hash, guest.bytes(), source, size);
        mapping::unmap_window(WindowSlot::source);
    } else if (part.bytes != nullptr) {
        std::memcpy(guest.bytes(), part.bytes + at, size);
    } else {
        cache::zero(guest.bytes(), size);
    }
}

[[nodiscard]] Status write_tree(Vm& vm, std::span<u8> room, GicGeneration generation) {
    const VmDescription& description = *vm.description;
    const GuestMachine machine{.gic = generation,
                               .vcpus = description.vcpus,
                               .ram = description.ram(),
                               .initrd = place_guest(description).initrd,
                               .bootargs = description.bootargs,
                               .devices = description.guest_devices()};
    const Result<usize> written = write_guest_tree(room.data(), room.size(), machine);
    if (!written.ok()) {
        return written.error();
    }
    vm.tree = room.first(written.value());
    return Done{};
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

Status load_piece(Vm& vm, u64 most) {
    Loading& loading = vm.loading;
    const Part part = part_of(vm);
    const u64 left = part.to.size - loading.at;
    const u64 size = left < most ? left : most;
    if (size != 0) {
        fill(vm, part, loading.at, size, loading.hash);
    }
    loading.at += size;
    if (loading.at != part.to.size) {
        return Done{};
    }
    if (part.payload != nullptr && finish_hash(loading.hash, part.to.size) != part.payload->hash) {
        return Error{"a payload's hash is not the manifest's: the image was damaged on its way"};
    }
    loading = {.stage = static_cast<Loading::Stage>(static_cast<u8>(loading.stage) + 1)};
    if (loading.stage == Loading::Stage::done) {
        cache::invalidate_instructions(); // what was copied may be executed
    }
    return Done{};
}

Status load_guest(Vm& vm, std::span<u8> tree_room, PackedImage image, GicGeneration generation) {
    constexpr u64 most = 256 * mib; // a window's size is twice that
    const VmDescription& description = *vm.description;
    packed = image;
    Status status = write_tree(vm, tree_room, generation);
    const u64 length = description.kernel.length;
    vm.loading = {
        .stage = Loading::Stage::clear,
        .zeroes = {description.kernel.load + length, description.kernel_memory_size - length}};
    while (status.ok() && vm.loading.stage != Loading::Stage::done) {
        status = load_piece(vm, most);
    }
    return status;
}

} // namespace hyp
