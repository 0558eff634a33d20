// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/model/models.hpp"

namespace hyp::model {

template class Gic<1, 32>;
template class Gic<2, 32>;
template class Gic<1, 64>;

} // namespace hyp::model
