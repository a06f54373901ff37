# Builds a program of the examples in build/FOLDER, and becomes it. Sourced by the commands of examples/, behind
# packages.sh, where `root` is the repository:
#
#   need_for_examples                                  what every one of them needs
#   become_example COMMAND FOLDER TARGET PROGRAM "$@"  COMMAND is what messages begin with, PROGRAM lies in build/FOLDER
#
# Where the tools are there, it needs neither rights nor a network. CXX and CXXFLAGS are obeyed.

need_for_examples() {
  have "${CXX:-g++}" || have c++ || need g++ g++
  need cmake cmake
  have ninja || need make make
  need eigen3/Eigen/Core libeigen3-dev
  need CLI/CLI.hpp libcli11-dev
}

become_example() {
  local command=$1 build=$root/build/$2 target=$3 program=$4
  shift 4
  local log=$build/build.log
  mkdir -p "$build"
  : >"$log"
  # Configures once; the build itself notices later changes.
  if [ ! -e "$build/CMakeCache.txt" ]; then
    say "Building $target in ${build#"$root"/}, optimised for this machine, once; it takes up to two minutes ..." >&2
    have ninja && export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}
    # -w: warnings are for those who change the code, and tests/run has them all.
    CXXFLAGS=${CXXFLAGS--march=native -w} logged cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release \
      -DBATCHNORM_BUILD_EXAMPLES=ON -DBATCHNORM_BUILD_TESTS=OFF -DBATCHNORM_BUILD_BENCHMARKS=OFF
  fi
  logged cmake --build "$build" --target "$target" --parallel 2
  exec "$build/$program" "$@"
}

logged() {
  "$@" >>"$log" 2>&1 || {
    cat "$log" >&2
    die "$command: this failed: $*"
  }
}
