# SPDX-License-Identifier: Apache-2.0
"""The windows: which code of Baton two CPUs pass through at once."""

from explore import Window

FAULT_IN = "kick"
WINDOWS = [
    # vCPU 0 posts two SGIs while vCPU 1 goes to sleep: post and kick against look and WFI.
    Window("kick", 0, [0, 1], ["posting", "sleeping"], ["posted", "got"], quick=True),
    # vCPU 1 shares its pCPU with vCPU 2: each is put and loaded while an SGI is posted to it.
    Window("turn", 3, [0, 1, 1], ["posting", "yielding"], ["posted", "back"]),
    # CPU_ON while that vCPU turns itself off.
    Window("power", 1, [0, 1], ["turning_on", "turning_off"], ["answered", "started"]),
    # SGIs to a vCPU of a VM that ends and starts anew.
    Window("kill", 2, [0, 1], ["killed", "resetting"], ["waiting", "resetting"],
           anew=True, patience=60, most_runs=20),
]
