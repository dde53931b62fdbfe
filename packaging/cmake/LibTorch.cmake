# SPDX-License-Identifier: GPL-3.0-or-later
# Imports LibTorch from SECATEUR_LIBTORCH as the target secateur::torch.
#
# Torch's own package file demands a CUDA toolkit, so the two libraries that we call are imported by hand. CUDA is not linked: its
# library is opened at run time when a CUDA device is asked for (core/engine/Device.cpp), so one binary serves both.
if(NOT EXISTS "${SECATEUR_LIBTORCH}/lib/libtorch_cpu.so" AND EXISTS "${SECATEUR_LIBTORCH}/torch/lib/libtorch_cpu.so")
  string(APPEND SECATEUR_LIBTORCH "/torch") # a site-packages folder was named
endif()
# The version has moved between headers from release to release.
foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
  set(header "${SECATEUR_LIBTORCH}/include/${header}")
  if(EXISTS "${header}")
    file(STRINGS "${header}" version_lines REGEX "^#define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]")
  endif()
  if(version_lines)
    break()
  endif()
endforeach()
if(NOT EXISTS "${SECATEUR_LIBTORCH}/lib/libtorch_cpu.so" OR NOT version_lines)
  message(FATAL_ERROR "No LibTorch at '${SECATEUR_LIBTORCH}'. Run packaging/run, which fetches one, "
                      "or name another (2.11 or newer) with -DSECATEUR_LIBTORCH=PATH.")
endif()
string(REGEX REPLACE "[^0-9;]" "" version_numbers "${version_lines}")
list(JOIN version_numbers "." SECATEUR_LIBTORCH_VERSION)
if(SECATEUR_LIBTORCH_VERSION VERSION_LESS 2.11)
  message(FATAL_ERROR "LibTorch at '${SECATEUR_LIBTORCH}' is ${SECATEUR_LIBTORCH_VERSION}; 2.11 or newer is needed.")
endif()
message(STATUS "LibTorch ${SECATEUR_LIBTORCH_VERSION}: ${SECATEUR_LIBTORCH}")

foreach(part c10 torch_cpu)
  add_library(secateur_import_${part} SHARED IMPORTED)
  set_target_properties(secateur_import_${part} PROPERTIES IMPORTED_LOCATION "${SECATEUR_LIBTORCH}/lib/lib${part}.so")
endforeach()

add_library(secateur_torch INTERFACE)
add_library(secateur::torch ALIAS secateur_torch)
target_include_directories(secateur_torch SYSTEM INTERFACE
  "${SECATEUR_LIBTORCH}/include" "${SECATEUR_LIBTORCH}/include/torch/csrc/api/include")
target_link_libraries(secateur_torch INTERFACE secateur_import_torch_cpu secateur_import_c10)
target_link_options(secateur_torch INTERFACE
  # Torch's libraries find their own companions (OpenMP, CUDA run time) by their own run paths, which the linker does not follow.
  "LINKER:--allow-shlib-undefined" "LINKER:--no-as-needed")
# The OpenMP run time of Torch itself: with a second one in the process, the threads of one would wait on the cores of the other.
file(GLOB openmp_runtime "${SECATEUR_LIBTORCH}/lib/libgomp*.so*" "${SECATEUR_LIBTORCH}/../torch.libs/libgomp*.so*")
if(openmp_runtime)
  list(GET openmp_runtime 0 openmp_runtime)
else()
  set(openmp_runtime gomp)
endif()
target_link_libraries(secateur_torch INTERFACE "${openmp_runtime}")
# Programs in the build folder get this run path from CMake; installed ones find LibTorch where it lies, too.
set(CMAKE_INSTALL_RPATH "${SECATEUR_LIBTORCH}/lib")
target_compile_definitions(secateur_torch INTERFACE AT_PER_OPERATOR_HEADERS)
