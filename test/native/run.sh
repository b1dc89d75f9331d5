#!/usr/bin/env bash
# Builds and runs the native unit tests without Node, once per variant: plain, asan (with UBSan), tsan.
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
    *)
      echo "run.sh: unknown variant '$variant'; use plain, asan or tsan" >&2
      exit 2
      ;;
  esac
  run=()
  # The thread sanitizer's shadow map of gcc before 14 clashes with more randomisation than this.
  if [ "$variant" = tsan ] && [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ]; then
    run=(setarch -R)
  fi
  build=build/test-$variant
  echo "== native tests: $variant"
  # Debug keeps assertions; -Og keeps it quick.
  cmake -S . -B "$build" -DC1M_TESTS=ON -DC1M_SANITIZE="$sanitize" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_FLAGS_DEBUG='-Og -g' >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
  "${run[@]}" cmake --build "$build" --parallel "$jobs"
  # One test at a time: they measure time, and some take the descriptors of a whole limit.
  (cd "$build" && "${run[@]}" ctest --output-on-failure --no-tests=error)
done
