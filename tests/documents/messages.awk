# Checks that a document shows every compile-time message of the headers in its tables, word for word and no other, and
# that its own hidden blocks assert every run-time message that it shows:
#
#   awk -f messages.awk docs/guide.md HEADERS
#
# The document comes first.

function complain(line, problem, message) {
  printf "%s:%d: %s: %s\n", ARGV[1], line, problem, message
  failed = 1
}

# Puts together what a source spreads over several string literals.
function joined(text) {
  gsub(/" *"/, "", text)
  return text
}

FNR == 1 { ++file }

file == 1 && /^\|.*` *(batchnorm|BatchNorm): / {
  message = $0
  sub(/.*` *batchnorm: /, "batchnorm: ", message)
  sub(/.*` *BatchNorm: /, "BatchNorm: ", message)
  sub(/ *`+ *\| *$/, "", message)
  shown[message] = FNR
}

file == 1 && /^<!-- example: hidden$/ { hidden = 1 }
file == 1 && /^-->$/ { hidden = 0 }
file == 1 && hidden { sub(/^ +/, ""); asserted = asserted $0 }

file > 1 { sub(/^ +/, ""); source = source $0 }

END {
  asserted = joined(asserted)
  source = joined(source)
  for (message in shown) {
    if (message ~ /^batchnorm/ && index(source, "\"" message "\"") == 0)
      complain(shown[message], "no header says", message)
    if (message ~ /^BatchNorm/ && index(asserted, "\"" message "\"") == 0)
      complain(shown[message], "no block asserts", message)
  }
  while (match(source, /"batchnorm: [^"]*"/)) {
    message = substr(source, RSTART + 1, RLENGTH - 2)
    if (!(message in shown)) complain(0, "does not show", message)
    source = substr(source, RSTART + RLENGTH)
    ++messages
  }
  if (messages == 0) complain(0, "the headers have no", "messages")
  exit failed
}
