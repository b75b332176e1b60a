# find_package(bioxen 0.1 REQUIRED) gives the target bioxen::bioxen: headers, static library, C++20.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include("${CMAKE_CURRENT_LIST_DIR}/bioxenTargets.cmake")
