#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The short form of `make soak` on the machine: both GICs, with delays at EL2 and without."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_helpers  # noqa: E402

sys.path.insert(0, os.path.join(build_helpers.TOP, "scripts"))
import soak_machine  # noqa: E402

SECONDS = 12  # of guests' time in six boots; with all else about twenty

if __name__ == "__main__":
    sys.exit(soak_machine.main([str(SECONDS), "1"]))
