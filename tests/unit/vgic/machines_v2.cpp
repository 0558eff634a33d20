// SPDX-License-Identifier: Apache-2.0
// What machines.hpp declares: the GICv2 machines.
#include "tests/unit/vgic/machines.hpp"

namespace hyp::test {

template class Machine<GicGeneration::v2, 1>;
template class Machine<GicGeneration::v2, 2>;
template class Machine<GicGeneration::v2, 3>;
template class Machine<GicGeneration::v2, 4>;

} // namespace hyp::test
