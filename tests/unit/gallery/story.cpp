// SPDX-License-Identifier: Apache-2.0
// The machines that the gallery's stories happen on: either GIC, with one list register and with four.
#include "tests/unit/gallery/story.hpp"

namespace hyp::model {

template class Gic<1, 32, 1, 6>;
template class Gic<1, 32, 4, 6>;

} // namespace hyp::model

namespace hyp::test {

template class Machine<v2, 1>;
template class Machine<v2, 4>;
template class Machine<v3, 1>;
template class Machine<v3, 4>;

} // namespace hyp::test
