# SPDX-License-Identifier: GPL-3.0-or-later
# Checks that minja's header is in SECATEUR_MINJA. Only the file that renders chat templates is told where it is (core/tokenizer).
if(NOT EXISTS "${SECATEUR_MINJA}/minja.hpp")
  message(FATAL_ERROR "No minja.hpp in '${SECATEUR_MINJA}'. Run packaging/run or packaging/test, which fetch it, or name a folder that has it (vendor/minja of "
                      "llama.cpp's releases of 2025) with -DSECATEUR_MINJA=PATH.")
endif()
message(STATUS "minja: ${SECATEUR_MINJA}")
