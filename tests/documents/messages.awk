# Checks that the compile-time messages which a document shows in its tables are those of the headers:
#
#   awk -f messages.awk docs/guide.md include/batchnorm/*.hpp include/batchnorm/detail/*.hpp
#
# The document comes first. What only shows at run time is asserted by the document's own blocks.

FNR == 1 { ++file }

file == 1 && /^\|.*`batchnorm: / {
  message = $0
  sub(/.*`batchnorm: /, "batchnorm: ", message)
  sub(/ *`+ *\| *$/, "", message)
  shown[message] = FNR
}

file > 1 {
  sub(/^ +/, "")
  text = text $0
}

END {
  gsub(/" *"/, "", text)
  for (message in shown) {
    ++messages
    if (index(text, message) == 0) {
      printf "%s:%d: no header says: %s\n", ARGV[1], shown[message], message
      failed = 1
    }
  }
  if (messages == 0) { print ARGV[1] ": shows no message"; failed = 1 }
  exit failed
}
