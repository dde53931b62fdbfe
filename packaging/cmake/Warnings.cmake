# SPDX-License-Identifier: GPL-3.0-or-later
# secateur_warnings(TARGET): the project's warnings and sanitizers for one target.
function(secateur_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict) # wrong on std::string's operator+ in GCC 12 (its bug 105651)
  endif()
  if(SECATEUR_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(SECATEUR_SANITIZERS)
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized) # guesses wrong on instrumented code
    endif()
    target_compile_options(${target} PRIVATE -fsanitize=${SECATEUR_SANITIZERS} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${SECATEUR_SANITIZERS})
  endif()
endfunction()
