// SPDX-License-Identifier: Apache-2.0
// What machines.hpp declares: the reference model below the machines.
#include "tests/unit/vgic/machines.hpp"

namespace hyp::model {

template class Gic<1, 32, 1, 6>;
template class Gic<1, 32, 2, 6>;
template class Gic<1, 32, 3, 6>;
template class Gic<1, 32, 4, 6>;

} // namespace hyp::model
