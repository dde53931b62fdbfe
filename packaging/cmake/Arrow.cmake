# SPDX-License-Identifier: GPL-3.0-or-later
# Imports Arrow from SECATEUR_ARROW as the target secateur::arrow, and sets SECATEUR_HAS_PARQUET. The target is for linking alone: the one
# file that includes Arrow is told where its headers are (core/text).
#
# The pyarrow wheel holds the C++ libraries and headers, but no package file that CMake could use outside Python.
set(SECATEUR_HAS_PARQUET OFF)
if(SECATEUR_PARQUET STREQUAL "AUTO" OR SECATEUR_PARQUET)
  if(NOT EXISTS "${SECATEUR_ARROW}/include/parquet" AND EXISTS "${SECATEUR_ARROW}/pyarrow/include/parquet")
    string(APPEND SECATEUR_ARROW "/pyarrow") # a site-packages folder was named
  endif()
  set(header "${SECATEUR_ARROW}/include/arrow/util/config.h")
  if(EXISTS "${header}")
    file(STRINGS "${header}" version_line REGEX "^#define ARROW_VERSION_STRING ")
    file(STRINGS "${header}" so_version_line REGEX "^#define ARROW_SO_VERSION ")
    string(REGEX REPLACE ".*\"(.*)\".*" "\\1" SECATEUR_ARROW_VERSION "${version_line}")
    string(REGEX REPLACE ".*\"(.*)\".*" "\\1" so_version "${so_version_line}")
    if(EXISTS "${SECATEUR_ARROW}/libparquet.so.${so_version}" AND EXISTS "${SECATEUR_ARROW}/libarrow.so.${so_version}")
      set(SECATEUR_HAS_PARQUET ON)
    endif()
  endif()
  if(SECATEUR_HAS_PARQUET AND SECATEUR_ARROW_VERSION VERSION_LESS 24)
    message(FATAL_ERROR "Arrow at '${SECATEUR_ARROW}' is ${SECATEUR_ARROW_VERSION}; 24 or newer is needed.")
  endif()
  if(NOT SECATEUR_HAS_PARQUET AND NOT SECATEUR_PARQUET STREQUAL "AUTO")
    message(FATAL_ERROR "No Arrow at '${SECATEUR_ARROW}'. Run packaging/run, which fetches one, name another (24 or newer) with "
                        "-DSECATEUR_ARROW=PATH, or do without Parquet files: -DSECATEUR_PARQUET=OFF.")
  endif()
endif()

if(NOT SECATEUR_HAS_PARQUET)
  message(STATUS "Arrow: none, so that Parquet files will be refused (SECATEUR_PARQUET is ${SECATEUR_PARQUET})")
  return()
endif()
message(STATUS "Arrow ${SECATEUR_ARROW_VERSION}: ${SECATEUR_ARROW}")

foreach(part arrow parquet)
  add_library(secateur_import_${part} SHARED IMPORTED)
  set_target_properties(secateur_import_${part} PROPERTIES IMPORTED_LOCATION "${SECATEUR_ARROW}/lib${part}.so.${so_version}")
endforeach()
add_library(secateur_arrow INTERFACE)
add_library(secateur::arrow ALIAS secateur_arrow)
target_link_libraries(secateur_arrow INTERFACE secateur_import_parquet secateur_import_arrow)
# As in LibTorch.cmake: installed programs find it where it lies.
list(APPEND CMAKE_INSTALL_RPATH "${SECATEUR_ARROW}")
