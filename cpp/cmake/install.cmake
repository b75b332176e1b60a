# What an embedder gets: public headers, the archive, `find_package(bioxen)`. In a wheel all of it lies inside the package,
# elsewhere where the platform has such files.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

if(BIOXEN_IS_WHEEL)
  set(include_dir bioxen_jcvi_vm_lib/include)
  set(lib_dir bioxen_jcvi_vm_lib/lib)
  set(cmake_dir bioxen_jcvi_vm_lib/cmake)
else()
  set(include_dir ${CMAKE_INSTALL_INCLUDEDIR})
  set(lib_dir ${CMAKE_INSTALL_LIBDIR})
  set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/bioxen)
endif()

install(TARGETS bioxen EXPORT bioxenTargets
  ARCHIVE DESTINATION ${lib_dir}
  FILE_SET HEADERS DESTINATION ${include_dir})
install(EXPORT bioxenTargets NAMESPACE bioxen:: DESTINATION ${cmake_dir})

# Below 1.0 a new minor version may break a host, a new patch may not.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/bioxenConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/bioxenConfigVersion.cmake ${CMAKE_CURRENT_LIST_DIR}/bioxenConfig.cmake
  DESTINATION ${cmake_dir})
