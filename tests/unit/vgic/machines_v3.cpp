// SPDX-License-Identifier: Apache-2.0
// What machines.hpp declares: the GICv3 machines.
#include "tests/unit/vgic/machines.hpp"

namespace hyp::test {

template class Machine<GicGeneration::v3, 1>;
template class Machine<GicGeneration::v3, 2>;
template class Machine<GicGeneration::v3, 3>;
template class Machine<GicGeneration::v3, 4>;

} // namespace hyp::test
