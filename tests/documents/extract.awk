# Turns the ```c++ blocks of one Markdown document into programs, so that they are compiled and run.
#
#   awk -v name=guide -v folder=OUT -v root=. -f extract.awk docs/guide.md
#
# writes OUT/guide.cpp, whose main runs the blocks in their order, each in a function of its own, and
# OUT/guide_program_1.cpp, ... for the blocks that contain `int main` themselves. A comment before a block
# says what else it is:
#
#   <!-- example: continued -->     it goes on in the function of the block before it
#   <!-- example: declaration -->   it stands at namespace scope (a class, a template, a function)
#   <!-- example: from PATH -->     it is an excerpt of that source, which is compiled elsewhere: it must stand in it
#   <!-- example: hidden            lines of code up to the closing arrow, compiled in front of the next
#   -->                             block and not shown to the reader
#
# A ```sh block behind <!-- example: run --> becomes OUT/guide_shell_1.sh, ..., to be run in the repository's root.
#
# #include and #define lines are moved to the top of the program. Every block may use what prelude.hpp includes.

function fail(message) {
  printf "%s:%d: %s\n", FILENAME, FNR, message > "/dev/stderr"
  failed = 1
  exit 1
}

# A hoisted line leaves an empty one, so that the compiler's messages give the document's own line numbers.
function take(line) {
  whole = whole line "\n"
  excerpt = excerpt trimmed(line)
  if (line ~ /^#(include|define)/) {
    hoisted = hoisted line "\n"
    line = ""
  }
  block = block line "\n"
  if (line ~ /^int main\(/) is_program = 1
}

function mark_line() {
  block = block sprintf("#line %d \"%s\"\n", FNR + 1, FILENAME)
  whole = whole sprintf("#line %d \"%s\"\n", FNR + 1, FILENAME)
}

# Excerpts may be indented otherwise than their source.
function trimmed(line) {
  sub(/^ +/, "", line)
  return line "\n"
}

function check_excerpt(path, text, line) {
  while ((getline line < (root "/" path)) > 0) text = text trimmed(line)
  close(root "/" path)
  if (index(text, excerpt) == 0) fail("the block before this line is no excerpt of " path)
}

function finish_block() {
  if (source != "")
    check_excerpt(source)
  else if (is_program)
    print whole > (folder "/" name "_program_" ++programs ".cpp")
  else
    place_block()
  block = whole = hoisted = kind = source = excerpt = ""
  is_program = 0
}

function place_block() {
  includes = includes hoisted
  hoisted = ""
  if (kind == "declaration") {
    close_function()
    code = code block
  } else {
    if (kind != "continued" || !open) open_function()
    code = code block
  }
}

function open_function() {
  close_function()
  code = code sprintf("void example_%d() {\n", ++functions)
  calls = calls sprintf("  example_%d();\n", functions)
  open = 1
}

function close_function() {
  if (open) code = code "}\n"
  open = 0
}

state == "block" && /^```/ { state = ""; finish_block(); next }
state == "hidden" && /^-->/ { state = ""; next }
state == "shell" && /^```/ { state = ""; print script > (folder "/" name "_shell_" ++scripts ".sh"); next }
state == "shell" { script = script $0 "\n"; next }
state != "" { take($0); next }

/^<!-- example: hidden$/ { state = "hidden"; mark_line(); next }
/^<!-- example: (continued|declaration) -->$/ { kind = $3; next }
/^<!-- example: from [^ ]+ -->$/ { source = $4; next }
/^<!-- example: run -->$/ { runs = 1; next }
/^```sh$/ && runs { state = "shell"; runs = 0; script = "set -euo pipefail\n"; next }
/^<!-- example:/ { fail("unknown kind of example") }
/^```c\+\+$/ { state = "block"; mark_line(); next }
/^ *```(c\+\+|cpp|cc|cxx|C\+\+)/ { fail("C++ stands in ```c++ blocks that are not indented") }

END {
  if (failed) exit 1
  if (state != "") fail("the last block is not closed")
  close_function()
  if (code != "")
    printf "%s#include \"prelude.hpp\"\n%sint main() {\n%s}\n", includes, code, calls > (folder "/" name ".cpp")
}
