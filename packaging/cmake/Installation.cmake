# SPDX-License-Identifier: GPL-3.0-or-later
# What `cmake --install` puts where: programs, the sample, what the window's Help menu opens, and what a desktop needs to list the window and to open its sessions.
#
# LibTorch is not copied: the installed programs use the one they were built with, where it lies (see LibTorch.cmake).
include(GNUInstallDirs)

install(TARGETS secateur-cli)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/CHANGELOG.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/resources/pruning_manifest.schema.json" DESTINATION "${CMAKE_INSTALL_DATADIR}/secateur")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/resources/sample" DESTINATION "${CMAKE_INSTALL_DATADIR}/secateur")

if(SECATEUR_WINDOW)
  foreach(folder guide lessons recordings)
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/resources/${folder}" DESTINATION "${CMAKE_INSTALL_DATADIR}/secateur")
  endforeach()
  set(application io.github.secateur.Secateur)
  set(desktop "${PROJECT_SOURCE_DIR}/packaging/desktop/${application}")
  install(TARGETS secateur)
  install(FILES "${desktop}.desktop" DESTINATION "${CMAKE_INSTALL_DATADIR}/applications")
  install(FILES "${desktop}.metainfo.xml" DESTINATION "${CMAKE_INSTALL_DATADIR}/metainfo")
  install(FILES "${desktop}.mime.xml" DESTINATION "${CMAKE_INSTALL_DATADIR}/mime/packages" RENAME "${application}.xml")
  install(FILES "${PROJECT_SOURCE_DIR}/resources/icons/secateur.svg"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps" RENAME "${application}.svg")
endif()
