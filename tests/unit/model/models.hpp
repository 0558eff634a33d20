// SPDX-License-Identifier: Apache-2.0
// The reference model as the tests of itself and of the drivers have it: compiled once, in
// models.cpp.
#pragma once

#include "tests/model/gic_model.hpp"

namespace hyp::model {

extern template class Gic<1, 32>;
extern template class Gic<2, 32>;
extern template class Gic<1, 64>;

} // namespace hyp::model
