# Checks that the tests which a document names in backticks exist, as `Suite.Name` or as a path:
#
#   awk -v root=. -f named_tests.awk docs/features.md tests/*_test.cpp
#
# The document comes first; the sources of the tests follow.

FNR == 1 { ++file }

file == 1 && /^\|/ {
  row = $0
  while (match(row, /`[A-Z][A-Za-z]*\.[A-Z][A-Za-z0-9]*`/)) {
    wanted[substr(row, RSTART + 1, RLENGTH - 2)] = FNR
    row = substr(row, RSTART + RLENGTH)
  }
  row = $0
  while (match(row, /`(tests|examples)\/[a-z0-9_.\/]+`/)) {
    paths[substr(row, RSTART + 1, RLENGTH - 2)] = FNR
    row = substr(row, RSTART + RLENGTH)
  }
}

file > 1 && /^(TEST|TEST_F|TEST_P|TYPED_TEST)\(/ {
  name = $0
  sub(/^[A-Z_]+\(/, "", name)
  sub(/\).*/, "", name)
  sub(/, */, ".", name)
  found[name] = 1
}

END {
  for (name in wanted) {
    ++names
    if (!(name in found)) {
      printf "%s:%d: there is no test %s\n", ARGV[1], wanted[name], name
      failed = 1
    }
  }
  for (path in paths) {
    if (system("test -e '" root "/" path "'") != 0) {
      printf "%s:%d: there is no %s\n", ARGV[1], paths[path], path
      failed = 1
    }
  }
  if (names == 0) { print ARGV[1] ": names no test"; failed = 1 }
  exit failed
}
