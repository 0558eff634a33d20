// SPDX-License-Identifier: Apache-2.0
// The machines that the unit tests share, either GIC with one to four list registers: compiled once,
// in machines_*.cpp, for that takes longer than any test of them.
#pragma once

#include "tests/unit/vgic/machine.hpp"

namespace hyp::model {

extern template class Gic<1, 32, 1, 6>;
extern template class Gic<1, 32, 2, 6>;
extern template class Gic<1, 32, 3, 6>;
extern template class Gic<1, 32, 4, 6>;

} // namespace hyp::model

namespace hyp::test {

extern template class Machine<GicGeneration::v2, 1>;
extern template class Machine<GicGeneration::v2, 2>;
extern template class Machine<GicGeneration::v2, 3>;
extern template class Machine<GicGeneration::v2, 4>;
extern template class Machine<GicGeneration::v3, 1>;
extern template class Machine<GicGeneration::v3, 2>;
extern template class Machine<GicGeneration::v3, 3>;
extern template class Machine<GicGeneration::v3, 4>;

} // namespace hyp::test
