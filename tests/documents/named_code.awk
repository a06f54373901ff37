# Checks what documents say of the headers:
#
#   awk -f named_code.awk docs/*.md HEADERS
#
# The documents come first. Every `NAME.hpp` in backquotes, with or without the folders in front of it, is a header here
# or a file of the repository, whose root is the working folder; a header that is named behind `NAME in` has that name; every name in the column "name in code" of
# a table stands in some header; and design.md names every header.

function complain(problem) {
  printf "%s:%d: %s\n", FILENAME, FNR, problem
  failed = 1
}

function base(path) {
  sub(/.*\//, "", path)
  return path
}

# Every end of a path that begins with a name.
function ends(path, result) {
  do result[path] = 1
  while (sub(/^[^\/]*\//, "", path))
}

function words(text, result, parts, count, i) {
  count = split(text, parts, /[^A-Za-z0-9_]+/)
  for (i = 1; i <= count; ++i) result[parts[i]] = 1
}

BEGIN {
  for (i = 1; i < ARGC; ++i) {
    if (ARGV[i] !~ /\.hpp$/) continue
    headers[base(ARGV[i])] = 1
    ends(ARGV[i], paths)
    while ((getline line < ARGV[i]) > 0) {
      words(line, found)
      for (word in found) { everywhere[word] = 1; within[base(ARGV[i]), word] = 1; delete found[word] }
    }
    close(ARGV[i])
    delete ARGV[i]
  }
}

FNR == 1 { column = 0 }

/^\|.*\| name in code \|/ {
  count = split($0, cells, /\|/)
  for (column = 1; cells[column] !~ /name in code/; ++column);
  next
}
!/^\|/ { column = 0 }
column && !/^\|-/ {
  split($0, cells, /\|/)
  cell = cells[column]
  while (match(cell, /`[A-Za-z_][A-Za-z0-9_]*/)) {
    ++checked
    name = substr(cell, RSTART + 1, RLENGTH - 1)
    if (!(name in everywhere)) complain("no header has the name " name)
    cell = substr(cell, RSTART + RLENGTH)
    sub(/^[^`]*`/, "", cell)
  }
}

{
  text = $0
  while (match(text, /(`[A-Za-z_]+` in )?`[A-Za-z0-9_\/]+\.hpp`/)) {
    ++checked
    phrase = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    gsub(/`/, "", phrase)
    name = ""
    if (phrase ~ / in /) { name = phrase; sub(/ in .*/, "", name); sub(/.* in /, "", phrase) }
    if (FILENAME ~ /design\.md$/) listed[base(phrase)] = 1
    if (!(phrase in paths) && system("test -e '" phrase "'") != 0)
      complain("there is no " phrase)
    else if (name != "" && !((base(phrase), name) in within))
      complain(phrase " has no " name)
  }
}

END {
  for (header in headers)
    if (!(header in listed)) complain("design.md does not name " header)
  if (checked == 0) complain("the documents name no code")
  exit failed
}
