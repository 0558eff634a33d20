# SPDX-License-Identifier: Apache-2.0
"""What Baton's CPUs say to each other, as programs of a few accesses each.

Each case is named by the code whose barriers it holds: `// litmus: NAME` beside them. It passes when
its fatal end cannot come about, and when it can come about without any one of the barriers. So none
is missing and none is there for nothing. What C++ calls an acquire is taken as LDAPR unless the case
says otherwise, for that is all that it promises; a compiler for armv8-a makes it LDAR.
"""

import cases_wakeups
import cases_words
from case import Case

CASES = [each for module in (cases_words, cases_wakeups) for each in vars(module).values()
         if isinstance(each, Case)]
