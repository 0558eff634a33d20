#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# QEMU with a plugin, for programs that start the QEMU that the variable QEMU names: PLUGIN is the
# plugin with its arguments, PLUGIN_LOG the file that its lines go to.
exec qemu-system-aarch64 "$@" -plugin "${PLUGIN:?}" -d plugin -D "${PLUGIN_LOG:?}"
