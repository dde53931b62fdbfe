# SPDX-License-Identifier: GPL-3.0-or-later
# secateur_warnings(TARGET): the project's warnings and sanitizers for one target.
function(secateur_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow)
  if(SECATEUR_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(SECATEUR_SANITIZERS)
    target_compile_options(${target} PRIVATE -fsanitize=${SECATEUR_SANITIZERS} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${SECATEUR_SANITIZERS})
  endif()
endfunction()
