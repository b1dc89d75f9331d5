# Compiles for ZIG_TARGET, e.g. aarch64-linux-musl, with the zig in ZIG_DIR: same input, same bytes, wherever the clone is.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ZIG_DIR ZIG_TARGET)
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX MATCH "^[^-]+" CMAKE_SYSTEM_PROCESSOR ${ZIG_TARGET})
# zig refuses the -fPIE that cmake gives its trial executables.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_CXX_COMPILER ${ZIG_DIR}/zig c++ -target ${ZIG_TARGET})
set(CMAKE_CXX_ARCHIVE_CREATE "${ZIG_DIR}/zig ar qcD <TARGET> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_FINISH "")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO_INIT
  "-ffile-prefix-map=${ZIG_DIR}/=zig/ -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -fdebug-compilation-dir=. -ffunction-sections -fdata-sections")
set(CMAKE_MODULE_LINKER_FLAGS_INIT "-Wl,--gc-sections")
